/** What is removed from a vault, when, and that nothing a point needs ever is. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFolderStore } from '../../../src/backup/store/folder.ts'
import type { DiskReader, Vault } from '../../../src/backup/vault.ts'
import { faulty } from '../../support/backup/faulty-store.ts'
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

beforeEach(async () => {
  kit = await vaultKit()
  vault = await kit.open()
})
afterEach(() => kit.dispose())

const options = { signal: never }
const packs = async (): Promise<string[]> => readdir(join(kit.folder, 'packs'))
const filesIn = async (folder: string): Promise<string[]> =>
  readdir(join(kit.folder, folder)).catch(() => [])

function diskWith(seed: string, chunks = 20): MemoryDisk {
  const disk = memoryDisk(chunks * CHUNK)
  disk.write(0, contentOf(seed, chunks * CHUNK))
  return disk
}

/** A reader that stops in its first read until it is told to go on. */
function held(reader: DiskReader): { reader: DiskReader; reached: Promise<void>; go(): void } {
  const reached = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  return {
    reader: {
      ...reader,
      read: async (...of) => {
        reached.resolve()
        await gate.promise
        return reader.read(...of)
      },
    },
    reached: reached.promise,
    go: () => gate.resolve(),
  }
}

test('what no point needs goes at once when nobody works, and the rest stays', async () => {
  const [one, two] = [diskWith('a'), diskWith('b')]
  await backupOf(vault, 'p1', one.reader())
  await backupOf(vault, 'p2', two.reader())
  const before = await vault.usage()
  expect(before.unneededBytes).toBeLessThan(before.storedBytes / 100)
  await vault.delete('p1')
  await vault.delete('p1')
  await vault.delete('unknown')
  expect((await vault.points()).map(({ pointId }) => pointId)).toEqual(['p2'])
  const { unneededBytes } = await vault.usage()
  expect(unneededBytes).toBeGreaterThan(before.storedBytes * 0.4)
  const { freedBytes, waitingBytes } = await vault.collect(options)
  expect(waitingBytes).toBe(0)
  expect(freedBytes).toBeGreaterThanOrEqual(unneededBytes * 0.9)
  expect(await packs()).toHaveLength(1)
  expect(await filesIn('tombstones/packs')).toEqual([])
  expect(await filesIn('tombstones/points')).toEqual([])
  expect(await filesIn('sessions')).toEqual([])
  expect(await holds(vault, 'p2', two.bytes)).toBe(true)
  expect((await vault.verify({ pointId: null }, options)).files).toEqual([])
  expect(await vault.collect(options)).toEqual({ freedBytes: 0, waitingBytes: 0 })
})

test('a pack of which little is needed is written anew', async () => {
  const large = memoryDisk(80 * CHUNK)
  large.write(0, contentOf('a', 80 * CHUNK))
  await backupOf(vault, 'p1', large.reader())
  const small = memoryDisk(80 * CHUNK)
  small.write(0, large.bytes.subarray(0, 4 * CHUNK))
  const { addedBytes } = await backupOf(vault, 'p2', small.reader())
  expect(addedBytes).toBeLessThan(CHUNK)
  await vault.delete('p1')
  const before = (await vault.usage()).storedBytes
  await vault.collect(options)
  const after = await vault.usage()
  expect(after.storedBytes).toBeLessThan(before / 10)
  expect(await holds(vault, 'p2', small.bytes)).toBe(true)
  expect(await holds(await kit.open(), 'p2', small.bytes)).toBe(true)
  expect((await vault.verify({ pointId: null }, options)).damaged).toEqual([])
})

test('a running backup keeps what it builds upon, though its base is deleted and collected meanwhile', async () => {
  const disk = diskWith('a')
  await backupOf(vault, 'p1', disk.reader())
  disk.mark()
  disk.write(3 * CHUNK, contentOf('b', 100))
  const { reader, reached, go } = held(disk.reader())
  const running = backupOf(vault, 'p2', reader, 'p1')
  await reached
  const other = await kit.open()
  await other.delete('p1')
  const { waitingBytes } = await other.collect(options)
  expect(await packs()).toHaveLength(1)
  expect(waitingBytes).toBe(0)
  go()
  expect((await running).fullReason).toBeNull()
  await other.collect(options)
  await other.collect(options)
  expect(await holds(vault, 'p2', disk.bytes)).toBe(true)
  expect((await vault.points()).map(({ pointId }) => pointId)).toEqual(['p2'])
})

