/**
 * The index of chunks as a power cut and a full disk leave it: a pack that it names has its entries. A collection takes
 * a pack of which the index knows nothing for one that nobody needs.
 */
import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openChunkIndex } from '../../../src/backup/index/chunk-index.ts'

/** More than stay in memory. */
const MANY = 33_000

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'brume-index-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const entriesOf = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: randomBytes(32), offset: at * 100, length: 100 }))
const pack = (packId: string) => ({ packId, sizeBytes: 1_000 })

test('a pack that was added while others were written is not there without its entries', async () => {
  const folder = join(home, 'index')
  const index = await openChunkIndex(folder)
  const [large, small] = [entriesOf(MANY), entriesOf(3)]
  const adding = index.addPack(pack('large'), large)
  // It is being written.
  await setImmediate()
  await index.addPack(pack('small'), small)
  await adding
  await cp(folder, join(home, 'after'), { recursive: true })

  const after = await openChunkIndex(join(home, 'after'))
  expect(after.packs.map((one) => one?.packId)).toEqual(['large', undefined])
  expect(after.find(large[5]!.id)).toHaveLength(1)
  expect(index.find(small[0]!.id)).toHaveLength(1)
  await index.close()
  await after.close()

  const again = await openChunkIndex(folder)
  expect(again.packs.map((one) => one?.packId)).toEqual(['large', 'small'])
  expect(again.find(small[0]!.id)).toHaveLength(1)
  await again.close()
})

test('entries that could not be written stay, and are written the next time', async () => {
  const folder = join(home, 'index')
  const index = await openChunkIndex(folder)
  const [first, large, last] = [entriesOf(3), entriesOf(MANY), entriesOf(2)]
  await index.addPack(pack('first'), first)
  // As good as no room.
  await rm(folder, { recursive: true })
  await expect(index.addPack(pack('large'), large)).rejects.toThrow('ENOENT')
  await mkdir(folder)
  await index.addPack(pack('last'), [...last, first[0]!])
  expect(index.find(first[0]!.id)).toHaveLength(2)
  await index.close()

  const again = await openChunkIndex(folder)
  expect(again.find(first[0]!.id).map((one) => one.pack)).toEqual([0, 2])
  expect(again.find(large[7]!.id)).toHaveLength(1)
  expect(again.find(last[1]!.id)).toHaveLength(1)
  await again.close()
  expect((await readdir(folder)).filter((name) => name.endsWith('.run'))).toHaveLength(1)
})
