/** Whether every byte of a pack is what was written: header, each record, nothing between them, footer, trailer. */
import { DamagedError } from './errors.ts'
import { BLOB } from './format.ts'
import type { VaultKeys } from './keys.ts'
import {
  footerLength,
  isPackHeader,
  PACK_HEADER_BYTES,
  parseFooter,
  scanRecords,
  TRAILER_BYTES,
  type PackEntry,
} from './pack.ts'
import { unseal } from './record.ts'

export interface PackCheck {
  /** Empty: all is well. */
  reasons: string[]
  /** Of records that cannot be read. */
  badOffsets: number[]
}

export async function checkPack(keys: VaultKeys, packId: string, pack: Buffer): Promise<PackCheck> {
  const reasons: string[] = []
  const badOffsets: number[] = []
  const note = (error: unknown): void => {
    if (!(error instanceof DamagedError)) throw error
    reasons.push(error.reason)
  }
  if (!isPackHeader(packId, pack)) reasons.push('the header is not what was written')
  let entries: PackEntry[]
  try {
    const length = footerLength(packId, pack.subarray(-TRAILER_BYTES))
    if (length > pack.length) throw new DamagedError(BLOB.pack(packId), 'the pack was cut')
    entries = parseFooter(keys, packId, pack.subarray(-length), pack.length)
    let end = PACK_HEADER_BYTES
    for (const entry of entries) if (entry.offset === end) end += entry.length
    if (end !== pack.length - length) reasons.push('records do not follow each other')
  } catch (error) {
    note(error)
    entries = scanRecords(pack)
  }
  const key = keys.packKey(Buffer.from(packId, 'hex'))
  for (const { id, offset, length } of entries) {
    try {
      const bytes = pack.subarray(offset, offset + length)
      const { header, plain } = await unseal(key, bytes, { id, file: BLOB.pack(packId) })
      if (!keys.idOf(header.kind, plain).equals(id)) {
        throw new DamagedError(BLOB.pack(packId), 'a chunk has not its id')
      }
    } catch (error) {
      note(error)
      badOffsets.push(offset)
    }
  }
  return { reasons, badOffsets }
}
