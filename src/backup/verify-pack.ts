/** Whether every byte of a pack is what was written: header, each record, nothing between them, footer, trailer. */
import type { Decoders } from './decoders.ts'
import { DamagedError } from './errors.ts'
import { BLOB, PACK_BYTES_MAX } from './format.ts'
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
import { eachOf } from './pool.ts'

/** Read in one go: a pack as a whole, new each time, would make the process grow. */
const READ_BYTES = 1024 * 1024
/** While some are opened, others are read. */
const GROUPS_AT_ONCE = 4

export interface PackCheck {
  /** Empty: all is well. */
  reasons: string[]
  /** Of records that cannot be read. */
  badOffsets: number[]
}

export interface PackSource {
  packId: string
  sizeBytes: number
  read(offset: number, length: number): Promise<Buffer>
}

export async function checkPack(
  keys: VaultKeys,
  pack: PackSource,
  decoders: Decoders,
): Promise<PackCheck> {
  const { packId, sizeBytes } = pack
  const file = BLOB.pack(packId)
  const check: PackCheck = { reasons: [], badOffsets: [] }
  const note = (error: unknown): void => {
    if (!(error instanceof DamagedError)) throw error
    check.reasons.push(error.reason)
  }
  if (sizeBytes > PACK_BYTES_MAX) {
    check.reasons.push('it is larger than packs are')
    return check
  }
  const header = await pack.read(0, Math.min(PACK_HEADER_BYTES, sizeBytes))
  if (!isPackHeader(packId, header)) check.reasons.push('the header is not what was written')
  let entries: PackEntry[]
  try {
    entries = await entriesOf(keys, pack)
  } catch (error) {
    note(error)
    entries = scanRecords(await pack.read(0, sizeBytes))
  }
  const key = { packKey: keys.packKey(Buffer.from(packId, 'hex')), idKey: keys.idKey }
  await eachOf(groupsOf(entries), GROUPS_AT_ONCE, async (group) => {
    const start = group[0]!.offset
    const end = Math.min(sizeBytes, group.at(-1)!.offset + group.at(-1)!.length)
    const bytes = await pack.read(start, end - start)
    const ids = Buffer.concat(group.map(({ id }) => id))
    const records = group.map(({ offset, length }) => ({ at: offset - start, length }))
    const reasons = await decoders.decode({ file, ...key, ids, records, bytes })
    for (const [at, reason] of reasons.entries()) {
      if (reason === null) continue
      check.reasons.push(reason)
      check.badOffsets.push(group[at]!.offset)
    }
  })
  return check
}

/** @throws DamagedError unless the footer is genuine and records fill all that is before it. */
async function entriesOf(keys: VaultKeys, pack: PackSource): Promise<PackEntry[]> {
  const { packId, sizeBytes } = pack
  const trailerBytes = Math.min(TRAILER_BYTES, sizeBytes)
  const trailer = await pack.read(sizeBytes - trailerBytes, trailerBytes)
  const length = footerLength(packId, trailer)
  if (length > sizeBytes) throw new DamagedError(BLOB.pack(packId), 'the pack was cut')
  const footer = await pack.read(sizeBytes - length, length)
  const entries = parseFooter(keys, packId, footer, sizeBytes)
  let end = PACK_HEADER_BYTES
  for (const entry of entries) if (entry.offset === end) end += entry.length
  if (end === sizeBytes - length) return entries
  throw new DamagedError(BLOB.pack(packId), 'records do not follow each other')
}

function* groupsOf(entries: readonly PackEntry[]): Generator<PackEntry[]> {
  let group: PackEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    if (bytes + entry.length > READ_BYTES && group.length > 0) {
      yield group
      group = []
      bytes = 0
    }
    group.push(entry)
    bytes += entry.length
  }
  if (group.length > 0) yield group
}
