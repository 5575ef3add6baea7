/** A point on its way to where it is restored: every byte of it, read together; damage is named all the same. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { diskFill } from '../../../src/backup/fill.ts'
import type { DiskWriter, Vault } from '../../../src/backup/vault.ts'
import {
  backupOf,
  CHUNK,
  contentOf,
  LONG_MS,
  memoryDisk,
  never,
  vaultKit,
  type VaultKit,
} from '../../support/backup/kit.ts'

vi.setConfig({ testTimeout: LONG_MS, hookTimeout: LONG_MS })

const CHUNKS = 41
let kit: VaultKit
let vault: Vault
let content: Buffer

beforeEach(async () => {
  kit = await vaultKit()
  vault = await kit.open()
  const disk = memoryDisk(CHUNKS * CHUNK - 777)
  // Zeros in between, what compresses and what does not, the same twice, and a shorter last chunk.
  content = Buffer.alloc(CHUNKS * CHUNK - 777)
  contentOf('a', 9 * CHUNK).copy(content, 0)
  contentOf('b', 2 * CHUNK).copy(content, 17 * CHUNK)
  contentOf('b', 2 * CHUNK).copy(content, 30 * CHUNK)
  content.fill('text ', 20 * CHUNK, 22 * CHUNK)
  contentOf('c', CHUNK).copy(content, 40 * CHUNK)
  disk.write(0, content)
  await backupOf(vault, 'p1', disk.reader())
})
afterEach(() => kit.dispose())

async function filled(write: DiskWriter['write']): Promise<number> {
  const { disks } = (await vault.points())[0]!
  const disk = await vault.openDisk('p1', disks[0]!.diskId)
  try {
    return await diskFill(
      disk,
      { write, finish: async () => {}, close: async () => {} },
      { signal: never },
    )
  } finally {
    await disk.close()
  }
}

test('every byte comes, though the memory of each piece is used again', async () => {
  const target = Buffer.alloc(content.length)
  const bytes = await filled(async (offset, parts) => {
    let at = offset
    for (const part of parts) {
      target.set(part, at)
      at += part.length
    }
  })
  expect(target.equals(content)).toBe(true)
  expect(bytes).toBe(16 * CHUNK - 777)
})

test('one chunk that is damaged among those read together is named, and nothing is written in its place', async () => {
  const [name] = await readdir(join(kit.folder, 'packs'))
  const path = join(kit.folder, 'packs', name!)
  const pack = await readFile(path)
  pack[3 * CHUNK]! ^= 1
  await writeFile(path, pack)
  let isWrong = false
  const result = filled(async (offset, parts) => {
    const written = Buffer.concat(parts)
    isWrong ||= !written.equals(content.subarray(offset, offset + written.length))
  })
  await expect(result).rejects.toThrow(/is not what was written/)
  expect(isWrong).toBe(false)
})

test('a flip anywhere in a chunk stops the restore of what needs it', async () => {
  const [name] = await readdir(join(kit.folder, 'packs'))
  const path = join(kit.folder, 'packs', name!)
  const sound = await readFile(path)
  // Of the first record: id, kind, coding, zeros, both lengths, nonce, ciphertext; and the tag before the second.
  const { length } = sound
  const second = 32 + 72 + sound.readUInt32BE(32 + 40)
  for (const at of [32, 64, 65, 66, 68, 72, 76, 88, 90_000, second - 1, length - 100_000]) {
    const pack = Buffer.from(sound)
    pack[at]! ^= 2
    await writeFile(path, pack)
    await expect(
      filled(async () => {}),
      `byte ${at}`,
    ).rejects.toThrow(name)
    await rm(join(kit.folder, 'quarantine'), { recursive: true })
    vault = await kit.open()
  }
})

test('when a write fails nothing is written any more once it is told', async () => {
  let underway = 0
  const result = filled(async (offset) => {
    underway++
    await new Promise((resolve) => setTimeout(resolve, offset === 0 ? 1 : 50))
    underway--
    if (offset === 0) throw new Error('no room')
  })
  await expect(result).rejects.toThrow('no room')
  expect(underway).toBe(0)
})
