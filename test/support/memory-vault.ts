/** A vault in memory, for tests of what reads into vaults and writes from them: chunks by point, disk and number. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { BackupOutcome, DiskReader, PointDisk, Range, Vault } from '../../src/backup/vault.ts'
import type { PointOfVault } from '../../src/domain/backup.ts'

const CHUNK = 256 * 1024

interface Disk {
  label: string
  sizeBytes: number
  chunks: Map<number, Buffer>
}

export interface MemoryVault extends Vault {
  /** As `digestOfRaw` of a file with the disk's content. */
  digest(pointId: string, diskId: string): string
  damage(pointId: string): void
}

export function createMemoryVault(): MemoryVault {
  const points = new Map<string, { point: PointOfVault; disks: Map<string, Disk> }>()
  const damaged = new Set<string>()
  const diskOf = (pointId: string, diskId: string): Disk => {
    const disk = points.get(pointId)?.disks.get(diskId)
    if (!disk) throw new Error(`no disk ${diskId} of ${pointId}`)
    return disk
  }
  const read = (disk: Disk, offset: number, length: number): Buffer => {
    const out = Buffer.alloc(length)
    for (let index = Math.floor(offset / CHUNK); index * CHUNK < offset + length; index++) {
      const chunk = disk.chunks.get(index)
      const at = index * CHUNK - offset
      if (chunk) chunk.subarray(Math.max(0, -at)).copy(out, Math.max(0, at))
    }
    return out
  }
  return {
    backup: async (
      { pointId, basePointId, createdAt, description, disks },
      { signal, onProgress },
    ) => {
      const outcome: BackupOutcome = { sizeBytes: 0, readBytes: 0, addedBytes: 0, fullReason: null }
      const stored = new Map<string, Disk>()
      for (const { diskId, label, reader } of disks) {
        const base = basePointId === null ? undefined : points.get(basePointId)?.disks.get(diskId)
        const isFull = !base || !reader.changed
        const chunks = new Map(isFull ? [] : base.chunks)
        const ranges = isFull ? reader.allocated(signal) : reader.changed!(signal)
        for (const index of await chunksOf(ranges)) {
          signal.throwIfAborted()
          const bytes = await chunkRead(reader, index, signal)
          outcome.readBytes += bytes.length
          onProgress?.({ doneBytes: outcome.readBytes, totalBytes: null })
          if (bytes.every((byte) => byte === 0)) chunks.delete(index)
          else chunks.set(index, bytes)
        }
        stored.set(diskId, { label, sizeBytes: reader.sizeBytes, chunks })
        outcome.sizeBytes += reader.sizeBytes
      }
      const described = disks.map(({ diskId, label, reader }) => {
        return { diskId, label, sizeBytes: reader.sizeBytes }
      })
      points.set(pointId, {
        point: { pointId, createdAt, description, disks: described },
        disks: stored,
      })
      return outcome
    },
    points: async () => [...points.values()].map(({ point }) => point),
    openDisk: async (pointId, diskId): Promise<PointDisk> => {
      const disk = diskOf(pointId, diskId)
      return {
        sizeBytes: disk.sizeBytes,
        allocated: async function* () {
          for (const index of [...disk.chunks.keys()].sort((a, b) => a - b)) {
            yield { start: index * CHUNK, length: CHUNK }
          }
        },
        read: async (offset, length) => {
          if (damaged.has(pointId)) throw new Error('the chunk 1234 in the pack 5678 is damaged')
          return read(disk, offset, length)
        },
        close: async () => {},
      }
    },
    copyTo: async () => {
      throw new Error('a vault in memory is not copied')
    },
    delete: async (pointId) => void points.delete(pointId),
    retain: async () => ({ notRetained: null }),
    verify: async () => ({
      damaged: [...damaged].map((pointId) => ({ pointId, reason: 'damaged' })),
      files: [],
      readBytes: 0,
    }),
    collect: async () => ({ freedBytes: 0, waitingBytes: 0 }),
    usage: async () => ({ storedBytes: 0, unneededBytes: 0 }),
    close: async () => {},
    digest: (pointId, diskId) => {
      const disk = diskOf(pointId, diskId)
      const sum = createHash('sha256')
      for (const index of [...disk.chunks.keys()].sort((a, b) => a - b)) {
        sum.update(`${index}:`).update(disk.chunks.get(index)!)
      }
      return sum.digest('hex')
    },
    damage: (pointId) => void damaged.add(pointId),
  }
}

/** Of what is not zeros, and where it lies. */
export async function digestOfRaw(path: string): Promise<string> {
  const sum = createHash('sha256')
  const zeros = Buffer.alloc(CHUNK)
  const bytes = Buffer.alloc(CHUNK)
  const handle = await open(path)
  try {
    for (let index = 0; ; index++) {
      const { bytesRead } = await handle.read(bytes, 0, CHUNK, index * CHUNK)
      if (bytesRead === 0) return sum.digest('hex')
      bytes.fill(0, bytesRead)
      if (!bytes.equals(zeros)) sum.update(`${index}:`).update(bytes)
    }
  } finally {
    await handle.close()
  }
}

async function chunksOf(ranges: AsyncIterable<Range>): Promise<Set<number>> {
  const indexes = new Set<number>()
  for await (const { start, length } of ranges) {
    const first = Math.floor(start / CHUNK)
    for (let index = first; index * CHUNK < start + length; index++) indexes.add(index)
  }
  return indexes
}

async function chunkRead(reader: DiskReader, index: number, signal: AbortSignal): Promise<Buffer> {
  const length = Math.min(CHUNK, reader.sizeBytes - index * CHUNK)
  const bytes = Buffer.alloc(CHUNK)
  bytes.set(await reader.read(index * CHUNK, length, signal))
  return bytes
}
