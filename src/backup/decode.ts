/**
 * Records of one pack that were read together, decrypted, decompressed and checked against their ids, in one go: what a
 * thread of decoders.ts does, and all it does. What is good lies where it is wanted; of what is not, why.
 */
import { DamagedError } from './errors.ts'
import { ID_BYTES } from './format.ts'
import { idOf } from './keys.ts'
import { letGo, unsealNow } from './record.ts'

export interface RecordAt {
  /** Within `bytes`, the whole record. */
  at: number
  length: number
  /** Where its content is to go, and how long it is to be; absent: it is checked, and not wanted. */
  to?: { memory: SharedArrayBuffer; offset: number; length: number }
}

export interface DecodeTask {
  /** Of the pack, named when a record is damaged. */
  file: string
  packKey: Uint8Array
  idKey: Uint8Array
  /** 32 bytes for each record, in their order. */
  ids: Uint8Array
  records: readonly RecordAt[]
  /** Taken over. */
  bytes: Uint8Array
}

/** For each record null, or why it is not what was written. */
export function decode(task: DecodeTask): (string | null)[] {
  const bytes = Buffer.from(task.bytes.buffer, task.bytes.byteOffset, task.bytes.length)
  const reasons = task.records.map((record, index) => {
    try {
      decodeOne(task, bytes, record, task.ids.subarray(index * ID_BYTES, (index + 1) * ID_BYTES))
      return null
    } catch (error) {
      if (error instanceof DamagedError) return error.reason
      throw error
    }
  })
  letGo(bytes)
  return reasons
}

function decodeOne(
  { file, packKey, idKey }: DecodeTask,
  bytes: Buffer,
  { at, length, to }: RecordAt,
  id: Uint8Array,
): void {
  const { header, plain } = unsealNow(packKey, bytes.subarray(at, at + length), { id, file })
  if (!idOf(idKey, header.kind, plain).equals(id)) {
    throw new DamagedError(file, 'a chunk has not its id')
  }
  if (to) {
    if (plain.length !== to.length) throw new DamagedError(file, 'a chunk is of another disk')
    new Uint8Array(to.memory, to.offset, to.length).set(plain)
  }
  letGo(plain)
}
