/**
 * An empty qcow2 file, made here rather than by `qemu-img create`: a snapshot waits a millisecond instead of thirty,
 * and an encrypted one not for QEMU's measurement (luks.ts). `qemu-img check` agrees (test/host).
 * Source: https://www.qemu.org/docs/master/interop/qcow2.html
 *
 * `extended_l2` with 128 KiB clusters: a guest's first 4 KiB write to a block of the image copies nothing, where
 * plain 64 KiB clusters copy sixteen times what was written; the metadata still covers 256 GiB from the default cache.
 * A file that lies on layers has clusters of 16 KiB and no subclusters: what lies beneath is copied into it while a
 * machine runs, and QEMU before 8.2 dies of that where only a part of a cluster is its own (docs/decisions/0080).
 * No preallocation: volumes of any size are made at once, and space is taken when written. No `lazy_refcounts`: they
 * save little with write-back flushes, and after a crash would scan the whole volume before its machine starts.
 */
import { open } from 'node:fs/promises'
import type { DiskBacking } from '../../domain/machine.ts'
import { assert } from '../../lib/assert.ts'
import { LUKS_HEADER_BYTES, luksHeader } from '../luks.ts'

/** The entries of a table of clusters: of eight bytes, or of sixteen with a bitmap of 32 subclusters each. */
const SHAPES = {
  subclusters: { bits: 17, entryBytes: 16 },
  plain: { bits: 14, entryBytes: 8 },
}
const INCOMPATIBLE_EXTENDED_L2 = 1n << 4n
const CRYPT_LUKS = 2
const EXTENSION_BACKING_FORMAT = 0xe2792aca
const EXTENSION_CRYPTO = 0x0537be77
const HEADER_LENGTH = 104
const NAME_BYTES_MAX = 1023

export interface NewQcow2 {
  sizeBytes: number
  backing: Pick<DiskBacking, 'path' | 'format'> | null
  /** A passphrase of 32 random bytes in base64; null: not encrypted. */
  key: string | null
  /** What lies beneath will be copied into it while a machine runs. */
  isCopiedInto?: boolean
}

/** The file must not exist. Not synced. */
export async function qcow2Make(path: string, file: NewQcow2): Promise<void> {
  const { bits, entryBytes } = shapeOf(file)
  const cluster = 2 ** bits
  const l1Entries = Math.ceil(file.sizeBytes / (cluster * (cluster / entryBytes)))
  const l1Clusters = Math.max(1, Math.ceil((l1Entries * 8) / cluster))
  const cryptoClusters = file.key === null ? 0 : Math.ceil(LUKS_HEADER_BYTES / cluster)
  // The header, the table of refcounts, their one block, then the rest.
  const l1At = 3 * cluster
  const cryptoAt = l1At + l1Clusters * cluster
  const clusters = 3 + l1Clusters + cryptoClusters
  assert(clusters <= cluster / 2, 'an empty qcow2 file with more than one block of refcounts')
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.truncate(clusters * cluster)
    await handle.write(headerOf(file, { l1Entries, l1At, cryptoAt }), 0, undefined, 0)
    const table = Buffer.alloc(8)
    table.writeBigUInt64BE(BigInt(2 * cluster))
    await handle.write(table, 0, undefined, cluster)
    const counts = Buffer.alloc(clusters * 2)
    for (let index = 0; index < clusters; index++) counts.writeUInt16BE(1, index * 2)
    await handle.write(counts, 0, undefined, 2 * cluster)
    if (file.key !== null) await handle.write(luksHeader(file.key), 0, undefined, cryptoAt)
  } finally {
    await handle.close()
  }
}

function shapeOf({ isCopiedInto = false }: NewQcow2) {
  return isCopiedInto ? SHAPES.plain : SHAPES.subclusters
}

function headerOf(
  file: NewQcow2,
  { l1Entries, l1At, cryptoAt }: { l1Entries: number; l1At: number; cryptoAt: number },
): Buffer {
  const { sizeBytes, backing, key, isCopiedInto = false } = file
  const { bits } = shapeOf(file)
  const header = Buffer.alloc(HEADER_LENGTH)
  header.writeUInt32BE(0x514649fb, 0)
  header.writeUInt32BE(3, 4)
  header.writeUInt32BE(bits, 20)
  header.writeBigUInt64BE(BigInt(sizeBytes), 24)
  header.writeUInt32BE(key === null ? 0 : CRYPT_LUKS, 32)
  header.writeUInt32BE(l1Entries, 36)
  header.writeBigUInt64BE(BigInt(l1At), 40)
  header.writeBigUInt64BE(BigInt(2 ** bits), 48)
  header.writeUInt32BE(1, 56)
  header.writeBigUInt64BE(isCopiedInto ? 0n : INCOMPATIBLE_EXTENDED_L2, 72)
  header.writeUInt32BE(4, 96)
  header.writeUInt32BE(HEADER_LENGTH, 100)
  const parts: Buffer[] = [header]
  if (backing) parts.push(extension(EXTENSION_BACKING_FORMAT, Buffer.from(backing.format)))
  if (key !== null) {
    const pointer = Buffer.alloc(16)
    pointer.writeBigUInt64BE(BigInt(cryptoAt), 0)
    pointer.writeBigUInt64BE(BigInt(LUKS_HEADER_BYTES), 8)
    parts.push(extension(EXTENSION_CRYPTO, pointer))
  }
  parts.push(Buffer.alloc(8))
  if (backing) {
    const name = Buffer.from(backing.path)
    assert(name.length <= NAME_BYTES_MAX, `the path of ${backing.path} is too long for qcow2`)
    const at = parts.reduce((sum, part) => sum + part.length, 0)
    header.writeBigUInt64BE(BigInt(at), 8)
    header.writeUInt32BE(name.length, 16)
    parts.push(name)
  }
  return Buffer.concat(parts)
}

function extension(type: number, data: Buffer): Buffer {
  const out = Buffer.alloc(8 + Math.ceil(data.length / 8) * 8)
  out.writeUInt32BE(type, 0)
  out.writeUInt32BE(data.length, 4)
  data.copy(out, 8)
  return out
}
