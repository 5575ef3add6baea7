/**
 * `UefiData` as EC2 takes and gives it: `AMZNUEFI`, a CRC-32C, version 0, then the variables, deflated; all of it in
 * base64 (github.com/awslabs/python-uefivars describes it, and reads what we write). AWS's tool deflates with a
 * dictionary that is not ours to carry: what it wrote in that way is refused with the way around it. Also taken:
 * a flash file of EDK2 (`uefivars -o edk2`, `/usr/share/OVMF/OVMF_VARS_4M.ms.fd`).
 */
import { crc32c } from '../../lib/crc32c.ts'
import { deflateSync, inflateSync } from 'node:zlib'
import { invalidValue } from '../../domain/faults.ts'
import { UEFI_NON_VOLATILE, UEFI_TIME_BASED, type UefiVariable } from '../../domain/uefi.ts'
import { uefiVariablesRead } from '../../domain/uefi-store.ts'

const MAGIC = Buffer.from('AMZNUEFI')
const HEADER_BYTES = 16
/** Source: EC2 API reference, RegisterImage: "a maximum of 64 KB". A flash file is emptier than it is long. */
const DATA_BYTES_MAX = 64 * 1024
const FLASH_BYTES_MAX = 1024 * 1024
const VARIABLES_MAX = 1_024
const HAS_DICTIONARY = 0x20
/** What stands for "no time" and "no digest". */
const NO_TIME = Buffer.alloc(16)
const NO_DIGEST = Buffer.alloc(32)

export function uefiDataEncode(variables: readonly UefiVariable[]): string {
  const lasting = variables.filter((one) => one.attributes & UEFI_NON_VOLATILE)
  const body = deflateSync(Buffer.concat([u64(lasting.length), ...lasting.map(variableBytes)]))
  const versioned = Buffer.concat([Buffer.alloc(4), body])
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32c(versioned))
  return Buffer.concat([MAGIC, sum, versioned]).toString('base64')
}

/** @throws Fault `InvalidValue`. */
export function uefiDataDecode(text: string): UefiVariable[] {
  if (text.length > (FLASH_BYTES_MAX * 4) / 3) throw wrong('it is too long')
  const bytes = Buffer.from(text, 'base64')
  try {
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return uefiVariablesRead(bytes)
    if (bytes.length < HEADER_BYTES + 2) throw new Error('it is cut off')
    if (bytes.length > DATA_BYTES_MAX) throw new Error('at most 64 KB')
    const versioned = bytes.subarray(12)
    if (bytes.readUInt32LE(8) !== crc32c(versioned)) throw new Error('its checksum is wrong')
    if (versioned.readUInt32LE(0) !== 0) throw new Error('its version is not 0')
    const body = versioned.subarray(4)
    if (body[1]! & HAS_DICTIONARY) {
      throw new Error(
        "it is compressed with AWS's dictionary, which is not here: give the variables as a flash file (uefivars -o edk2)",
      )
    }
    return variablesOf(inflateSync(body, { maxOutputLength: FLASH_BYTES_MAX }))
  } catch (error) {
    throw wrong((error as Error).message)
  }
}

function wrong(reason: string) {
  return invalidValue('UefiData', '…', reason)
}

function variableBytes({ name, guid, attributes, data, timestamp }: UefiVariable): Buffer {
  const flags = Buffer.alloc(4)
  flags.writeUInt32LE(attributes)
  const time = timestamp ? Buffer.from(timestamp, 'hex') : NO_TIME
  const parts = [sized(Buffer.from(name)), sized(Buffer.from(data, 'base64'))]
  const tail = attributes & UEFI_TIME_BASED ? [time, sized(NO_DIGEST)] : []
  return Buffer.concat([...parts, Buffer.from(guid, 'hex'), flags, ...tail])
}

function variablesOf(body: Buffer): UefiVariable[] {
  let at = 0
  const take = (length: number): Buffer => {
    if (at + length > body.length) throw new Error('it is cut off')
    at += length
    return body.subarray(at - length, at)
  }
  const length = (): number => {
    const value = take(8).readBigUInt64LE()
    if (value > BigInt(body.length)) throw new Error('it is cut off')
    return Number(value)
  }
  const count = length()
  if (count > VARIABLES_MAX) throw new Error(`more than ${VARIABLES_MAX} variables`)
  return Array.from({ length: count }, () => {
    const name = take(length()).toString()
    const data = take(length()).toString('base64')
    const guid = take(16).toString('hex')
    const attributes = take(4).readUInt32LE()
    const isTimed = (attributes & UEFI_TIME_BASED) !== 0
    const time = isTimed ? take(16) : NO_TIME
    if (isTimed) take(length())
    return {
      name,
      guid,
      attributes,
      data,
      timestamp: time.equals(NO_TIME) ? null : time.toString('hex'),
    }
  })
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([u64(bytes.length), bytes])
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
