/** Damage of every kind is found, named, and repaired by the next backup that has the content. */
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Vault } from '../../../src/backup/vault.ts'
import {
  backupOf,
  CHUNK,
  contentOf,
  holds,
  memoryDisk,
  never,
  vaultKit,
  type MemoryDisk,
  type VaultKit,
  LONG_MS,
} from '../../support/backup/kit.ts'

vi.setConfig({ testTimeout: LONG_MS, hookTimeout: LONG_MS })

let kit: VaultKit
let vault: Vault
let disk: MemoryDisk

beforeEach(async () => {
  kit = await vaultKit()
  vault = await kit.open()
  disk = memoryDisk(6 * CHUNK)
  disk.write(0, contentOf('a', 6 * CHUNK))
  await backupOf(vault, 'p1', disk.reader())
  disk.mark()
})
afterEach(() => kit.dispose())

const options = { signal: never }
const verify = (of: Vault = vault) => of.verify({ pointId: null }, options)
const onlyPack = async (): Promise<string> => {
  const [name, ...more] = await readdir(join(kit.folder, 'packs'))
  expect(more).toEqual([])
  return `packs/${name}`
}

async function flip(key: string, offset: number, mask = 0x01): Promise<void> {
  const bytes = await readFile(join(kit.folder, key))
  bytes[offset]! ^= mask
  await writeFile(join(kit.folder, key), bytes)
}

test('a sound vault verifies, and all of it was read', async () => {
  const { damaged, files, readBytes } = await verify()
  expect({ damaged, files }).toEqual({ damaged: [], files: [] })
  const { length } = await readFile(join(kit.folder, await onlyPack()))
  expect(readBytes).toBe(length)
  const one = await vault.verify({ pointId: 'p1' }, options)
  expect(one).toMatchObject({ damaged: [], readBytes: 6 * CHUNK })
  const none = await vault.verify({ pointId: 'p9' }, options)
  expect(none.damaged).toEqual([{ pointId: 'p9', reason: 'the point is not in the vault' }])
})

test('a bit that flips anywhere in a pack is found and named', async () => {
  const pack = await onlyPack()
  const sound = await readFile(join(kit.folder, pack))
  // Header, the first records from end to end in steps, the whole footer with its trailer.
  const offsets = new Set<number>()
  for (let at = 0; at < 200; at++) offsets.add(at)
  for (let at = 200; at < sound.length; at += 4_001) offsets.add(at)
  for (let at = sound.length - 7 * 40 - 48; at < sound.length; at++) offsets.add(at)
  const { checkPack } = await import('../../../src/backup/verify-pack.ts')
  const { openDecoders } = await import('../../../src/backup/decoders.ts')
  const { vaultKeys } = await import('../../../src/backup/keys.ts')
  const keys = vaultKeys(kit.place.key)
  const decoders = openDecoders()
  onTestFinished(() => decoders.close())
  const packId = pack.slice('packs/'.length, -'.pack'.length)
  const check = (bytes: Buffer) =>
    checkPack(
      keys,
      {
        packId,
        sizeBytes: bytes.length,
        read: async (offset, length) => Buffer.from(bytes.subarray(offset, offset + length)),
      },
      decoders,
    )
  expect((await check(sound)).reasons).toEqual([])
  for (const offset of offsets) {
    const bytes = Buffer.from(sound)
    bytes[offset]! ^= 1 << (offset % 8)
    const { reasons } = await check(bytes)
    expect(reasons.length, `offset ${offset}`).toBeGreaterThan(0)
  }
})

test.for([
  ['a record', 32 + 60],
  ['the header of a record', 40],
  ['the header of the pack', 3],
  ['the list in the footer', -300],
  ['the trailer', -20],
  ['the very last byte', -1],
] as const)('a flip in %s is found, and the next backup repairs', async ([, at]) => {
  const pack = await onlyPack()
  const { length } = await readFile(join(kit.folder, pack))
  await flip(pack, at < 0 ? length + at : at)
  const fresh = await kit.open()
  for (const of of [vault, fresh]) {
    const { files } = await verify(of)
    expect(files.map(({ file }) => file)).toContain(pack)
  }
  // An incremental is enough, though nothing has changed.
  const repaired = await backupOf(vault, 'p2', disk.reader(), 'p1')
  expect(repaired.fullReason).toBeNull()
  for (const pointId of ['p1', 'p2']) expect(await holds(vault, pointId, disk.bytes)).toBe(true)
  expect((await verify()).damaged).toEqual([])
  await vault.collect(options)
  const after = await kit.open()
  expect(await verify(after)).toMatchObject({ damaged: [], files: [] })
  for (const pointId of ['p1', 'p2']) expect(await holds(after, pointId, disk.bytes)).toBe(true)
})

