/** A raw file that a disk is restored to: the same bytes whichever way the file system lets them be written. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sharedMemory } from '../../../src/backup/pieces.ts'
import { createRawFile } from '../../../src/backup/raw-file.ts'

const signal = new AbortController().signal
const MIB = 1024 * 1024

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-raw-'))
  path = join(folder, 'disk.raw')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** As pieces come. `at`: where in the memory, which begins on a page. */
function shared(content: Buffer, at = 0): Uint8Array {
  const bytes = new Uint8Array(sharedMemory(content.length + at), at, content.length)
  bytes.set(content)
  return bytes
}

test.for([
  ['on a page, whole pages', 0, 2 * MIB, 0],
  ['an end that is no whole page', 3 * MIB, MIB + 777, 0],
  ['less than a page', 4096, 100, 0],
  ['an odd offset', 12_345, MIB, 0],
  ['memory that is not on a page', MIB, MIB, 16],
  ['nothing', 0, 0, 0],
] as const)('%s', async ([, offset, length, at]) => {
  const sizeBytes = 5 * MIB + 512
  const content = randomBytes(length)
  const whole = Buffer.alloc(sizeBytes)
  content.copy(whole, offset)
  for (const parts of [
    [shared(content, at)],
    [content],
    [shared(content), content.subarray(0, 0)],
  ]) {
    const writer = await createRawFile(path, sizeBytes)
    await writer.write(offset, parts, signal)
    await writer.finish()
    await writer.close()
    expect((await readFile(path)).equals(whole)).toBe(true)
    await rm(path)
  }
})

test('many at once, neighbours in other ways, and a hole stays one', async () => {
  const pieces = Array.from({ length: 24 }, () => randomBytes(64 * 1024))
  const hole = 64 * MIB
  const sizeBytes = hole + pieces.length * 64 * 1024
  const writer = await createRawFile(path, sizeBytes)
  await Promise.all(
    pieces.map((piece, at) => {
      const part = at % 3 === 0 ? piece : shared(piece, at % 3 === 1 ? 0 : 8)
      return writer.write(hole + at * piece.length, [part], signal)
    }),
  )
  await writer.finish()
  await writer.close()
  const written = await readFile(path)
  expect(written.subarray(hole).equals(Buffer.concat(pieces))).toBe(true)
  const { blocks, mode } = await stat(path)
  expect(blocks * 512).toBeLessThan(hole)
  expect(mode & 0o777).toBe(0o600)
})

test('what is there is not written over', async () => {
  await writeFile(path, 'mine')
  await expect(createRawFile(path, MIB)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(path, 'utf8')).toBe('mine')
})
