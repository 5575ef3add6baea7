/** The kernel's image as QEMU and the kernel itself read it. */
import { expect, test } from 'vitest'
import { bootImage } from '../../../src/images/boot-image.ts'
import { elfEntryNote, elfSegments } from '../../../src/images/elf.ts'

const BASE = 0x10_0000
const PARAMETERS = 0x10_1000
const TABLES = 0x10_2000
const SEGMENT_OFFSET = 0x20_0000

/** Of its setup only the header is of interest: from 0x1f1, as long as its jump at 0x200 says. */
function packedKernel(): Buffer {
  const packed = Buffer.alloc(4_096, 0xcc)
  packed[0x201] = 0x66
  return packed
}

interface Plain {
  at?: number
  entry?: number
  note?: number
  /** Where the first segment begins in the file. */
  offset?: number
}

/** An ELF of one segment and one note. */
function plainKernel(options: Plain = {}): Buffer {
  const { at = 0x100_0000, entry = at, note = 18, offset = SEGMENT_OFFSET } = options
  const notes = Buffer.alloc(24)
  notes.writeUInt32LE(4, 0)
  notes.writeUInt32LE(8, 4)
  notes.writeUInt32LE(note, 8)
  notes.write('Xen', 12)
  notes.writeBigUInt64LE(0x123_4567n, 16)
  const bytes = Buffer.concat([Buffer.from('kernel'), notes])
  const data = Buffer.alloc(offset)
  data.writeUInt32BE(0x7f454c46, 0)
  data[4] = 2
  data[5] = 1
  data.writeBigUInt64LE(BigInt(entry), 24)
  data.writeBigUInt64LE(64n, 32)
  data.writeUInt16LE(56, 54)
  data.writeUInt16LE(2, 56)
  const header = (index: number, type: number, where: number, address: number, size: number) => {
    const from = 64 + index * 56
    data.writeUInt32LE(type, from)
    data.writeBigUInt64LE(BigInt(where), from + 8)
    data.writeBigUInt64LE(BigInt(address), from + 24)
    data.writeBigUInt64LE(BigInt(size), from + 32)
  }
  header(0, 1, offset, at, bytes.length)
  header(1, 4, offset + 6, at + 6, notes.length)
  return Buffer.concat([data, bytes])
}

test('is the kernel as it was, and one segment before it at which it is entered', () => {
  const plain = plainKernel()
  const image = bootImage(packedKernel(), plain)!
  expect(image).toHaveLength(plain.length)
  const [kernel, ours] = elfSegments(image)
  expect(kernel!.address).toBe(0x100_0000)
  expect(kernel!.bytes.toString('latin1', 0, 6)).toBe('kernel')
  expect(ours!.address).toBe(BASE)
  expect(image.readBigUInt64LE(elfEntryNote(image)!)).toBe(BigInt(BASE))
  // cli first, and a jump to the kernel's entry last.
  const code = ours!.bytes.subarray(0, 0x1000)
  expect(code[0]).toBe(0xfa)
  const jump = code.indexOf(Buffer.from([0xff, 0xe0]))
  expect(code.readUInt32LE(jump - 4)).toBe(0x100_0000)
  expect(code.subarray(jump + 2).every((byte) => byte === 0)).toBe(true)
})

test('its jumps land where an instruction begins', () => {
  const code = elfSegments(bootImage(packedKernel(), plainKernel())!)[1]!.bytes
  const target = (opcode: number[]) => {
    const at = code.indexOf(Buffer.from(opcode))
    return at + 2 + code.readInt8(at + 1)
  }
  // No initrd: on to the cursor (mov ax, [0x450]). The end of the map: on to `mov esi, PARAMETERS`.
  expect(code.readUInt16BE(target([0x74, 15]))).toBe(0x66a1)
  expect(code[target([0x74, 13])]).toBe(0xbe)
  // No more than fit, and round again.
  expect(code.readUInt16BE(target([0x76, 5]))).toBe(0x8815)
  expect(code.readUInt16BE(target([0xeb, 0xef]))).toBe(0x85d2)
  const far = code.indexOf(0xea, code.indexOf(Buffer.from([0x0f, 0x22, 0xc0])))
  expect(code.readUInt32LE(far + 1)).toBe(BASE + far + 7)
})

test('has the setup header, a loader that knows how, and a screen', () => {
  const { bytes } = elfSegments(bootImage(packedKernel(), plainKernel())!)[1]!
  const page = bytes.subarray(PARAMETERS - BASE, TABLES - BASE)
  expect(page[0x1f1]).toBe(0xcc)
  expect(page[0x201 + 0x66]).toBe(0xcc)
  expect(page[0x202 + 0x66]).toBe(0)
  // What tells the kernel that a loader left rubbish there.
  expect(page[0x1ef]).toBe(0)
  expect(page[0x210]).toBe(0xff)
  expect([page[6], page[7], page[0x0e], page[0x0f]]).toEqual([3, 80, 25, 1])
})

test('maps the first four gigabytes as they are', () => {
  const { bytes } = elfSegments(bootImage(packedKernel(), plainKernel())!)[1]!
  const entry = (address: number) => bytes.readBigUInt64LE(address - BASE)
  expect(entry(TABLES)).toBe(BigInt(TABLES + 0x1000) | 3n)
  expect(entry(TABLES + 0x1000 + 3 * 8)).toBe(BigInt(TABLES + 0x5000) | 3n)
  for (const n of [0, 1, 511, 512, 2047]) {
    expect(entry(TABLES + 0x2000 + n * 8)).toBe((BigInt(n) << 21n) | 0x83n)
  }
})

test.each<[string, Plain]>([
  ['lies beneath its tables', { at: 0x10_8000 }],
  ['lies far above', { at: 0x4000_0000 }],
  ['has its entry elsewhere', { entry: 0x10_0000 }],
  ['is not to be started by PVH', { note: 17 }],
  ['begins so early in its file that there is no room', { offset: 0x4000 }],
])('not of a kernel that %s', (_title, plain) => {
  expect(bootImage(packedKernel(), plainKernel(plain))).toBeNull()
})
