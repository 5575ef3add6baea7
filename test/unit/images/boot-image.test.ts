/** The kernel's image as QEMU and the kernel's own setup read it. */
import { expect, test } from 'vitest'
import { bootImage } from '../../../src/images/boot-image.ts'

const SETUP_SECTORS = 3
const BASE = 0x10_0000

function packedKernel(): Buffer {
  const packed = Buffer.alloc((SETUP_SECTORS + 1) * 512 + 4_096, 0xcc)
  packed[0x1f1] = SETUP_SECTORS
  return packed
}

/** An ELF of one segment. */
interface Plain {
  at?: number
  entry?: number
}

function plainKernel({ at = 0x100_0000, entry = at }: Plain = {}): Buffer {
  const bytes = Buffer.from('kernel')
  const header = Buffer.alloc(64 + 56)
  header.writeUInt32BE(0x7f454c46, 0)
  header[4] = 2
  header[5] = 1
  header.writeBigUInt64LE(BigInt(entry), 24)
  header.writeBigUInt64LE(64n, 32)
  header.writeUInt16LE(56, 54)
  header.writeUInt16LE(1, 56)
  header.writeUInt32LE(1, 64)
  header.writeBigUInt64LE(120n, 64 + 8)
  header.writeBigUInt64LE(BigInt(at), 64 + 24)
  header.writeBigUInt64LE(BigInt(bytes.length), 64 + 32)
  return Buffer.concat([header, bytes])
}

test('is the setup of the one and the content of the other, where each belongs', () => {
  const image = bootImage(packedKernel(), plainKernel())!
  const setup = (SETUP_SECTORS + 1) * 512
  expect(image.subarray(0, 0x1f1).every((byte) => byte === 0xcc)).toBe(true)
  const at = setup + 0x100_0000 - BASE
  expect(image.subarray(at).toString()).toBe('kernel')
  expect(image.readUInt32LE(0x1f4)).toBe(Math.ceil((image.length - setup) / 16))
  // cli first, and a jump to the kernel's entry last.
  expect(image[setup]).toBe(0xfa)
  const code = image.subarray(setup, setup + 256)
  const jump = code.indexOf(Buffer.from([0xff, 0xe0]))
  expect(code.readUInt32LE(jump - 4)).toBe(0x100_0000)
  expect(code.subarray(jump + 2).every((byte) => byte === 0)).toBe(true)
})

test('maps the first four gigabytes as they are', () => {
  const image = bootImage(packedKernel(), plainKernel())!
  const at = (address: number) => (SETUP_SECTORS + 1) * 512 + address - BASE
  const entry = (address: number) => image.readBigUInt64LE(at(address))
  expect(entry(0x20_0000)).toBe(0x20_1003n)
  expect(entry(0x20_1000 + 3 * 8)).toBe(0x20_5003n)
  for (const n of [0, 1, 511, 512, 2047]) {
    expect(entry(0x20_2000 + n * 8)).toBe((BigInt(n) << 21n) | 0x83n)
  }
})

test.each<[string, Plain]>([
  ['beneath its tables', { at: 0x20_0000 }],
  ['far above', { at: 0x4000_0000 }],
  ['with its entry elsewhere', { entry: 0x10_0000 }],
])('not of a kernel that lies %s', (_title, plain) => {
  expect(bootImage(packedKernel(), plainKernel(plain))).toBeNull()
})
