/** A disk image as blocks for EBS direct: only those that hold something are sent. Pure, but for reading the file. */

/** EBS's own. */
export const BLOCK_BYTES = 524_288

export function blockCount(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES)
}

/** Zeros need not be sent: they are what a new snapshot reads. */
export function isZero(bytes: Uint8Array): boolean {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 8))
  for (const word of words) if (word !== 0n) return false
  for (let n = words.length * 8; n < bytes.length; n++) if (bytes[n] !== 0) return false
  return true
}

/** The block as it is sent: the last one is filled up with zeros. */
export function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(bytes)
  return block
}

/** What a disk file begins with, where it is none of ours to send as it is. Undefined: taken for raw. */
export function foreignFormat(head: Uint8Array): string | undefined {
  const text = String.fromCharCode(...head.subarray(0, 8))
  if (text.startsWith('QFI\u{fb}')) return 'qcow2'
  if (text.startsWith('KDMV') || text.startsWith('# Disk D')) return 'VMDK'
  if (text.startsWith('vhdxfile')) return 'VHDX'
  if (text.startsWith('conectix')) return 'VHD'
  if (text.startsWith('\u001f\u008b')) return 'gzip'
  if (text.startsWith('\u00fd7zXZ')) return 'xz'
  return undefined
}
