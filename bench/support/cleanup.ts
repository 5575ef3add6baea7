/**
 * What must be undone however a bench ends: at its regular end, by an error, or by Ctrl-C and SIGTERM. Ends run in
 * reverse order, each once. A second Ctrl-C does not wait for them.
 */
const ends = new Set<() => Promise<unknown>>()
const INTERRUPTED = 130

/** Registers `end`; what it returns runs it, once. */
export function mustEnd(end: () => Promise<unknown>): () => Promise<void> {
  const once = async (): Promise<void> => {
    if (!ends.delete(once)) return
    await end()
  }
  ends.add(once)
  return once
}

let ending: Promise<void> | null = null

/** Every end that is still due. One that fails does not keep the others from running. */
export function endAll(): Promise<void> {
  // Ctrl-C makes the measurement fail, too: both wait for the same ends.
  ending ??= (async () => {
    for (const end of [...ends].reverse()) {
      await end().catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
    }
  })()
  return ending
}

/** As the first process of its namespace we would not even notice Ctrl-C without asking for it. */
export function endOnSignals(): void {
  let isEnding = false
  const onSignal = (): void => {
    if (isEnding) process.exit(INTERRUPTED)
    isEnding = true
    process.stderr.write('\nEnding what was started; once more to leave at once\n')
    void endAll().then(() => process.exit(INTERRUPTED))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}
