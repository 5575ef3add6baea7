/** Variables of UEFI firmware, in the firmware's own file and as EC2 says them. */
import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { uefiDataDecode, uefiDataEncode } from '../../../src/aws/ec2/uefi-data.ts'
import { crc32c } from '../../../src/lib/crc32c.ts'
import { hasPlatformKey, type UefiVariable } from '../../../src/domain/uefi.ts'
import { uefiVariablesAdd, uefiVariablesRead } from '../../../src/domain/uefi-store.ts'

const STORE_BYTES = 4096
const VARIABLES: UefiVariable[] = [
  {
    name: 'PK',
    guid: '61dfe48bca93d211aa0d00e098032b8c',
    attributes: 0x27,
    data: Buffer.from('a platform key').toString('base64'),
    timestamp: 'e907031504052b000000000000000000',
  },
  {
    name: 'Boot0001',
    guid: '61dfe48bca93d211aa0d00e098032b8c',
    attributes: 7,
    data: Buffer.from([1, 2, 3]).toString('base64'),
    timestamp: null,
  },
]

function emptyFlash(): Buffer {
  const flash = Buffer.alloc(8192, 0xff)
  flash.fill(0, 0, 0x64)
  flash.write('_FVH', 40, 'latin1')
  Buffer.from('782cf3aa7b949a43a1802e144ec37792', 'hex').copy(flash, 0x48)
  flash.writeUInt32LE(STORE_BYTES, 0x48 + 16)
  return flash
}

test('variables that are put into a flash file are there, after those that were', () => {
  const first = uefiVariablesAdd(emptyFlash(), VARIABLES.slice(0, 1))
  const both = uefiVariablesAdd(first, VARIABLES.slice(1))
  expect(uefiVariablesRead(both)).toEqual(VARIABLES)
  expect(both).toHaveLength(emptyFlash().length)
  expect([hasPlatformKey(VARIABLES), hasPlatformKey(VARIABLES.slice(1))]).toEqual([true, false])
})

test('a variable that was superseded is not there any more', () => {
  const flash = uefiVariablesAdd(emptyFlash(), VARIABLES)
  flash[0x64 + 2] = 0x3c
  expect(uefiVariablesRead(flash)).toEqual(VARIABLES.slice(1))
})

test('what does not fit, and what is no store, is refused', () => {
  const long = { ...VARIABLES[1]!, data: Buffer.alloc(STORE_BYTES).toString('base64') }
  expect(() => uefiVariablesAdd(emptyFlash(), [long])).toThrow(/bytes/)
  expect(() => uefiVariablesRead(Buffer.alloc(8192))).toThrow(/not a store/)
  const cut = uefiVariablesAdd(emptyFlash(), VARIABLES)
  cut.writeUInt32LE(0x7fffffff, 0x64 + 40)
  expect(() => uefiVariablesRead(cut)).toThrow(/beyond/)
})

test('the checksum is that of RFC 3720', () => {
  expect(crc32c(Buffer.alloc(32)).toString(16)).toBe('8a9136aa')
  expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283')
})

test('EC2’s form comes back as it went, and a flash file is taken in its place', () => {
  expect(uefiDataDecode(uefiDataEncode(VARIABLES))).toEqual(VARIABLES)
  const flash = uefiVariablesAdd(emptyFlash(), VARIABLES)
  expect(uefiDataDecode(flash.toString('base64'))).toEqual(VARIABLES)
})

test('variables that do not outlive a reset are not told', () => {
  const fleeting = { ...VARIABLES[1]!, attributes: 6 }
  expect(uefiDataDecode(uefiDataEncode([fleeting]))).toEqual([])
})

const wrapped = (body: Buffer, version = 0): string => {
  const versioned = Buffer.concat([Buffer.from([version, 0, 0, 0]), body])
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32c(versioned))
  return Buffer.concat([Buffer.from('AMZNUEFI'), sum, versioned]).toString('base64')
}

test.each([
  ['nothing', ''],
  ['something else', Buffer.from('hello').toString('base64')],
  ['its head alone', Buffer.from('AMZNUEFI').toString('base64')],
  ['a wrong checksum', Buffer.from('AMZNUEFI0123456789abcdef').toString('base64')],
  ['another version', wrapped(deflateSync(Buffer.alloc(8)), 1)],
  ['fewer variables than it says', wrapped(deflateSync(Buffer.from([9, 0, 0, 0, 0, 0, 0, 0])))],
  ['a length beyond its end', wrapped(deflateSync(Buffer.alloc(16, 0xff)))],
  ['a bomb', wrapped(deflateSync(Buffer.alloc(8 * 1024 * 1024)))],
  ['a dictionary', wrapped(deflateSync(Buffer.alloc(8), { dictionary: Buffer.from('abc') }))],
])('UEFI data that is %s is refused', (_what, text) => {
  expect(() => uefiDataDecode(text)).toThrow(/UefiData/)
})
