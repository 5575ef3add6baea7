/**
 * Asks HAProxy's master, by its socket: one command a connection, as its command line has it. `@1` before a command
 * means the worker of now, `@!PID` a certain one.
 */
import { connect } from 'node:net'

const TIMEOUT_MS = 5_000
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/** @throws Error when nobody answers. */
export function masterAsk(
  socket: string,
  command: string,
  timeoutMs = TIMEOUT_MS,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket)
    const chunks: Buffer[] = []
    let size = 0
    const end = (error: Error | null): void => {
      connection.destroy()
      if (error) reject(error)
      else resolve(Buffer.concat(chunks).toString('utf8'))
    }
    connection.setTimeout(timeoutMs, () => end(new Error(`no answer to '${command}'`)))
    connection.on('error', end)
    connection.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > ANSWER_BYTES_MAX) return end(new Error(`the answer to '${command}' is too long`))
      chunks.push(chunk)
    })
    connection.on('end', () => end(null))
    connection.end(`${command}\n`)
  })
}

export interface Workers {
  /** null: none is there. */
  current: number | null
  old: readonly number[]
}

/** What `show proc` says. */
export function workersOf(text: string): Workers {
  const found: { pid: number; reloads: number }[] = []
  for (const line of text.split('\n')) {
    const [, pid, reloads] = /^(\d+)\s+worker\s+(\d+)\s/.exec(line) ?? []
    if (pid !== undefined) found.push({ pid: Number(pid), reloads: Number(reloads) })
  }
  const current = found.find(({ reloads }) => reloads === 0)?.pid ?? null
  return { current, old: found.map(({ pid }) => pid).filter((pid) => pid !== current) }
}

export async function workersNow(socket: string, timeoutMs?: number): Promise<Workers> {
  return workersOf(await masterAsk(socket, 'show proc', timeoutMs))
}
