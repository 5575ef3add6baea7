/** docs/backup-format.md is true: a reader that follows only it reads what the engine wrote. */
import { createHmac, hkdfSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  CHUNK,
  contentOf,
  KEY,
  memoryDisk,
  never,
  requestOf,
  vaultKit,
  type VaultKit,
  LONG_MS,
} from '../../support/backup/kit.ts'
import { readPoint } from '../../support/backup/reader.ts'

vi.setConfig({ testTimeout: LONG_MS, hookTimeout: LONG_MS })

let kit: VaultKit
beforeEach(async () => {
  kit = await vaultKit()
})
afterEach(() => kit.dispose())

const key = Buffer.from(KEY, 'base64')

test('points with several disks, incrementals and copies are read by an independent reader', async () => {
  const vault = await kit.open()
  const disks = { vda: memoryDisk(1_030 * CHUNK + 700), vdb: memoryDisk(3 * CHUNK) }
  disks.vda.write(0, contentOf('a', 5 * CHUNK))
  disks.vda.write(1_026 * CHUNK, contentOf('b', 4 * CHUNK + 700))
  disks.vdb.write(CHUNK, contentOf('a', CHUNK))
  const readers = () => ({ vda: disks.vda.reader(), vdb: disks.vdb.reader() })
  await vault.backup(requestOf('p1', readers()), { signal: never })
  for (const disk of Object.values(disks)) disk.mark()
  disks.vda.write(1_027 * CHUNK + 9, Buffer.from('changed'))
  await vault.backup(requestOf('p2', readers(), 'p1'), { signal: never })
  await vault.copyTo(vault, { pointId: 'p2', newPointId: 'c2' }, { signal: never })
  for (const pointId of ['p2', 'c2']) {
    const read = readPoint(kit.folder, key, pointId)
    expect([...read.keys()]).toEqual(['vda', 'vdb'])
    for (const [diskId, disk] of Object.entries(disks)) {
      expect(read.get(diskId)!.equals(disk.bytes)).toBe(true)
    }
  }
})

test('small files are a line of JSON and one that vouches for it', async () => {
  await kit.open()
  const [json, mac, ...rest] = (await readFile(join(kit.folder, 'format.json'), 'utf8')).split('\n')
  expect(JSON.parse(json!)).toEqual({ format: 'brume-backup', version: 1, vaultId: 'vault-1' })
  const macKey = Buffer.from(hkdfSync('sha256', key, '', 'brume backup v1 mac', 32))
  expect(mac).toBe(createHmac('sha256', macKey).update(`format.json\n${json}`).digest('hex'))
  expect(rest).toEqual([''])
})
