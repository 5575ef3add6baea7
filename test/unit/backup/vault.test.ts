/** Backups into a vault in a folder, and what comes out of it again. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Range, Vault } from '../../../src/backup/vault.ts'
import {
  backupOf,
  CHUNK,
  contentOf,
  holds,
  memoryDisk,
  never,
  noiseOf,
  requestOf,
  vaultKit,
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

test('a disk comes out as it went in, zeros and a last chunk that is shorter included', async () => {
  const disk = memoryDisk(20 * CHUNK + 5_000)
  disk.write(0, contentOf('a', 3 * CHUNK))
  disk.write(7 * CHUNK + 100, contentOf('b', 10))
  disk.write(20 * CHUNK, contentOf('c', 5_000))
  const outcome = await backupOf(vault, 'p1', disk.reader())
  expect(outcome).toMatchObject({ sizeBytes: 4 * CHUNK + 5_000, readBytes: 20 * CHUNK + 5_000 })
  expect(outcome.fullReason).toBeNull()
  expect(outcome.addedBytes).toBeGreaterThan(CHUNK)
  expect(await holds(vault, 'p1', disk.bytes)).toBe(true)
  const [point] = await vault.points()
  expect(point).toEqual({
    pointId: 'p1',
    createdAt: 1_000,
    description: { machine: 'i-1' },
    disks: [{ diskId: 'disk', label: 'disk', sizeBytes: 20 * CHUNK + 5_000 }],
  })
  const open = await vault.openDisk('p1', 'disk')
  const ranges: Range[] = []
  for await (const range of open.allocated(never)) ranges.push(range)
  expect(ranges).toEqual([
    { start: 0, length: 3 * CHUNK },
    { start: 7 * CHUNK, length: CHUNK },
    { start: 20 * CHUNK, length: 5_000 },
  ])
  await open.close()
})

test('an incremental reads what has changed, and the point is a full picture', async () => {
  const disk = memoryDisk(1_060 * CHUNK)
  disk.write(0, contentOf('a', 4 * CHUNK))
  disk.write(1_050 * CHUNK, contentOf('b', 2 * CHUNK))
  const first = await backupOf(vault, 'p1', disk.reader())
  const before = Buffer.from(disk.bytes)
  disk.mark()
  disk.write(CHUNK + 17, contentOf('c', 100))
  disk.write(1_051 * CHUNK, Buffer.alloc(CHUNK))
  const second = await backupOf(vault, 'p2', disk.reader(), 'p1')
  expect(second).toMatchObject({ readBytes: 2 * CHUNK, sizeBytes: 5 * CHUNK, fullReason: null })
  expect(second.addedBytes).toBeLessThan(first.addedBytes / 2)
  expect(await holds(vault, 'p2', disk.bytes)).toBe(true)
  expect(await holds(vault, 'p1', before)).toBe(true)
})

test('where a base cannot be built upon everything is read, stored once, and the outcome says why', async () => {
  const disk = memoryDisk(10 * CHUNK)
  disk.write(0, contentOf('a', 10 * CHUNK))
  const first = await backupOf(vault, 'p1', disk.reader())
  const gone = await backupOf(vault, 'p2', disk.reader(), 'p0')
  expect(gone.fullReason).toBe('the recovery point before, p0, is not in the vault')
  expect(gone.readBytes).toBe(10 * CHUNK)
  const blind = await backupOf(vault, 'p3', disk.reader({ isBlind: true }), 'p1')
  expect(blind.fullReason).toBe('what has changed is not known of: disk')
  for (const { addedBytes } of [gone, blind]) expect(addedBytes).toBe(0)
  expect(first.addedBytes).toBeGreaterThan(CHUNK)
  expect(await holds(vault, 'p3', disk.bytes)).toBe(true)
})

test('a disk that grew and one that shrank are built upon as far as they are the same', async () => {
  const small = memoryDisk(5 * CHUNK + 1_000)
  small.write(0, contentOf('a', 5 * CHUNK + 1_000))
  await backupOf(vault, 'p1', small.reader())
  const large = memoryDisk(1_060 * CHUNK)
  large.write(0, small.bytes)
  large.mark()
  large.write(1_050 * CHUNK, contentOf('b', CHUNK))
  const grown = await backupOf(vault, 'p2', large.reader(), 'p1')
  expect(grown.readBytes).toBe((1_060 - 5) * CHUNK)
  expect(await holds(vault, 'p2', large.bytes)).toBe(true)
  small.mark()
  const shrunk = await backupOf(vault, 'p3', small.reader(), 'p2')
  expect(shrunk.readBytes).toBe(1_000)
  expect(await holds(vault, 'p3', small.bytes)).toBe(true)
})

test('repeating a point answers it, and reads nothing', async () => {
  const disk = memoryDisk(4 * CHUNK)
  disk.write(0, contentOf('a', 4 * CHUNK))
  const first = await backupOf(vault, 'p1', disk.reader())
  const reader = { ...disk.reader(), read: () => Promise.reject(new Error('read again')) }
  expect(await backupOf(vault, 'p1', reader)).toEqual(first)
})

test('several at once share what they have in common once it is durable', async () => {
  const disks = [1, 2, 3, 4].map((number) => {
    const disk = memoryDisk(60 * CHUNK)
    disk.write(0, contentOf('common', 20 * CHUNK))
    disk.write(30 * CHUNK, contentOf(number, 10 * CHUNK))
    return disk
  })
  await Promise.all(disks.map((disk, at) => backupOf(vault, `p${at}`, disk.reader())))
  for (const [at, disk] of disks.entries()) {
    expect(await holds(vault, `p${at}`, disk.bytes)).toBe(true)
  }
  const again = await backupOf(vault, 'again', disks[0]!.reader())
  expect(again.addedBytes).toBe(0)
})

test('a backup that is stopped leaves no point, and what it made durable is not written again', async () => {
  const disk = memoryDisk(200 * CHUNK)
  disk.write(0, noiseOf('a', 200 * CHUNK))
  const control = new AbortController()
  const onProgress = ({ doneBytes }: { doneBytes: number }): void => {
    if (doneBytes > 180 * CHUNK) control.abort(new Error('enough'))
  }
  const options = { signal: control.signal, onProgress }
  await expect(backupOf(vault, 'p1', disk.reader(), null, options)).rejects.toThrow('enough')
  expect(await vault.points()).toEqual([])
  expect(await readdir(join(kit.folder, 'sessions'))).toEqual([])
  const packs = await readdir(join(kit.folder, 'packs'))
  expect(packs.length).toBeGreaterThan(0)
  expect(packs.filter((name) => !name.endsWith('.pack'))).toEqual([])
  const other = await kit.open()
  const resumed = await backupOf(other, 'p1', disk.reader())
  // 50 MiB, less the pack of 32 that was there.
  expect(resumed.addedBytes).toBeLessThan(200 * CHUNK - packs.length * 32 * 2 ** 20 + 4 * CHUNK)
  expect(await holds(other, 'p1', disk.bytes)).toBe(true)
})

test('another key is refused; a lost or damaged mark is written again', async () => {
  const disk = memoryDisk(CHUNK)
  disk.write(0, contentOf('a', 100))
  const key = Buffer.alloc(32, 8).toString('base64')
  await expect(kit.open({ key })).rejects.toThrow('not the key')
  await backupOf(vault, 'p1', disk.reader())
  await expect(kit.open({ key })).rejects.toThrow('not the key')
  const mark = join(kit.folder, 'format.json')
  const before = await readFile(mark)
  await rm(mark)
  await expect(kit.open({ key })).rejects.toThrow('not the key')
  await kit.open()
  expect(await readFile(mark)).toEqual(before)
  await writeFile(mark, 'x')
  await kit.open()
  expect(await readFile(mark)).toEqual(before)
})

test('progress has a whole, and ends with it', async () => {
  const disk = memoryDisk(40 * CHUNK)
  disk.write(0, contentOf('a', 40 * CHUNK))
  const seen: { doneBytes: number; totalBytes: number | null }[] = []
  const onProgress = (progress: (typeof seen)[number]): void => void seen.push(progress)
  await backupOf(vault, 'p1', disk.reader(), null, { onProgress })
  expect(seen[0]).toEqual({ doneBytes: 0, totalBytes: 40 * CHUNK })
  expect(seen.at(-1)).toEqual({ doneBytes: 40 * CHUNK, totalBytes: 40 * CHUNK })
  const done = seen.map(({ doneBytes }) => doneBytes)
  expect(done).toEqual(done.toSorted((a, b) => a - b))
})

test('a request that cannot be served is refused for good', async () => {
  const reader = memoryDisk(CHUNK).reader()
  for (const pointId of ['', '../p', 'a/b', '.p', 'p'.repeat(129)]) {
    await expect(backupOf(vault, pointId, reader)).rejects.toMatchObject({ isFinal: true })
  }
  const description = { text: 'x'.repeat(300_000) }
  const request = { ...requestOf('p1', { disk: reader }), description }
  await expect(vault.backup(request, { signal: never })).rejects.toMatchObject({ isFinal: true })
  await expect(vault.openDisk('p1', 'disk')).rejects.toMatchObject({ isFinal: true })
})
