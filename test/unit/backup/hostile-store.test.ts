/**
 * A place for vaults that means harm: files that are none, names that are nobody's, lists without an end, answers that
 * are longer than they said, manifests that only the key's owner could have written. Nothing of it takes the process's
 * time or memory, and what is good of the vault stays so.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PACK_BYTES_MAX, POINT_BYTES_MAX } from '../../../src/backup/format.ts'
import { vaultKeys } from '../../../src/backup/keys.ts'
import { decodeManifest, encodeManifest, type Manifest } from '../../../src/backup/manifest.ts'
import { packFooter, parseFooter } from '../../../src/backup/pack.ts'
import type { BlobStore } from '../../../src/backup/store/blob-store.ts'
import { createFolderStore } from '../../../src/backup/store/folder.ts'
import { createS3Store } from '../../../src/backup/store/s3.ts'
import {
  backupOf,
  CHUNK,
  contentOf,
  holds,
  KEY,
  LONG_MS,
  memoryDisk,
  never,
  readerOf,
  requestOf,
  vaultKit,
  type VaultKit,
} from '../../support/backup/kit.ts'

vi.setConfig({ testTimeout: LONG_MS, hookTimeout: LONG_MS })

let kit: VaultKit
beforeEach(async () => {
  kit = await vaultKit()
  await mkdir(kit.folder, { recursive: true })
})
afterEach(() => kit.dispose())

const damaged = { name: 'DamagedError' }

describe('a folder', () => {
  test('whose files are links, devices, pipes and folders is damaged, and holds nobody up', async () => {
    const store = createFolderStore(kit.folder)
    await mkdir(join(kit.folder, 'points/folder.manifest'), { recursive: true })
    await symlink('/dev/zero', join(kit.folder, 'points/zero.manifest'))
    await symlink('/etc/passwd', join(kit.folder, 'points/link.manifest'))
    execFileSync('mkfifo', [join(kit.folder, 'points/pipe.manifest')])
    const names = ['folder', 'zero', 'link', 'pipe']
    for (const name of names) {
      const key = `points/${name}.manifest`
      await expect(store.read(key)).rejects.toMatchObject(damaged)
      await expect(store.readRange(key, 0, 8)).rejects.toMatchObject(damaged)
    }
    const listed: string[] = []
    for await (const { key } of store.list('points/')) listed.push(key)
    expect(listed).toEqual([])
    await store.close()
  })

  test('with a mark that is a pipe is no vault of ours', async () => {
    execFileSync('mkfifo', [join(kit.folder, 'format.json')])
    await expect(kit.open()).rejects.toMatchObject(damaged)
  })

  test('with files of nobody is read, collected and verified as if they were not there', async () => {
    const vault = await kit.open()
    const disk = memoryDisk(6 * CHUNK)
    disk.write(0, contentOf('mine', 6 * CHUNK))
    await backupOf(vault, 'p1', disk.reader())
    await backupOf(vault, 'p2', disk.reader())
    const names = [
      ...[
        'points/copy of p1.manifest',
        'points/~.manifest',
        'points/.hidden',
        'points/a/b.manifest',
      ],
      ...['pending/x.manifest', 'pending/a b~0123456789abcdef.manifest', 'sessions/ÿ.json'],
      ...['tombstones/points/a b.json', 'tombstones/packs/../../x.json', 'packs/notes.pack'],
      ...['packs/0123.pack', 'quarantine/*.json', 'thumbs.db'],
    ]
    for (const name of names) {
      await mkdir(join(kit.folder, name, '..'), { recursive: true })
      await writeFile(join(kit.folder, name), 'of somebody else')
    }
    await vault.delete('p2')
    await vault.collect({ signal: never })
    expect((await vault.points()).map(({ pointId }) => pointId)).toEqual(['p1'])
    expect((await vault.verify({ pointId: null }, { signal: never })).damaged).toEqual([])
    expect(await holds(vault, 'p1', disk.bytes)).toBe(true)
  })

  test('with a pack that is larger than packs are is not read for it', async () => {
    const vault = await kit.open()
    await backupOf(vault, 'p1', readerOf(contentOf('a', CHUNK), null))
    const pack = join(kit.folder, 'packs', `${'5'.repeat(32)}.pack`)
    await writeFile(pack, '')
    await truncate(pack, 300 * 1024 ** 3)
    const { damaged: points, files } = await vault.verify({ pointId: null }, { signal: never })
    expect(points).toEqual([])
    expect(files).toMatchObject([{ reason: 'it is larger than packs are' }])
    await vault.collect({ signal: never })
    expect(await holds(vault, 'p1', contentOf('a', CHUNK))).toBe(true)
  })

  test('a file that is put in the place of another while it is read tells no more than there was', async () => {
    const store = createFolderStore(kit.folder)
    await store.write('points/a.manifest', Buffer.alloc(100, 1))
    const reading = store.read('points/a.manifest')
    await symlink('/dev/zero', join(kit.folder, 'zero'))
    await rename(join(kit.folder, 'zero'), join(kit.folder, 'points/a.manifest'))
    expect([100, 'DamagedError']).toContain(
      await reading.then(
        ({ length }) => length,
        (error: Error) => error.name,
      ),
    )
    await store.close()
  })
})

describe('S3', () => {
  let server: Server
  let store: BlobStore
  afterEach(async () => {
    await store.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  async function storeOn(answer: RequestListener): Promise<BlobStore> {
    server = createServer((request, response) => {
      response.on('error', () => {})
      answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
    const place = { endpoint, region: 'us-east-1', bucket: 'b', prefix: 'v/', credentials }
    store = await createS3Store({ type: 's3', ...place }, { attempts: 2, callMs: 20_000 })
    return store
  }

  const page = (keys: readonly string[], next: string | null): string =>
    `<ListBucketResult><IsTruncated>${next !== null}</IsTruncated>${keys
      .map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`)
      .join(
        '',
      )}${next === null ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`

  async function listed(answer: RequestListener): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of (await storeOn(answer)).list('points/')) keys.push(key)
    return keys
  }

  test('that gives the same page again and again is not listed for ever', async () => {
    const same = listed((_, response) => response.end(page(['v/points/a.manifest'], 'same')))
    await expect(same).rejects.toThrow(/without an end/)
  })

  test('that lists what nobody asked for, or what no vault has, is listed without that', async () => {
    const keys = ['other/points/a.manifest', 'v/points/a b', 'v/points/../x', 'v/points/a.manifest']
    expect(await listed((_, response) => response.end(page(keys, null)))).toEqual([
      'points/a.manifest',
    ])
  })

  test('nothing is retained while the clocks are apart', async () => {
    const seen: string[] = []
    let aheadMs = -30 * 86_400_000
    const s3 = await storeOn((request, response) => {
      seen.push(`${request.method} ${request.url}`)
      response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString())
      response.end()
    })
    const until = Date.now() + 86_400_000
    const retained = () => s3.retain!('packs/a.pack', until)
    await expect(retained()).rejects.toMatchObject({ name: 'NotRetainedError' })
    await expect(retained()).rejects.toThrow('is -720 hours before ours')
    expect(seen.filter((one) => one.includes('retention'))).toEqual([])
    // It is found out again with the next answer.
    aheadMs = 60_000
    await s3.exists('packs/a.pack')
    await retained()
    expect(seen.filter((one) => one.startsWith('PUT') && one.includes('retention'))).toHaveLength(1)
  })

  test('that answers a range without an end is cut short', async () => {
    let sentBytes = 0
    const piece = Buffer.alloc(1024 * 1024)
    const s3 = await storeOn((_, response) => {
      response.writeHead(200)
      const more = (): void => {
        while (!response.destroyed && sentBytes < 4 * 1024 ** 3) {
          sentBytes += piece.length
          if (!response.write(piece)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    await expect(s3.readRange('packs/a.pack', 0, CHUNK)).rejects.toMatchObject(damaged)
    expect(sentBytes).toBeLessThan(64 * 1024 ** 2)
  })
})

describe('who has the key', () => {
  const keys = vaultKeys(KEY)
  const manifest: Manifest = {
    pointId: 'p',
    createdAt: 1,
    description: {},
    outcome: { sizeBytes: 0, readBytes: 0, addedBytes: 0, fullReason: null },
    copiedFrom: null,
    disks: [],
  }
  const disk = { diskId: 'd', label: 'd', sizeBytes: 0, pages: Buffer.alloc(0), sourcePages: null }

  test.for([
    { createdAt: 1e300 },
    { createdAt: 'now' as unknown as number },
    { description: [] as never },
    { pointId: 'q' },
    { disks: [{ ...disk, sizeBytes: -1 }] },
    { disks: [{ ...disk, sizeBytes: 0.5 }] },
    { disks: [{ ...disk, label: 7 as never }] },
    { disks: Array.from({ length: 65 }, () => disk) },
  ])('writes no manifest with %o that is read', (change) => {
    const told = { ...manifest, ...change }
    const bytes = encodeManifest(keys, { ...told, pointId: 'p' })
    const point = 'pointId' in change ? encodeManifest(keys, told) : bytes
    expect(() => decodeManifest(keys, 'p', point)).toThrow(/manifest/)
  })

  test('writes no footer that names what is not in the pack', () => {
    const packId = 'a'.repeat(32)
    const id = Buffer.alloc(32, 1)
    for (const entry of [
      { id, offset: 32, length: 2 ** 31 },
      { id, offset: 2 ** 31, length: 100 },
    ]) {
      const footer = packFooter(keys, packId, [entry], 32)
      const parse = () => parseFooter(keys, packId, footer, 32 + footer.length)
      expect(parse).toThrow(/outside of the pack/)
    }
  })
})

test('disks that no manifest could name together are refused before they are read', async () => {
  const vault = await kit.open()
  const huge = { ...readerOf(Buffer.alloc(0), null), sizeBytes: POINT_BYTES_MAX / 4 }
  const reader = { ...huge, read: () => Promise.reject(new Error('it was read')) }
  const disks = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, reader]))
  const asked = vault.backup(requestOf('p1', disks), { signal: never })
  await expect(asked).rejects.toThrow('too large together')
  const long = requestOf('p2', { a: readerOf(Buffer.alloc(0), null) })
  const labelled = { ...long, disks: [{ ...long.disks[0]!, label: 'x'.repeat(5_000) }] }
  await expect(vault.backup(labelled, { signal: never })).rejects.toThrow('label')
  expect(PACK_BYTES_MAX).toBeLessThan(64 * 1024 ** 2)
})