test('what a running backup found in the vault stays, whoever marks it to go meanwhile', async () => {
  const disk = diskWith('a')
  await backupOf(vault, 'p1', disk.reader())
  // Chunk 19 is held until the first 19, that it finds in the vault, are done.
  const late = diskWith('a', 40)
  const { reader, reached, go } = held(late.reader())
  const slow: DiskReader = {
    ...reader,
    read: (offset, ...rest) => (offset < 20 * CHUNK ? late.reader() : reader).read(offset, ...rest),
  }
  const other = await kit.open()
  await other.delete('p1')
  const running = backupOf(vault, 'p2', slow)
  await reached
  const first = await other.collect(options)
  expect(first.freedBytes).toBe(0)
  const second = await other.collect(options)
  expect(second.freedBytes).toBe(0)
  expect(second.waitingBytes).toBeGreaterThan(CHUNK)
  go()
  await running
  for (let round = 0; round < 3; round++) await other.collect(options)
  expect(await holds(vault, 'p2', late.bytes)).toBe(true)
  expect(await holds(await kit.open(), 'p2', late.bytes)).toBe(true)
  expect(await filesIn('tombstones/packs')).toEqual([])
})

test('a disk that is open can be read to its end, though its point is deleted and collected', async () => {
  const disk = diskWith('a')
  await backupOf(vault, 'p1', disk.reader())
  const open = await vault.openDisk('p1', 'disk')
  const other = await kit.open()
  await other.delete('p1')
  await other.collect(options)
  expect(disk.bytes.equals(await open.read(0, disk.bytes.length, never))).toBe(true)
  await open.close()
  expect((await other.collect(options)).freedBytes).toBeGreaterThan(CHUNK)
  expect(await packs()).toEqual([])
})

test('an open disk follows its chunks into the pack that they were moved to', async () => {
  const large = diskWith('a', 80)
  await backupOf(vault, 'p1', large.reader())
  const small = memoryDisk(80 * CHUNK)
  small.write(0, large.bytes.subarray(0, 4 * CHUNK))
  await backupOf(vault, 'p2', small.reader())
  const other = await kit.open()
  await vault.delete('p1')
  await vault.collect(options)
  // `other` knows the vault as it was.
  expect(await holds(other, 'p2', small.bytes)).toBe(true)
})

test('a manifest that cannot be read stops a collection, and nothing goes', async () => {
  await backupOf(vault, 'p1', diskWith('a').reader())
  await backupOf(vault, 'p2', diskWith('b').reader())
  await vault.delete('p1')
  await writeFile(join(kit.folder, 'points/p2.manifest'), 'not a manifest')
  const before = await packs()
  await expect(vault.collect(options)).rejects.toThrow('points/p2.manifest')
  expect(await packs()).toEqual(before)
  // Deleted, it is in nobody's way.
  await vault.delete('p2')
  await vault.collect(options)
  expect(await packs()).toEqual([])
})

test('a session of a process that is gone is ended, and what it left is removed', async () => {
  await backupOf(vault, 'p1', diskWith('a').reader())
  const session = 'ab'.repeat(8)
  // As a process of another boot of this host would have left it, half of a pack included.
  const { sealJson } = await import('../../../src/backup/sealed-json.ts')
  const { vaultKeys } = await import('../../../src/backup/keys.ts')
  const host = (await import('node:fs')).readFileSync('/etc/machine-id', 'utf8').trim()
  const key = `sessions/${session}.json`
  const owner = { host, boot: 'another', pidNamespace: 'pid:[1]', pid: 1, startedAt: '1' }
  await mkdir(join(kit.folder, 'sessions'), { recursive: true })
  await writeFile(join(kit.folder, key), sealJson(vaultKeys(kit.place.key), key, owner))
  await writeFile(join(kit.folder, `packs/.${session}${'0'.repeat(16)}.pack.tmp`), 'half')
  await vault.collect(options)
  expect(await filesIn('sessions')).toEqual([])
  expect((await packs()).filter((name) => name.startsWith('.'))).toEqual([])
})

