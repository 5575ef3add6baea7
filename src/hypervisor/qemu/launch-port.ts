/**
 * The serial line to a machine that is frozen, and to its copies: lines of text both ways (docs/templates.md says
 * which). Only one side listens at a time, and what the guest says is bounded: it is anybody's guest.
 */
import { connect } from 'node:net'
import { TimeoutError } from '../../lib/time.ts'

/** Our guests' answers are one word. */
const HEARD_BYTES_MAX = 4_096

export interface LaunchPort {
  send(bytes: Uint8Array): void
  /**
   * What the guest says after the word, on its line.
   * @throws TimeoutError, the signal's reason, or Error when it says something else or the line is lost.
   */
  expect(word: string, timeoutMs: number, signal?: AbortSignal): Promise<string>
  close(): void
}

/** Connects before the guest runs: one that finds nobody on the other side takes the line for ended. */
export async function launchPortOpen(path: string): Promise<LaunchPort> {
  const socket = connect({ path })
  let heard = ''
  let failure: Error | null = null
  let onChange = (): void => {}
  const fail = (error: Error): void => {
    failure ??= error
    onChange()
  }
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    heard += text
    if (heard.length > HEARD_BYTES_MAX) socket.destroy(new Error('the guest talks without end'))
    onChange()
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the line to the guest was lost')))
  await new Promise<void>((resolve, reject) => {
    onChange = () => reject(failure!)
    socket.once('connect', resolve)
  })
  onChange = (): void => {}
  return {
    send: (bytes) => void socket.write(bytes),
    expect: (word, timeoutMs, signal) =>
      new Promise((resolve, reject) => {
        const finish = (outcome: Error | string): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', onAbort)
          onChange = (): void => {}
          if (typeof outcome === 'string') resolve(outcome)
          else reject(outcome)
        }
        const timer = setTimeout(
          () => finish(new TimeoutError(`'${word}' from the guest`, timeoutMs)),
          timeoutMs,
        )
        const onAbort = (): void => finish(signal!.reason as Error)
        signal?.addEventListener('abort', onAbort, { once: true })
        if (signal?.aborted) return onAbort()
        onChange = (): void => {
          const end = heard.indexOf('\n')
          if (end >= 0) {
            const line = heard.slice(0, end).trim()
            heard = heard.slice(end + 1)
            const isWord = line === word || line.startsWith(`${word} `)
            const told = line.slice(word.length).trim()
            finish(isWord ? told : new Error(`the guest says '${line}', not '${word}'`))
          } else if (failure) finish(failure)
        }
        onChange()
      }),
    close: () => {
      socket.destroy()
    },
  }
}
