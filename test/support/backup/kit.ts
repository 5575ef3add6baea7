/** Disks in memory and vaults in temporary folders, for the tests of the engine. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VaultPlace } from '../../../src/domain/backup.ts'
import { openVault, type OpenVaultOptions } from '../../../src/backup/open-vault.ts'
import type {
  BackupOutcome,
  BackupRequest,
  DiskReader,
  Range,
  Vault,
  WorkOptions,
} from '../../../src/backup/vault.ts'

/** `BRUME_TEST_DRILLS=long`: the drills at full length, an hour perhaps. */
export const isLongRun = process.env['BRUME_TEST_DRILLS'] === 'long'
export const LONG_MS = isLongRun ? 3_600_000 : 60_000

export const CHUNK = 256 * 1024
export const KEY = Buffer.alloc(32, 7).toString('base64')
export const never = new AbortController().signal

/** Content that is the same for the same seed; a third of it does not compress, the rest does to nearly nothing. */
export function contentOf(seed: string | number, length: number): Buffer {
  const key = createHash('sha256').update(String(seed)).digest()
  const bytes = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
  for (let at = 0; at < length; at += 3 * BLOCK) {
    bytes.subarray(at + BLOCK, at + 3 * BLOCK).fill('text ')
  }
  return bytes
}

const BLOCK = 4096

/** Content that does not compress at all: a pack is soon full of it. */
export function noiseOf(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}

/** A disk that lies in memory; what was written since `mark` is what has changed. */
export interface MemoryDisk {
  bytes: Buffer
  write(offset: number, content: Uint8Array): void
  /** From now on, changes count anew. */
  mark(): void
  /** Not of a copy: the disk must hold still while it is read. */
  reader(options?: { isBlind?: boolean }): DiskReader
}

export function memoryDisk(sizeBytes: number): MemoryDisk {
  const bytes = Buffer.alloc(sizeBytes)
  let changed: Range[] = []
  return {
    bytes,
    write: (offset, content) => {
      bytes.set(content, offset)
      changed.push({ start: offset, length: content.length })
    },
    mark: () => void (changed = []),
    reader: ({ isBlind } = {}) => readerOf(bytes, isBlind ? null : [...changed]),
  }
}

export function readerOf(bytes: Buffer, changed: readonly Range[] | null): DiskReader {
  return {
    sizeBytes: bytes.length,
    async *allocated() {
      yield { start: 0, length: bytes.length }
    },
    changed:
      changed === null
        ? null
        : async function* () {
            yield* changed
          },
    read: async (offset, length) => Uint8Array.from(bytes.subarray(offset, offset + length)),
    close: async () => {},
  }
}

export interface VaultKit {
  folder: string
  place: VaultPlace
  /** Another process's view, as it were: nothing of it is shared but the folder. */
  open(options?: Partial<OpenVaultOptions> & { key?: string }): Promise<Vault>
  dispose(): Promise<void>
}

export async function vaultKit(): Promise<VaultKit> {
  const root = await mkdtemp(join(tmpdir(), 'brume-test-vault-'))
  const folder = join(root, 'vault')
  const place: VaultPlace = {
    vaultId: 'vault-1',
    location: { type: 'folder', path: folder },
    key: KEY,
  }
  const vaults: Vault[] = []
  return {
    folder,
    place,
    open: async ({ key, ...options } = {}) => {
      const cacheFolder = join(root, `cache-${randomBytes(4).toString('hex')}`)
      const vault = await openVault(
        { ...place, key: key ?? KEY },
        { vaultsFolder: root, cacheFolder, ...options },
      )
      vaults.push(vault)
      return vault
    },
    dispose: async () => {
      for (const vault of vaults) await vault.close().catch(() => {})
      await rm(root, { recursive: true, force: true })
    },
  }
}

export function requestOf(
  pointId: string,
  disks: Readonly<Record<string, DiskReader>>,
  basePointId: string | null = null,
): BackupRequest {
  return {
    pointId,
    basePointId,
    createdAt: 1_000,
    description: { machine: 'i-1' },
    disks: Object.entries(disks).map(([diskId, reader]) => ({ diskId, label: diskId, reader })),
  }
}

export function backupOf(
  vault: Vault,
  pointId: string,
  disk: DiskReader,
  basePointId: string | null = null,
  options: Partial<WorkOptions> = {},
): Promise<BackupOutcome> {
  return vault.backup(requestOf(pointId, { disk }, basePointId), { signal: never, ...options })
}

/** Whether the point's disk is, byte for byte, this. */
export async function holds(
  vault: Vault,
  pointId: string,
  content: Buffer,
  diskId = 'disk',
): Promise<boolean> {
  const disk = await vault.openDisk(pointId, diskId)
  try {
    if (disk.sizeBytes !== content.length) return false
    for (let at = 0; at < content.length; at += READ_BYTES) {
      const part = content.subarray(at, at + READ_BYTES)
      if (!part.equals(await disk.read(at, part.length, never))) return false
    }
    return true
  } finally {
    await disk.close()
  }
}

const READ_BYTES = 16 * CHUNK
