/**
 * A run: records (id, pack, offset, length) sorted by id in a file that never changes. A look-up reads one bucket of
 * it; in memory is one number for 64 records. A run is a cache: what it says can be read again from the packs.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, read as readFile, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { DamagedError } from '../errors.ts'
import { ID_BYTES } from '../format.ts'

export const RUN_RECORD_BYTES = ID_BYTES + 12
const BUCKET_RECORDS = 64
const BUCKET_BYTES = BUCKET_RECORDS * RUN_RECORD_BYTES
const BLOCK_BYTES = BUCKET_BYTES * 256

export interface Location {
  /** Its number in the catalogue of packs. */
  pack: number
  offset: number
  length: number
}

export interface Run {
  name: string
  count: number
  sha256: string
  /** Position of the first record with this id, and all of its places. */
  find(id: Buffer, found: Location[]): number
  /** Blocks of whole records, in order. */
  blocks(): AsyncGenerator<Buffer>
  close(): void
}

export function encodeRecord(to: Buffer, at: number, id: Buffer, location: Location): void {
  id.copy(to, at)
  to.writeUInt32BE(location.pack, at + ID_BYTES)
  to.writeUInt32BE(location.offset, at + ID_BYTES + 4)
  to.writeUInt32BE(location.length, at + ID_BYTES + 8)
}

export function locationAt(bytes: Buffer, at: number): Location {
  return {
    pack: bytes.readUInt32BE(at + ID_BYTES),
    offset: bytes.readUInt32BE(at + ID_BYTES + 4),
    length: bytes.readUInt32BE(at + ID_BYTES + 8),
  }
}

const prefixAt = (bytes: Buffer, at: number): number => bytes.readUIntBE(at, 6)

export interface RunWriter {
  add(records: Buffer): Promise<void>
  /** Synced to the disk. */
  finish(): Promise<{ count: number; sha256: string }>
  /** Its file may be removed. Idempotent, also after `finish`. */
  close(): Promise<void>
}

export async function createRunWriter(path: string): Promise<RunWriter> {
  const handle = await open(path, 'wx', 0o600)
  const hash = createHash('sha256')
  let bytes = 0
  let isOpen = true
  const close = async (): Promise<void> => {
    if (isOpen) await handle.close()
    isOpen = false
  }
  return {
    add: async (records) => {
      hash.update(records)
      bytes += records.length
      await handle.appendFile(records)
    },
    finish: async () => {
      await handle.datasync()
      await close()
      return { count: bytes / RUN_RECORD_BYTES, sha256: hash.digest('hex') }
    },
    close,
  }
}

/** Reads it once, to check it and to know where its buckets begin. @throws DamagedError */
export async function openRun(path: string, name: string, sha256: string): Promise<Run> {
  const file = openSync(path, 'r')
  const prefixes: number[] = []
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const block of blocksOf(file)) {
      hash.update(block)
      for (let at = 0; at < block.length; at += BUCKET_BYTES) prefixes.push(prefixAt(block, at))
      bytes += block.length
    }
    if (hash.digest('hex') !== sha256) throw new DamagedError(name, 'the index changed on its disk')
  } catch (error) {
    closeSync(file)
    throw error
  }
  const starts = Float64Array.from(prefixes)
  const count = bytes / RUN_RECORD_BYTES
  let isOpen = true
  return {
    name,
    count,
    sha256,
    find: (id, found) => find(file, starts, count, id, found),
    blocks: () => blocksOf(file),
    close: () => {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}

/** Synchronous: a bucket comes from the page cache in microseconds, a turn of the event loop costs more. */
function find(
  file: number,
  starts: Float64Array,
  count: number,
  id: Buffer,
  found: Location[],
): number {
  const prefix = id.readUIntBE(0, 6)
  // The last bucket that begins below: the id may begin in its middle and go on in the next.
  const from = Math.max(0, lowerBound(starts, prefix) - 1)
  let until = from + 1
  while (until < starts.length && starts[until]! <= prefix) until++
  const firstRecord = from * BUCKET_RECORDS
  const records = Math.min(until * BUCKET_RECORDS, count) - firstRecord
  if (records <= 0) return -1
  const bucket = Buffer.allocUnsafe(records * RUN_RECORD_BYTES)
  const read = readSync(file, bucket, 0, bucket.length, firstRecord * RUN_RECORD_BYTES)
  if (read !== bucket.length) throw new DamagedError(null, 'the index changed on its disk')
  let position = -1
  let low = 0
  for (let high = records; low < high;) {
    const middle = (low + high) >> 1
    const at = middle * RUN_RECORD_BYTES
    if (bucket.compare(id, 0, ID_BYTES, at, at + ID_BYTES) < 0) low = middle + 1
    else high = middle
  }
  for (; low < records; low++) {
    const at = low * RUN_RECORD_BYTES
    if (bucket.compare(id, 0, ID_BYTES, at, at + ID_BYTES) !== 0) break
    if (position < 0) position = firstRecord + low
    found.push(locationAt(bucket, at))
  }
  return position
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

const readAsync = promisify(readFile)

/** By descriptor: the file may have lost its name meanwhile. */
async function* blocksOf(file: number): AsyncGenerator<Buffer> {
  let offset = 0
  for (;;) {
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    let bytes = 0
    while (bytes < BLOCK_BYTES) {
      const { bytesRead } = await readAsync(file, block, bytes, BLOCK_BYTES - bytes, offset)
      if (bytesRead === 0) break
      bytes += bytesRead
      offset += bytesRead
    }
    if (bytes === 0) return
    if (bytes % RUN_RECORD_BYTES !== 0) {
      throw new DamagedError(null, 'the index changed on its disk')
    }
    yield block.subarray(0, bytes)
  }
}
