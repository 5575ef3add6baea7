/** Copies into another vault with another key. */
import { mkdir } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openVault } from '../../../src/backup/open-vault.ts'
import type { Vault } from '../../../src/backup/vault.ts'
import {
  backupOf,
  CHUNK,
  contentOf,
  holds,
  memoryDisk,
  never,
  vaultKit,
  type VaultKit,
  LONG_MS,
} from '../../support/backup/kit.ts'

vi.setConfig({ testTimeout: LONG_MS, hookTimeout: LONG_MS })

let kit: VaultKit
let from: Vault
let to: Vault

beforeEach(async () => {
  kit = await vaultKit()
  from = await kit.open()
  const root = `${kit.folder}-2`
  await mkdir(root, { recursive: true })
  const key = Buffer.alloc(32, 9).toString('base64')
  to = await openVault(
    { vaultId: 'vault-2', location: { type: 'folder', path: 'copies' }, key },
    { vaultsFolder: root, cacheFolder: `${root}/cache` },
  )
})
afterEach(async () => {
  await to.close()
  await kit.dispose()
})

const options = { signal: never }

test('a copy is the point, under the other key; the next one reads what differs', async () => {
  const disk = memoryDisk(1_060 * CHUNK)
  disk.write(0, contentOf('a', 40 * CHUNK))
  disk.write(1_050 * CHUNK, contentOf('b', 10 * CHUNK))
  await backupOf(from, 'p1', disk.reader())
  const one = Buffer.from(disk.bytes)
  const first = await from.copyTo(to, { pointId: 'p1', newPointId: 'c1' }, options)
  expect(first).toMatchObject({ readBytes: 50 * CHUNK, fullReason: null })
  disk.mark()
  disk.write(5 * CHUNK, contentOf('c', 100))
  disk.write(1_055 * CHUNK, Buffer.alloc(CHUNK))
  await backupOf(from, 'p2', disk.reader(), 'p1')
  const request = { pointId: 'p2', newPointId: 'c2', createdAt: 5, description: { is: 'copy' } }
  const second = await from.copyTo(to, request, options)
  expect(second).toMatchObject({ readBytes: CHUNK, fullReason: null })
  expect(second.addedBytes).toBeLessThan(3 * CHUNK)
  expect(await holds(to, 'c1', one)).toBe(true)
  expect(await holds(to, 'c2', disk.bytes)).toBe(true)
  const copied = (await to.points()).find(({ pointId }) => pointId === 'c2')
  expect(copied).toMatchObject({ createdAt: 5, description: { is: 'copy' } })
  expect(await from.copyTo(to, request, options)).toEqual(second)
})

test('a copy whose source pages are gone is read again where it differs, and stored once', async () => {
  const disk = memoryDisk(20 * CHUNK)
  disk.write(0, contentOf('a', 20 * CHUNK))
  await backupOf(from, 'p1', disk.reader())
  await from.copyTo(to, { pointId: 'p1', newPointId: 'c1' }, options)
  disk.mark()
  disk.write(0, contentOf('b', 10))
  await backupOf(from, 'p2', disk.reader(), 'p1')
  await from.delete('p1')
  await from.collect(options)
  await from.collect(options)
  const second = await from.copyTo(to, { pointId: 'p2', newPointId: 'c2' }, options)
  expect(second.addedBytes).toBeLessThan(2 * CHUNK)
  expect(await holds(to, 'c2', disk.bytes)).toBe(true)
})

test('a damaged chunk is not copied for a sound one', async () => {
  const disk = memoryDisk(6 * CHUNK)
  disk.write(0, contentOf('a', 6 * CHUNK))
  await backupOf(from, 'p1', disk.reader())
  const { readdir, readFile, writeFile } = await import('node:fs/promises')
  const [name] = await readdir(`${kit.folder}/packs`)
  const path = `${kit.folder}/packs/${name}`
  const bytes = await readFile(path)
  bytes[100]! ^= 1
  await writeFile(path, bytes)
  const copied = from.copyTo(to, { pointId: 'p1', newPointId: 'c1' }, options)
  await expect(copied).rejects.toMatchObject({ name: 'DamagedError' })
  expect(await to.points()).toEqual([])
})

test('a point that is not there is refused for good', async () => {
  const copied = from.copyTo(to, { pointId: 'p9', newPointId: 'c1' }, options)
  await expect(copied).rejects.toMatchObject({ isFinal: true })
})
