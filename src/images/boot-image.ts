/**
 * A kernel that is started the long way and yet need not unpack itself: Linux's own real-mode setup, out of its
 * bzImage, and behind it the plain kernel where it runs, with a few instructions before it that go over to 64 bits.
 * Setup asks the firmware for the screen's mode, so the guest has a console on its screen, which a start by PVH leaves
 * blank: that hands over no such thing. Costs nothing that can be measured. Pure.
 * https://docs.kernel.org/arch/x86/boot.html; decision 0131.
 */
import { elfSegments } from './elf.ts'

/** Where QEMU puts what follows the setup, and setup jumps to, in 32 bits and without paging. */
const BASE = 0x10_0000
/** Page tables and segments for the way over: beneath the kernel, which begins at 16 MiB. */
const TABLES = 0x20_0000
const TABLES_END = TABLES + 0x1_0000
const LARGE_PAGES = 2048
const HEADER_SYSSIZE = 0x1f4
/** Above the largest kernel: more would be a mistake of ours or of the package. */
const END_MAX = 0x2000_0000

/** @returns Null when the kernel does not lie where such an image can put it. */
export function bootImage(packed: Buffer, plain: Buffer): Buffer | null {
  const setup = Buffer.from(packed.subarray(0, ((packed[0x1f1] || 4) + 1) * 512))
  const segments = elfSegments(plain)
  const end = Math.max(...segments.map((one) => one.address + one.bytes.length))
  const start = Math.min(...segments.map((one) => one.address))
  const entry = Number(plain.readBigUInt64LE(24))
  const isFit = start >= TABLES_END && end <= END_MAX && entry >= start && entry < end
  if (!isFit) return null
  const image = Buffer.alloc(end - BASE)
  for (const { address, bytes } of segments) bytes.copy(image, address - BASE)
  wayOver(entry).copy(image, 0)
  tables().copy(image, TABLES - BASE)
  // In units of sixteen bytes.
  setup.writeUInt32LE(Math.ceil(image.length / 16), HEADER_SYSSIZE)
  return Buffer.concat([setup, image])
}

const SEGMENTS = 0x6000
const CODE_SEGMENT = 0x10
const DATA_SEGMENT = 0x18

/** The first 4 GiB as they are, and flat segments. */
function tables(): Buffer {
  const PRESENT_WRITABLE = 3n
  const LARGE = 0x83n
  const bytes = Buffer.alloc(SEGMENTS + 38)
  bytes.writeBigUInt64LE(BigInt(TABLES + 0x1000) | PRESENT_WRITABLE, 0)
  for (let n = 0; n < 4; n++) {
    const directory = BigInt(TABLES + 0x2000 + n * 0x1000)
    bytes.writeBigUInt64LE(directory | PRESENT_WRITABLE, 0x1000 + n * 8)
  }
  for (let n = 0; n < LARGE_PAGES; n++) {
    bytes.writeBigUInt64LE((BigInt(n) << 21n) | LARGE, 0x2000 + n * 8)
  }
  bytes.writeBigUInt64LE(0x00af_9a00_0000_ffffn, SEGMENTS + CODE_SEGMENT)
  bytes.writeBigUInt64LE(0x00cf_9200_0000_ffffn, SEGMENTS + DATA_SEGMENT)
  // What lgdt reads: the last byte, the address.
  bytes.writeUInt16LE(31, SEGMENTS + 32)
  bytes.writeUInt32LE(TABLES + SEGMENTS, SEGMENTS + 34)
  return bytes
}

/** ESI has the address of the boot parameters, and goes on having it. */
function wayOver(entry: number): Buffer {
  const u32 = (value: number): number[] => [...new Uint8Array(new Uint32Array([value]).buffer)]
  const before = [
    ...[0xfa], // cli
    ...[0x0f, 0x20, 0xe0, 0x83, 0xc8, 0x20, 0x0f, 0x22, 0xe0], // cr4 |= physical address extension
    ...[0xb8, ...u32(TABLES), 0x0f, 0x22, 0xd8], // cr3 = tables
    ...[0xb9, ...u32(0xc000_0080), 0x0f, 0x32, 0x0d, ...u32(0x100), 0x0f, 0x30], // EFER |= long mode
    ...[0x0f, 0x01, 0x15, ...u32(TABLES + SEGMENTS + 32)], // lgdt
    ...[0x0f, 0x20, 0xc0, 0x0d, ...u32(0x8000_0000), 0x0f, 0x22, 0xc0], // cr0 |= paging
  ]
  const FAR_JUMP_BYTES = 7
  const next = BASE + before.length + FAR_JUMP_BYTES
  return Buffer.from([
    ...before,
    ...[0xea, ...u32(next), CODE_SEGMENT, 0], // ljmp: 64 bits from here on
    ...[0xb8, ...u32(DATA_SEGMENT), 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0], // ds = es = ss
    ...[0x89, 0xf6], // mov esi, esi: the upper half of rsi is nothing
    ...[0xb8, ...u32(entry), 0xff, 0xe0], // jmp
  ])
}
