/**
 * The variables in OVMF's flash file: read, and put into an empty one before a machine's first start. Pure. The format
 * is EDK2's: a firmware volume with one store of authenticated variables (MdeModulePkg, VariableFormat.h); what follows
 * the store is scratch space of the firmware's own.
 */
import type { UefiVariable } from './uefi.ts'
import { assert } from '../lib/assert.ts'

const STORE_AT = 0x48
const RECORDS_AT = STORE_AT + 28
const HEADER_BYTES = 60
const START = 0x55aa
/** Every other state is a record half written, or superseded. */
const ADDED = 0x3f
const STORE_GUID = '782cf3aa7b949a43a1802e144ec37792'
/** A bookkeeping variable of the firmware that it makes anew. */
const CERT_DB = 'certdb'
const RECORDS_MAX = 4_096

interface Store {
  end: number
  /** Where the next record goes. */
  freeAt: number
  variables: UefiVariable[]
}

/** Its beginning is enough: what follows the last variable is empty. */
export function uefiVariablesRead(flash: Buffer): UefiVariable[] {
  return storeRead(flash).variables
}

/** A flash file with these variables added. @throws Error when they do not fit. */
export function uefiVariablesAdd(flash: Buffer, variables: readonly UefiVariable[]): Buffer {
  const { end, freeAt } = storeRead(flash)
  const records = variables.filter((one) => one.name !== CERT_DB).map(recordOf)
  const added = Buffer.concat(records)
  if (freeAt + added.length > Math.min(end, flash.length)) {
    throw new Error(`the UEFI variables take ${added.length} bytes, ${end - freeAt} are free`)
  }
  const result = Buffer.from(flash)
  added.copy(result, freeAt)
  return result
}

function storeRead(flash: Buffer): Store {
  const isStore =
    flash.length > RECORDS_AT &&
    flash.toString('latin1', 40, 44) === '_FVH' &&
    flash.toString('hex', STORE_AT, STORE_AT + 16) === STORE_GUID
  if (!isStore) throw new Error('not a store of UEFI variables')
  const end = STORE_AT + flash.readUInt32LE(STORE_AT + 16)
  const variables: UefiVariable[] = []
  let at = RECORDS_AT
  const known = Math.min(end, flash.length)
  for (let count = 0; at + HEADER_BYTES <= known && flash.readUInt16LE(at) === START; count++) {
    assert(count < RECORDS_MAX, 'a store of UEFI variables without end')
    const nameBytes = flash.readUInt32LE(at + 36)
    const dataBytes = flash.readUInt32LE(at + 40)
    const dataAt = at + HEADER_BYTES + nameBytes
    if (dataAt + dataBytes > known) throw new Error('a UEFI variable reaches beyond its store')
    if (flash[at + 2] === ADDED) {
      const timestamp = flash.toString('hex', at + 16, at + 32)
      const name = flash.toString('utf16le', at + HEADER_BYTES, dataAt).replace(/\0+$/, '')
      variables.push({
        name,
        guid: flash.toString('hex', at + 44, at + HEADER_BYTES),
        attributes: flash.readUInt32LE(at + 4),
        data: flash.toString('base64', dataAt, dataAt + dataBytes),
        timestamp: /^0+$/.test(timestamp) ? null : timestamp,
      })
    }
    at = aligned(dataAt + dataBytes)
  }
  return { end, freeAt: at, variables: variables.filter((one) => one.name !== CERT_DB) }
}

function recordOf({ name, guid, attributes, data, timestamp }: UefiVariable): Buffer {
  const nameBytes = Buffer.from(`${name}\0`, 'utf16le')
  const dataBytes = Buffer.from(data, 'base64')
  const bytes = Buffer.alloc(aligned(HEADER_BYTES + nameBytes.length + dataBytes.length), 0xff)
  bytes.fill(0, 0, HEADER_BYTES)
  bytes.writeUInt16LE(START, 0)
  bytes[2] = ADDED
  bytes.writeUInt32LE(attributes, 4)
  if (timestamp) Buffer.from(timestamp, 'hex').copy(bytes, 16)
  bytes.writeUInt32LE(nameBytes.length, 36)
  bytes.writeUInt32LE(dataBytes.length, 40)
  Buffer.from(guid, 'hex').copy(bytes, 44)
  nameBytes.copy(bytes, HEADER_BYTES)
  dataBytes.copy(bytes, HEADER_BYTES + nameBytes.length)
  return bytes
}

function aligned(at: number): number {
  return (at + 3) & ~3
}
