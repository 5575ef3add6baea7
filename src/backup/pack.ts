/**
 * Packs: a header, records one after the other, a footer that lists them and a trailer that vouches for header and
 * footer. Pure: bytes in, bytes out. A pack whose footer is lost can still be read record by record (`scanRecords`).
 */
import { DamagedError } from './errors.ts'
import { BLOB, CHUNK_BYTES, FORMAT_VERSION, ID_BYTES, PACK_RECORDS_MAX } from './format.ts'
import { isSame, type VaultKeys } from './keys.ts'
import { parseHeader, RECORD_HEADER_BYTES, RECORD_OVERHEAD_BYTES } from './record.ts'

const MAGIC = Buffer.from('BRUMPACK')
const MAGIC_END = Buffer.from('BRUMPEND')
const PACK_ID_BYTES = 16
const MAC_BYTES = 32
export const PACK_HEADER_BYTES = 32
export const ENTRY_BYTES = ID_BYTES + 8
export const TRAILER_BYTES = 8 + MAC_BYTES + MAGIC_END.length
const RECORD_BYTES_MAX = CHUNK_BYTES + RECORD_OVERHEAD_BYTES
export const FOOTER_BYTES_MAX = PACK_RECORDS_MAX * ENTRY_BYTES + TRAILER_BYTES

export interface PackEntry {
  id: Buffer
  offset: number
  /** Of the whole record. */
  length: number
}

export function packHeader(packId: string): Buffer {
  const header = Buffer.alloc(PACK_HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt16BE(FORMAT_VERSION, 8)
  header.write(packId, 16, PACK_ID_BYTES, 'hex')
  return header
}

/** Footer and trailer. `footerOffset`: where they begin. */
export function packFooter(
  keys: VaultKeys,
  packId: string,
  entries: readonly PackEntry[],
  footerOffset: number,
): Buffer {
  const listBytes = entries.length * ENTRY_BYTES
  const footer = Buffer.alloc(listBytes + TRAILER_BYTES)
  entries.forEach(({ id, offset, length }, index) => {
    const at = index * ENTRY_BYTES
    id.copy(footer, at)
    footer.writeUInt32BE(offset, at + ID_BYTES)
    footer.writeUInt32BE(length, at + ID_BYTES + 4)
  })
  footer.writeUInt32BE(entries.length, listBytes)
  footer.writeUInt32BE(footerOffset, listBytes + 4)
  keys.mac(packHeader(packId), footer.subarray(0, listBytes + 8)).copy(footer, listBytes + 8)
  MAGIC_END.copy(footer, listBytes + 8 + MAC_BYTES)
  return footer
}

/** How many bytes from a pack's end hold footer and trailer, from its last `TRAILER_BYTES`. @throws DamagedError */
export function footerLength(packId: string, trailer: Buffer): number {
  const file = BLOB.pack(packId)
  if (trailer.length < TRAILER_BYTES || !trailer.subarray(-MAGIC_END.length).equals(MAGIC_END)) {
    throw new DamagedError(file, 'the pack has no end: it was cut, or its last bytes changed')
  }
  const count = trailer.readUInt32BE(trailer.length - TRAILER_BYTES)
  if (count > PACK_RECORDS_MAX) throw new DamagedError(file, 'the footer is not what was written')
  return count * ENTRY_BYTES + TRAILER_BYTES
}

/** The entries of a footer with its trailer. @throws DamagedError unless this vault's key wrote it for this pack. */
export function parseFooter(
  keys: VaultKeys,
  packId: string,
  footer: Buffer,
  sizeBytes: number,
): PackEntry[] {
  const file = BLOB.pack(packId)
  const listBytes = footer.length - TRAILER_BYTES
  const mac = keys.mac(packHeader(packId), footer.subarray(0, listBytes + 8))
  if (!isSame(mac, footer.subarray(listBytes + 8, listBytes + 8 + MAC_BYTES))) {
    throw new DamagedError(file, 'the footer is not what was written')
  }
  if (footer.readUInt32BE(listBytes + 4) + footer.length !== sizeBytes) {
    throw new DamagedError(file, 'the pack has not its length')
  }
  const entries: PackEntry[] = []
  for (let at = 0; at < listBytes; at += ENTRY_BYTES) {
    // Copies: a view would keep the whole footer in memory.
    const id = Buffer.from(footer.subarray(at, at + ID_BYTES))
    const offset = footer.readUInt32BE(at + ID_BYTES)
    const length = footer.readUInt32BE(at + ID_BYTES + 4)
    if (length > RECORD_BYTES_MAX || offset + length > sizeBytes) {
      throw new DamagedError(file, 'the footer names what lies outside of the pack')
    }
    entries.push({ id, offset, length })
  }
  return entries
}

/** Whether the first bytes of a pack are what was written. */
export function isPackHeader(packId: string, bytes: Buffer): boolean {
  return packHeader(packId).equals(bytes.subarray(0, PACK_HEADER_BYTES))
}

/**
 * What looks like records in a whole pack, by their own headers, up to the first that does not. For a pack whose
 * footer is lost: the caller opens each, which tells whether it is one.
 */
export function scanRecords(pack: Buffer): PackEntry[] {
  const entries: PackEntry[] = []
  let offset = PACK_HEADER_BYTES
  while (offset + RECORD_HEADER_BYTES <= pack.length) {
    const header = parseHeader(pack.subarray(offset, offset + RECORD_HEADER_BYTES))
    if (header === null || offset + header.recordBytes > pack.length) break
    entries.push({ id: Buffer.from(header.id), offset, length: header.recordBytes })
    offset += header.recordBytes
  }
  return entries
}
