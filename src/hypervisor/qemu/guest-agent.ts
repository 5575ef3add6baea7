/**
 * What we say to the agent in a guest (qemu-ga, or tiny's own): JSON by lines over a serial line. Whoever answers is
 * the guest, so nothing of it is believed further than its form.
 * https://www.qemu.org/docs/master/interop/qemu-ga-ref.html
 */
import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import { withDeadline } from '../../lib/time.ts'
import type { QmpClient } from '../qmp/client.ts'

export interface GuestAgent {
  /** @throws Error with the agent's words, TimeoutError; then the line is of no use any more. */
  call(command: string, timeoutMs: number, args?: object): Promise<unknown>
  /** Of a command that is never answered. */
  tell(command: string, args?: object): Promise<void>
  close(): void
}

const LINE_BYTES_MAX = 64 * 1024
const WORDS_MAX = 200

interface Answer {
  return?: unknown
  error?: { desc?: unknown }
}

export async function isAgentListening(qmp: QmpClient): Promise<boolean> {
  const chardevs = await qmp.execute<{ label: string; 'frontend-open': boolean }[]>('query-chardev')
  return chardevs.some((one) => one.label === 'qga0' && one['frontend-open'])
}

/** Resolves when somebody answered: its sync is what tells that somebody reads. */
export async function guestAgentOpen(path: string, timeoutMs: number): Promise<GuestAgent> {
  const socket = connect({ path })
  let rest = ''
  let failure: Error | null = null
  let listener: ((answer: Answer) => void) | null = null
  let fail: ((error: Error) => void) | null = null
  const onEnd = (error?: Error): void => {
    failure ??= error ?? new Error('the line to the guest agent was closed')
    fail?.(failure)
  }
  socket.on('error', onEnd)
  socket.on('close', () => onEnd())
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = (lines.pop() ?? '').slice(-LINE_BYTES_MAX)
    for (const line of lines) {
      const answer = answerOf(line)
      if (answer) listener?.(answer)
    }
  })
  const send = (command: string, args?: object): string =>
    `${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) })}\n`
  /** The first answer that is wanted: others are what somebody before us asked. */
  const ask = async (
    command: string,
    deadlineMs: number,
    args: object | undefined,
    isWanted: (answer: Answer) => boolean,
  ): Promise<unknown> => {
    if (failure) throw failure
    const answered = new Promise<unknown>((resolve, reject) => {
      fail = reject
      listener = (answer) => {
        if (!isWanted(answer)) return
        listener = null
        if (!answer.error) return resolve(answer.return)
        reject(
          new Error(`the guest agent refused: ${String(answer.error.desc).slice(0, WORDS_MAX)}`),
        )
      }
    })
    answered.catch(() => {})
    socket.write(send(command, args))
    return withDeadline(`the guest agent's ${command}`, deadlineMs, answered)
  }
  try {
    const id = randomInt(1, 2 ** 31)
    await ask('guest-sync', timeoutMs, { id }, (answer) => answer.return === id)
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    call: (command, deadlineMs, args) => ask(command, deadlineMs, args, () => true),
    tell: (command, args) =>
      new Promise((resolve, reject) => {
        socket.write(send(command, args), (error) => (error ? reject(error) : resolve()))
      }),
    close: () => void socket.end(),
  }
}

function answerOf(line: string): Answer | null {
  try {
    const value: unknown = JSON.parse(line.replace(/^\xff/, ''))
    return value !== null && typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
