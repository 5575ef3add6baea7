/**
 * The first bytes of a qcow2 file: its size and what lies beneath it. Reading them ourselves costs 0.3 ms where
 * `qemu-img info` costs 10. Pure. https://www.qemu.org/docs/master/interop/qcow2.html
 */

const MAGIC = 0x514649fb
const INCOMPATIBLE_EXTENDED_L2 = 1n << 4n
const EXTENSION_BACKING_FORMAT = 0xe2792aca
/** The specification's limit for a backing file's name. */
const NAME_BYTES_MAX = 1023
/** The header, its extensions and the name lie in the first cluster; ours come well before this. */
export const HEADER_BYTES = 64 * 1024

export interface Qcow2Header {
  version: number
  sizeBytes: number
  clusterBytes: number
  hasSubclusters: boolean
  backing: { path: string; format: 'qcow2' | 'raw' } | null
}

/** @throws Error when it is not a qcow2 file we could have made. */
export function qcow2HeaderParse(bytes: Buffer): Qcow2Header {
  if (bytes.length < 104 || bytes.readUInt32BE(0) !== MAGIC) throw new Error('not a qcow2 file')
  const version = bytes.readUInt32BE(4)
  if (version !== 3) throw new Error(`a qcow2 file of version ${version}`)
  const nameOffset = Number(bytes.readBigUInt64BE(8))
  const nameLength = bytes.readUInt32BE(16)
  const name = nameOffset === 0 ? null : readText(bytes, nameOffset, nameLength)
  return {
    version,
    sizeBytes: Number(bytes.readBigUInt64BE(24)),
    clusterBytes: 2 ** bytes.readUInt32BE(20),
    hasSubclusters: (bytes.readBigUInt64BE(72) & INCOMPATIBLE_EXTENDED_L2) !== 0n,
    backing: name === null ? null : { path: name, format: backingFormat(bytes) },
  }
}

function readText(bytes: Buffer, offset: number, length: number): string {
  if (length > NAME_BYTES_MAX || offset + length > bytes.length) {
    throw new Error('a qcow2 file with a name out of bounds')
  }
  return bytes.toString('utf8', offset, offset + length)
}

/** A backing file whose format is not fixed would be guessed by QEMU from what a guest wrote: refused. */
function backingFormat(bytes: Buffer): 'qcow2' | 'raw' {
  let offset = bytes.readUInt32BE(100)
  while (offset + 8 <= bytes.length) {
    const type = bytes.readUInt32BE(offset)
    const length = bytes.readUInt32BE(offset + 4)
    if (type === 0) break
    if (type === EXTENSION_BACKING_FORMAT) {
      const format = readText(bytes, offset + 8, length)
      if (format === 'qcow2' || format === 'raw') return format
      throw new Error(`a backing file of format ${format}`)
    }
    offset += 8 + Math.ceil(length / 8) * 8
  }
  throw new Error('a qcow2 file whose backing format is not fixed')
}
