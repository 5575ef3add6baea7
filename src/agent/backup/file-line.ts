/**
 * The serial line to a helper machine: one question at a time, answered by lines or by bytes. What comes is a guest's
 * word: limits on everything, names are text.
 */
import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import type { FileEntry } from '../../domain/backup.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import { withDeadline } from '../../lib/time.ts'

/** The helper's word for what cannot be had; the next question has its answer all the same. */
export class FileError extends Error {
  override name = 'FileError'
}

export interface FileLine {
  /** Of a folder what is in it, of a file itself. */
  list(path: string): Promise<FileEntry[]>
  /** @throws Error when it is no plain file, or ends before its size. */
  read(path: string): AsyncIterable<Uint8Array>
  close(): void
}

const LINE_BYTES_MAX = 16 * 1024
const ENTRIES_MAX = 100_000
/** Of all lines of an answer: a hundred thousand names as long as names can be. */
const LIST_BYTES_MAX = 32 * 1024 * 1024
const ANSWER_TIMEOUT_MS = 120_000
const KINDS: Readonly<Record<number, FileEntry['kind']>> = {
  0o04: 'folder',
  0o10: 'file',
  0o12: 'link',
}

/** Resolves when the helper has mounted what it could. */
export async function fileLineOpen(path: string, timeoutMs: number): Promise<FileLine> {
  const stream = createStream(path)
  const mutex = createKeyedMutex()
  try {
    const id = String(randomInt(1, 2 ** 31))
    stream.write(`hello ${id}\n`)
    const ready = async (): Promise<void> => {
      while ((await stream.line()) !== `ready ${id}`);
    }
    await withDeadline('the helper machine', timeoutMs, ready())
  } catch (error) {
    stream.close()
    throw error
  }
  const ask = async (word: string, of: string): Promise<string> => {
    stream.write(`${word} ${Buffer.from(of).toString('base64')}\n`)
    return stream.line()
  }
  return {
    list: (of) =>
      mutex.run('line', async () => {
        const entries: FileEntry[] = []
        let bytes = 0
        for (let line = await ask('list', of); line !== 'end'; line = await stream.line()) {
          if (line.startsWith('error ')) throw new FileError(line.slice(6))
          bytes += line.length
          if (entries.length >= ENTRIES_MAX || bytes > LIST_BYTES_MAX) {
            throw new Error(`more than ${ENTRIES_MAX} entries`)
          }
          const entry = entryOf(line)
          if (entry) entries.push(entry)
        }
        return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
      }),
    read: async function* (of) {
      // Whoever reads holds the line until the end; one that stops before ends it.
      let release = (): void => {}
      const turn = new Promise<void>((held) => {
        void mutex.run('line', () => {
          held()
          return new Promise<void>((resolve) => (release = resolve))
        })
      })
      await turn
      let isWhole = false
      try {
        const head = await ask('read', of)
        const size = /^size (\d{1,15})$/.exec(head)?.[1]
        if (size === undefined) {
          isWhole = true
          if (head.startsWith('error ')) throw new FileError(head.slice(6))
          throw new Error('the helper machine does not make sense')
        }
        yield* stream.bytes(Number(size))
        const end = await stream.line()
        isWhole = true
        if (end !== 'end') throw new Error(end.replace(/^error /, ''))
      } finally {
        if (!isWhole) stream.close()
        release()
      }
    },
    close: stream.close,
  }
}

/** `entry MODE SIZE TIME PATH`, the mode in hexadecimal digits. */
function entryOf(line: string): FileEntry | null {
  const match = /^entry ([0-9a-f]{1,8}) (\d{1,18}) (-?\d{1,20}) (.*)$/.exec(line)
  if (!match) return null
  const [, mode = '', size = '', time = '', path = ''] = match
  const bits = Number.parseInt(mode, 16)
  return {
    name: path.split('/').at(-1) ?? '',
    kind: KINDS[bits >> 12] ?? 'other',
    mode: bits & 0o7777,
    sizeBytes: Number(size),
    modifiedAt: timeOf(Number(time)),
  }
}

/** File systems can hold times that no calendar has. */
const DATE_SECONDS_MAX = 8.64e12

function timeOf(seconds: number): number {
  return Math.abs(seconds) <= DATE_SECONDS_MAX ? seconds * 1000 : 0
}

interface Stream {
  write(text: string): void
  /** @throws Error after a long silence, at a line without an end, and when the machine is gone. */
  line(): Promise<string>
  bytes(count: number): AsyncIterable<Uint8Array>
  close(): void
}

function createStream(path: string): Stream {
  const socket = connect({ path })
  const chunks = socket.iterator({ destroyOnReturn: false })
  let rest = Buffer.alloc(0)
  const more = async (): Promise<void> => {
    const next = withDeadline('the helper machine', ANSWER_TIMEOUT_MS, chunks.next())
    const { value, done } = await next
    if (done) throw new Error('the helper machine is gone')
    rest = Buffer.concat([rest, value as Buffer])
  }
  return {
    write: (text) => void socket.write(text),
    line: async () => {
      let at = rest.indexOf(10)
      for (; at < 0; at = rest.indexOf(10)) {
        if (rest.length > LINE_BYTES_MAX) throw new Error('the helper machine does not make sense')
        await more()
      }
      const text = rest.toString('utf8', 0, at)
      rest = rest.subarray(at + 1)
      return text
    },
    bytes: async function* (count) {
      for (let left = count; left > 0;) {
        if (rest.length === 0) await more()
        const piece = rest.subarray(0, left)
        rest = rest.subarray(piece.length)
        left -= piece.length
        yield piece
      }
    },
    close: () => void socket.destroy(),
  }
}
