/**
 * A reconciler's loop: runs `reconcile` when activated and every `periodMs`, one run at a time, activations during
 * a run coalesced into one more run. Activations carry no data, by design (omicron, background/mod.rs): a
 * reconciler looks at the whole state itself, so a lost or doubled activation changes nothing. A failed run is
 * repeated after a growing pause.
 */
import type { Log } from '../lib/log.ts'

const BACKOFF_MS_FIRST = 200
const BACKOFF_MS_MAX = 15_000

export interface ReconcilerLoop {
  activate(): void
  /** Resolves when no run is going on and none is due by activation. For tests and for an orderly end. */
  settled(): Promise<void>
  close(): Promise<void>
}

export function startLoop(options: {
  name: string
  periodMs: number
  reconcile: (signal: AbortSignal) => Promise<void>
  log: Log
}): ReconcilerLoop {
  const controller = new AbortController()
  let isDue = false
  let running: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined
  let failures = 0

  const schedule = (delayMs: number): void => {
    clearTimeout(timer)
    if (controller.signal.aborted) return
    timer = setTimeout(activate, delayMs)
    timer.unref()
  }
  const runAll = async (): Promise<void> => {
    while (isDue && !controller.signal.aborted) {
      isDue = false
      try {
        await options.reconcile(controller.signal)
        failures = 0
        schedule(options.periodMs)
      } catch (err) {
        if (controller.signal.aborted) return
        failures++
        const delayMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** (failures - 1))
        options.log.error({ err, reconciler: options.name, delayMs }, 'reconciler failed')
        schedule(delayMs)
      }
    }
  }
  const activate = (): void => {
    if (controller.signal.aborted) return
    isDue = true
    running ??= runAll().finally(() => {
      running = null
      if (isDue) activate()
    })
  }
  return {
    activate,
    settled: async () => {
      while (running) await running
    },
    close: async () => {
      controller.abort(new Error('closing'))
      clearTimeout(timer)
      while (running) await running
    },
  }
}