test('a session of another host is waited for', async () => {
  await backupOf(vault, 'p1', diskWith('a').reader())
  const session = 'cd'.repeat(8)
  const { sealJson } = await import('../../../src/backup/sealed-json.ts')
  const { vaultKeys } = await import('../../../src/backup/keys.ts')
  const key = `sessions/${session}.json`
  const owner = { host: 'elsewhere', boot: 'b', pidNamespace: 'pid:[1]', pid: 1, startedAt: '1' }
  await writeFile(join(kit.folder, key), sealJson(vaultKeys(kit.place.key), key, owner))
  await vault.delete('p1')
  const { freedBytes } = await vault.collect(options)
  expect(freedBytes).toBe(0)
  expect(await filesIn('sessions')).toEqual([`${session}.json`])
})

test('who was held for dead finds it out, and its point does not count', async () => {
  const disk = diskWith('a')
  const { reader, reached, go } = held(disk.reader())
  const running = backupOf(vault, 'p1', reader)
  await reached
  const { rm } = await import('node:fs/promises')
  await rm(join(kit.folder, 'sessions'), { recursive: true })
  go()
  await expect(running).rejects.toMatchObject({ name: 'FencedError', isFinal: false })
  expect(await vault.points()).toEqual([])
  await backupOf(vault, 'p1', disk.reader())
  expect(await holds(vault, 'p1', disk.bytes)).toBe(true)
})

test('a backup that was killed when all but its point was there is finished by the next collection', async () => {
  const faults = faulty(createFolderStore(kit.folder))
  const dying = await kit.open({ store: faults.store })
  const disk = diskWith('a')
  faults.before = ({ call, key }) => {
    if ((call === 'write' && key.startsWith('points/')) || call === 'discard')
      throw new Error('killed')
  }
  await expect(backupOf(dying, 'p1', disk.reader())).rejects.toThrow('killed')
  expect(await filesIn('pending')).toHaveLength(1)
  expect(await vault.points()).toEqual([])
  await vault.collect(options)
  expect(await holds(vault, 'p1', disk.bytes)).toBe(true)
  for (const folder of ['pending', 'sessions']) expect(await filesIn(folder)).toEqual([])
  await vault.collect(options)
  expect(await holds(vault, 'p1', disk.bytes)).toBe(true)
})

test('a disk that was read is closed, whatever becomes of its session', async () => {
  const disk = diskWith('a')
  await backupOf(vault, 'p1', disk.reader())
  const faults = faulty(createFolderStore(kit.folder))
  const reading = await kit.open({ store: faults.store })
  const opened = await reading.openDisk('p1', 'disk')
  faults.before = ({ call }) => {
    if (call === 'discard') throw new Error('the store does not answer')
  }
  await opened.close()
  expect(await filesIn('sessions')).toHaveLength(1)
  await vault.collect(options)
  expect(await filesIn('sessions')).toEqual([])
})

test('a pending manifest that a power cut spoilt becomes no point, and stops nothing', async () => {
  const faults = faulty(createFolderStore(kit.folder))
  const dying = await kit.open({ store: faults.store })
  faults.before = ({ call, key }) => {
    if ((call === 'write' && key.startsWith('points/')) || call === 'discard')
      throw new Error('killed')
  }
  await expect(backupOf(dying, 'p1', diskWith('a').reader())).rejects.toThrow('killed')
  const [name] = await filesIn('pending')
  await writeFile(join(kit.folder, 'pending', name!), '')
  expect((await vault.collect(options)).freedBytes).toBeGreaterThan(CHUNK)
  expect(await vault.points()).toEqual([])
  expect(await filesIn('pending')).toEqual([])
})

test('many small packs become a few', async () => {
  const disk = memoryDisk(70 * CHUNK)
  for (let at = 0; at < 70; at++) {
    disk.write(at * CHUNK, contentOf(at, 1_000))
    await backupOf(vault, `p${at}`, disk.reader(), at === 0 ? null : `p${at - 1}`)
    disk.mark()
  }
  expect(await packs()).toHaveLength(70)
  await vault.collect(options)
  expect(await packs()).toHaveLength(1)
  expect(await holds(vault, 'p69', disk.bytes)).toBe(true)
  expect(
    await holds(
      await kit.open(),
      'p0',
      Buffer.concat([disk.bytes.subarray(0, CHUNK), Buffer.alloc(69 * CHUNK)]),
    ),
  ).toBe(true)
})