test('a damaged chunk marks the points that need it, and only these', async () => {
  const other = memoryDisk(4 * CHUNK)
  other.write(0, contentOf('other', 4 * CHUNK))
  const pack = await onlyPack()
  await backupOf(vault, 'p2', other.reader())
  await flip(pack, 32 + 60)
  const { damaged } = await verify()
  expect(damaged).toEqual([{ pointId: 'p1', reason: expect.stringContaining(pack) as string }])
  const one = await vault.verify({ pointId: 'p1' }, options)
  expect(one.damaged).toHaveLength(1)
  expect((await vault.verify({ pointId: 'p2' }, options)).damaged).toEqual([])
  const open = await vault.openDisk('p1', 'disk')
  await expect(open.read(0, 6 * CHUNK, never)).rejects.toMatchObject({
    name: 'DamagedError',
    file: pack,
  })
  await open.close()
})

test('a flip in any byte of a manifest is found, and the other points are listed', async () => {
  await backupOf(vault, 'p2', disk.reader(), 'p1')
  const key = 'points/p1.manifest'
  const sound = await readFile(join(kit.folder, key))
  for (let offset = 0; offset < sound.length; offset++) {
    const bytes = Buffer.from(sound)
    bytes[offset]! ^= 0x10
    await writeFile(join(kit.folder, key), bytes)
    const { damaged } = await vault.verify({ pointId: 'p1' }, options)
    expect(damaged, `offset ${offset}`).toHaveLength(1)
  }
  const { damaged, files } = await verify()
  expect(damaged.map(({ pointId }) => pointId)).toEqual(['p1'])
  expect(files.map(({ file }) => file)).toEqual([key])
  expect((await vault.points()).map(({ pointId }) => pointId)).toEqual(['p2'])
  const next = await backupOf(vault, 'p3', disk.reader(), 'p1')
  expect(next.fullReason).toBe('the recovery point before, p1, is damaged')
})

test('a flip in a small file is found', async () => {
  await vault.delete('p1')
  await flip('tombstones/points/p1.json', 5)
  await flip('format.json', 5)
  const { files } = await verify()
  expect(files.map(({ file }) => file)).toEqual(['tombstones/points/p1.json', 'format.json'])
})

test.for([1, 47, 48, 1_000, CHUNK])('a pack that lost its last %d bytes', async (bytes) => {
  const pack = await onlyPack()
  const path = join(kit.folder, pack)
  await truncate(path, (await readFile(path)).length - bytes)
  const { files } = await verify(await kit.open())
  expect(files.map(({ file }) => file)).toContain(pack)
  await backupOf(vault, 'p2', disk.reader(), 'p1')
  expect(await holds(await kit.open(), 'p1', disk.bytes)).toBe(true)
})

test('a pack that is deleted is missed, and comes back with the next backup', async () => {
  const pack = await onlyPack()
  await rm(join(kit.folder, pack))
  const fresh = await kit.open()
  for (const of of [vault, fresh]) {
    const { damaged } = await of.verify({ pointId: null }, options)
    expect(damaged.map(({ pointId }) => pointId)).toEqual(['p1'])
  }
  const repaired = await backupOf(vault, 'p2', disk.reader(), 'p1')
  expect(repaired.readBytes).toBe(6 * CHUNK)
  for (const pointId of ['p1', 'p2']) expect(await holds(fresh, pointId, disk.bytes)).toBe(true)
  expect((await verify()).damaged).toEqual([])
})

test('a collection never removes the last readable copy for a damaged pack', async () => {
  const pack = await onlyPack()
  await flip(pack, 32 + 60)
  await verify()
  await vault.collect(options)
  await vault.collect(options)
  // The damaged chunk is nowhere else: its pack stays, in case that it can be read some day.
  expect(await readdir(join(kit.folder, 'packs'))).toContain(pack.slice('packs/'.length))
  const open = await vault.openDisk('p1', 'disk')
  const good: boolean[] = []
  for (let at = 0; at < 6; at++) {
    const part = disk.bytes.subarray(at * CHUNK, (at + 1) * CHUNK)
    good.push(
      await open.read(at * CHUNK, CHUNK, never).then(
        (read) => part.equals(read),
        () => false,
      ),
    )
  }
  await open.close()
  expect(good.filter(Boolean)).toHaveLength(5)
})

test('the index is made again from the packs alone', async () => {
  await backupOf(vault, 'p2', disk.reader(), 'p1')
  await vault.close()
  // Another cache folder: there is none.
  const fresh = await kit.open()
  expect(await holds(fresh, 'p2', disk.bytes)).toBe(true)
  expect((await backupOf(fresh, 'p3', disk.reader())).addedBytes).toBe(0)
})
