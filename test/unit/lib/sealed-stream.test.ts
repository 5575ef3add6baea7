/** Sealed files: what opens is what was written, or nothing does. */
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sealTo, unsealed } from '../../../src/lib/sealed-stream.ts'

let folder: string
let file: FileHandle
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-sealed-'))
  file = await open(join(folder, 'sealed'), 'w+')
})
afterEach(async () => {
  await file.close()
  await rm(folder, { recursive: true })
})

/** Pieces of odd lengths, more than one of the file's own. */
const PIECES = [1, 1024 * 1024 + 7, 0, 3 * 1024 * 1024, 5].map((length, at) =>
  Buffer.alloc(length, `piece ${at} `),
)

async function* pieces() {
  yield* PIECES
}

const opened = async (key = 'a key'): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of unsealed(file, key)) parts.push(part)
  return Buffer.concat(parts)
}

test('what was written comes back, and is not to be read in the file', async () => {
  const whole = Buffer.concat(PIECES)
  expect(await sealTo(file, 'a key', pieces())).toBe(whole.length)
  expect((await opened()).equals(whole)).toBe(true)
  const { buffer } = await file.read(Buffer.alloc(whole.length), 0, whole.length, 0)
  expect(buffer.includes('piece')).toBe(false)
})

test('nothing written is nothing read', async () => {
  await sealTo(file, 'a key', (async function* () {})())
  expect(await opened()).toHaveLength(0)
})

test('another key, a changed byte and a missing end are errors', async () => {
  await sealTo(file, 'a key', pieces())
  await expect(opened('another')).rejects.toThrow(/key/)
  const { size } = await file.stat()
  await file.truncate(size - 1)
  await expect(opened()).rejects.toThrow(/cut off/)
  await sealTo(file, 'a key', pieces())
  await file.write(Buffer.from('x'), 0, 1, 2_000_000)
  await expect(opened()).rejects.toThrow(/damaged/)
})

test('pieces that change places are an error', async () => {
  const PIECE = 1024 * 1024
  await sealTo(
    file,
    'a key',
    (async function* () {
      yield Buffer.alloc(3 * PIECE, 1)
    })(),
  )
  const [first, second] = [40, 40 + 5 + PIECE + 16]
  const one = await file.read(Buffer.alloc(5 + PIECE + 16), 0, 5 + PIECE + 16, first)
  const other = await file.read(Buffer.alloc(5 + PIECE + 16), 0, 5 + PIECE + 16, second)
  await file.write(other.buffer, 0, other.buffer.length, first)
  await file.write(one.buffer, 0, one.buffer.length, second)
  await expect(opened()).rejects.toThrow(/damaged/)
})
