/** A small qcow2 file, made by hand: which of its clusters hold what, and how. */
import { deflateRawSync } from 'node:zlib'

export type Cluster =
  /** As it is, or deflated with what belongs to nobody behind it. */
  | { data: Buffer; isDeflated?: boolean }
  | 'zero'
  /** Never written. */
  | undefined

export const CLUSTER_BYTES = 65_536
const BITS = 16
const SECTOR = 512

/** One table of the second level: 8,192 clusters at the most. */
export function qcow2Of(clusters: readonly Cluster[], size: number): Buffer {
  const header = Buffer.alloc(CLUSTER_BYTES)
  header.writeUInt32BE(0x51_46_49_fb, 0)
  header.writeUInt32BE(3, 4)
  header.writeUInt32BE(BITS, 20)
  header.writeBigUInt64BE(BigInt(size), 24)
  header.writeUInt32BE(1, 36)
  header.writeBigUInt64BE(BigInt(CLUSTER_BYTES), 40)
  header.writeUInt32BE(104, 100)
  const l1 = Buffer.alloc(CLUSTER_BYTES)
  l1.writeBigUInt64BE((1n << 63n) | BigInt(2 * CLUSTER_BYTES), 0)
  const l2 = Buffer.alloc(CLUSTER_BYTES)
  const parts: Buffer[] = [header, l1, l2]
  let end = 3 * CLUSTER_BYTES
  for (const [n, cluster] of clusters.entries()) {
    if (cluster === undefined) continue
    if (cluster === 'zero') {
      l2.writeBigUInt64BE(1n, n * 8)
      continue
    }
    const bytes = cluster.isDeflated ? deflateRawSync(cluster.data) : cluster.data
    const sectors = Math.ceil(bytes.length / SECTOR)
    const entry = cluster.isDeflated
      ? (1n << 62n) | (BigInt(sectors - 1) << BigInt(62 - (BITS - 8))) | BigInt(end)
      : (1n << 63n) | BigInt(end)
    l2.writeBigUInt64BE(entry, n * 8)
    const room = Math.ceil(bytes.length / CLUSTER_BYTES) * CLUSTER_BYTES
    parts.push(bytes, Buffer.alloc(room - bytes.length, 0xff))
    end += room
  }
  return Buffer.concat(parts)
}
