/**
 * A qcow2 file (QEMU, docs/interop/qcow2.rst) read as the raw disk that it holds: what its tables name, clusters that
 * are deflated too. It is somebody's file: whatever its tables say, nothing but this file is read, and no more at once
 * than the limits here. Pure, but for the reading that it is given.
 */
import { t } from '../text/t.ts'
import { inflated } from './inflate.ts'

export interface Disk {
  /** Of the disk, not of its file. */
  size: number
  /** Null: nothing but zeros is there, by its tables. @throws where the file is damaged. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer> | null>
}

export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>

const HEADER_BYTES = 112
const MAGIC = 0x51_46_49_fb
const CLUSTER_BITS = { min: 9, max: 21 }
/** As QEMU has it. */
const L1_BYTES_MAX = 32 * 1024 * 1024
/** 64 TiB: more than any volume. */
const SIZE_MAX = 2 ** 46
/** Tables kept: disks are read from their beginning to their end. */
const TABLES_MAX = 4
const OFFSET = 0x00ff_ffff_ffff_fe00n
const COMPRESSED = 1n << 62n
const ZERO = 1n
const SECTOR = 512
/** Incompatible features that change nothing for a reader: it was not closed; how it compresses is said. */
const HARMLESS = 0b1001n

interface Header {
  clusterBits: number
  size: number
  l1: DataView
}

async function headerOf(read: ReadAt): Promise<Header> {
  const bytes = await read(0, HEADER_BYTES)
  if (bytes.length < 72) throw new Error(t('it is shorter than a header'))
  const view = viewOf(bytes)
  const version = view.getUint32(4)
  if (view.getUint32(0) !== MAGIC || (version !== 2 && version !== 3)) {
    throw new Error(t('it is no qcow2 of version 2 or 3'))
  }
  if (view.getBigUint64(8) !== 0n) throw new Error(t('it is a change upon another disk: commit it'))
  if (view.getUint32(32) !== 0) throw new Error(t('it is encrypted'))
  const features = version === 3 && bytes.length >= 104 ? view.getBigUint64(72) : 0n
  const hasMore = version === 3 && bytes.length >= 105 && view.getUint32(100) > 104
  if ((features & ~HARMLESS) !== 0n || (hasMore && bytes[104] !== 0)) {
    throw new Error(t('it has features that cannot be read here'))
  }
  const clusterBits = view.getUint32(20)
  const size = Number(view.getBigUint64(24))
  const l1Bytes = view.getUint32(36) * 8
  const isFitting =
    clusterBits >= CLUSTER_BITS.min && clusterBits <= CLUSTER_BITS.max && size <= SIZE_MAX
  // A table of the second level takes one cluster, eight bytes an entry.
  const covers = (l1Bytes / 8) * 2 ** (2 * clusterBits - 3)
  if (!isFitting || l1Bytes > L1_BYTES_MAX || covers < size) throw damaged()
  const l1 = await whole(read, Number(view.getBigUint64(40)), l1Bytes)
  return { clusterBits, size, l1: viewOf(l1) }
}

/** @throws with words for what it is that cannot be read. */
export async function qcow2Open(read: ReadAt): Promise<Disk> {
  const { clusterBits, size, l1 } = await headerOf(read)
  const clusterBytes = 2 ** clusterBits
  const perTable = clusterBytes / 8
  const tables = new Map<number, Promise<DataView>>()
  const tableAt = (offset: number): Promise<DataView> => {
    const kept = tables.get(offset)
    if (kept) return kept
    const table = whole(read, offset, clusterBytes).then(viewOf)
    if (tables.size >= TABLES_MAX) tables.delete(tables.keys().next().value!)
    tables.set(offset, table)
    return table
  }
  const entryOf = async (cluster: number): Promise<bigint> => {
    const offset = Number(l1.getBigUint64(Math.floor(cluster / perTable) * 8) & OFFSET)
    return offset === 0 ? 0n : (await tableAt(offset)).getBigUint64((cluster % perTable) * 8)
  }
  /** A large one is read piece by piece, and inflated once. */
  let last: { entry: bigint; bytes: Promise<Uint8Array> } | null = null
  /** Null: it holds nothing. */
  const clusterOf = async (cluster: number): Promise<Uint8Array | null> => {
    const entry = await entryOf(cluster)
    if (entry === last?.entry) return last.bytes
    if ((entry & COMPRESSED) !== 0n) {
      const bits = BigInt(62 - (clusterBits - 8))
      const offset = Number(entry & ((1n << bits) - 1n))
      const sectors = Number((entry & (COMPRESSED - 1n)) >> bits) + 1
      // The last one may end with the file.
      const bytes = read(offset, sectors * SECTOR - (offset % SECTOR)).then((packed) =>
        inflated(packed, clusterBytes),
      )
      last = { entry, bytes }
      return bytes
    }
    const offset = Number(entry & OFFSET)
    return (entry & ZERO) !== 0n || offset === 0 ? null : whole(read, offset, clusterBytes)
  }
  return {
    size,
    read: async (offset, length) => {
      const wanted = Math.max(0, Math.min(length, size - offset))
      let out: Uint8Array<ArrayBuffer> | null = null
      for (let at = 0; at < wanted;) {
        const from = (offset + at) % clusterBytes
        const count = Math.min(clusterBytes - from, wanted - at)
        const bytes = await clusterOf(Math.floor((offset + at) / clusterBytes))
        if (bytes) (out ??= new Uint8Array(wanted)).set(bytes.subarray(from, from + count), at)
        at += count
      }
      return out
    },
  }
}

const damaged = (): Error => new Error(t('it is damaged'))

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

async function whole(read: ReadAt, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await read(offset, length)
  if (bytes.length < length) throw damaged()
  return bytes
}
