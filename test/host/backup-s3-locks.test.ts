/**
 * What s3rver cannot do: buckets with versions and Object Lock, and lists of several pages. Against a moto server,
 * where one is installed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { endAll } from '../../bench/support/cleanup.ts'
import { startMoto } from '../../bench/support/moto.ts'
import { findProgram } from '../../src/cli/packages.ts'
import { openVault } from '../../src/backup/open-vault.ts'
import { createS3Store, type S3Location } from '../../src/backup/store/s3.ts'
import {
  CHUNK,
  contentOf,
  holds,
  KEY,
  LONG_MS,
  memoryDisk,
  never,
  requestOf,
} from '../support/backup/kit.ts'

vi.setConfig({ testTimeout: LONG_MS, hookTimeout: LONG_MS })

const hasMoto = (await findProgram('moto_server')) !== undefined
const options = { signal: never }
const HOUR_MS = 3_600_000

describe.skipIf(!hasMoto)('a bucket with Object Lock', () => {
  let root: string
  let location: S3Location
  let client: S3Client

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'brume-test-locks-'))
    const { url } = (await startMoto())!
    const credentials = { accessKeyId: 'one', secretAccessKey: 'two' }
    location = {
      type: 's3',
      endpoint: url,
      region: 'us-east-1',
      bucket: 'locked',
      prefix: '',
      credentials,
    }
    client = new S3Client({ endpoint: url, region: 'us-east-1', credentials, forcePathStyle: true })
    await client.send(
      new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }),
    )
  }, LONG_MS)
  afterAll(async () => {
    client?.destroy()
    await endAll()
    await rm(root, { recursive: true, force: true })
  })

  const vaultAt = (prefix: string) =>
    openVault(
      { vaultId: prefix, key: KEY, location: { ...location, prefix } },
      { vaultsFolder: root, cacheFolder: join(root, 'cache') },
    )

  test(
    'keeps every pack and manifest of a point until the time that it was told',
    async () => {
      const vault = await vaultAt('kept/')
      const disk = memoryDisk(20 * CHUNK)
      disk.write(0, contentOf('locked', 20 * CHUNK))
      // The first point is not retained; its pack is, from the second on, which builds upon it.
      await vault.backup(requestOf('p1', { disk: disk.reader() }), options)
      disk.mark()
      disk.write(0, contentOf('other', CHUNK))
      const retainUntil = Math.ceil((Date.now() + HOUR_MS) / 1000) * 1000
      const request = requestOf('p2', { disk: disk.reader() }, 'p1')
      await vault.backup({ ...request, retainUntil }, options)
      const store = await createS3Store({ ...location, prefix: 'kept/' })
      const keys: string[] = ['points/p2.manifest']
      for await (const { key } of store.list('packs/')) keys.push(key)
      expect(keys).toHaveLength(3)
      for (const key of keys) {
        const command = new HeadObjectCommand({ Bucket: 'locked', Key: `kept/${key}` })
        const { ObjectLockMode, ObjectLockRetainUntilDate: until } = await client.send(command)
        expect({ ObjectLockMode, until: until?.getTime() }).toEqual({
          ObjectLockMode: 'COMPLIANCE',
          until: retainUntil,
        })
      }
      await expect(store.remove(keys[1]!)).rejects.toMatchObject({ name: 'BlobRetainedError' })
      await vault.delete('p1')
      await vault.delete('p2')
      expect(await vault.points()).toEqual([])
      expect((await vault.collect(options)).freedBytes).toBe(0)
      for (const key of keys) expect(await store.exists(key)).toBe(true)
      await vault.close()
    },
    LONG_MS,
  )

  test(
    'lets go when the time has passed, with all versions',
    async () => {
      const vault = await vaultAt('passed/')
      const disk = memoryDisk(3 * CHUNK)
      disk.write(0, contentOf('locked', 3 * CHUNK))
      const request = requestOf('p1', { disk: disk.reader() })
      const retainUntil = Date.now() + 5_000
      await vault.backup({ ...request, retainUntil }, options)
      expect(await holds(vault, 'p1', disk.bytes)).toBe(true)
      await vault.delete('p1')
      const { freedBytes } = await vault.collect(options)
      // On a host that is busy the time may have passed: the other test has what is kept.
      if (Date.now() < retainUntil) expect(freedBytes).toBe(0)
      const store = await createS3Store({ ...location, prefix: 'passed/' })
      const left = async (): Promise<string[]> => {
        await vault.collect(options)
        const keys: string[] = []
        for await (const { key } of store.list('')) keys.push(key)
        return keys
      }
      await expect.poll(left, { timeout: 40_000, interval: 500 }).toEqual(['format.json'])
      await vault.close()
    },
    LONG_MS,
  )

  test(
    'lists more than a page holds',
    async () => {
      const store = await createS3Store({ ...location, prefix: 'many/' })
      const names = Array.from({ length: 1_005 }, (_, at) => `points/n${1_000 + at}.manifest`)
      await Promise.all(names.map((name) => store.write(name, Buffer.from('x'))))
      const listed: string[] = []
      for await (const { key } of store.list('points/')) listed.push(key)
      expect(listed.sort()).toEqual(names)
    },
    LONG_MS,
  )
})
