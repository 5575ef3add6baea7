/**
 * A kernel that need not unpack itself, and has a console on its screen: the plain ELF with another entry, put into
 * the empty space before its first segment. QEMU starts it by PVH as it would the plain one, and maps the file: all
 * machines share its pages, where a bzImage is read into each QEMU's own memory (60 MiB). PVH's own entry of Linux
 * leaves the screen blank, because nobody tells it of one; ours fills in the boot parameters as Linux's 64-bit boot
 * protocol has them, the screen among them, and goes over to 64 bits. Pure.
 * https://docs.kernel.org/arch/x86/boot.html, https://xenbits.xen.org/docs/unstable/misc/pvh.html; decision 0131.
 */
import { elfEntryNote, elfSegments } from './elf.ts'

/** Where ours lies in memory: code, boot parameters, page tables, segments. The kernel begins at 16 MiB. */
const BASE = 0x10_0000
const PARAMETERS = 0x10_1000
const TABLES = 0x10_2000
const SEGMENTS = 0x6000
const SEGMENTS_BYTES = 38
const OURS_BYTES = TABLES - BASE + SEGMENTS + SEGMENTS_BYTES
/** And in the file: the kernel's first segment begins at 2 MiB, because it is aligned as its pages are. */
const OURS_OFFSET = 0x1000
const LARGE_PAGES = 2048
/** Above the largest kernel: more would be a mistake of ours or of the package. */
const END_MAX = 0x2000_0000
const CODE_SEGMENT = 0x10
const DATA_SEGMENT = 0x18
const PROGRAM_HEADER_BYTES = 56

/** Of the boot parameters. */
const HEADER = 0x1f1
const HEADER_LENGTH_AT = 0x201
const HEADER_BYTES_MAX = 0x290 - HEADER
const LOADER = 0x210
const INITRD = 0x218
const INITRD_BYTES = 0x21c
const COMMAND_LINE = 0x228
const MAP_LENGTH = 0x1e8
const MAP = 0x2d0

/** @returns Null when the kernel leaves no room for it, or is not to be started by PVH. */
export function bootImage(packed: Buffer, plain: Buffer): Buffer | null {
  const segments = elfSegments(plain)
  const end = Math.max(...segments.map((one) => one.address + one.bytes.length))
  const start = Math.min(...segments.map((one) => one.address))
  const entry = Number(plain.readBigUInt64LE(24))
  const isFit = start >= BASE + OURS_BYTES && end <= END_MAX && entry >= start && entry < end
  const note = elfEntryNote(plain)
  const headersEnd = Number(plain.readBigUInt64LE(32)) + segmentCount(plain) * PROGRAM_HEADER_BYTES
  const isRoom =
    isEmpty(plain, headersEnd, headersEnd + PROGRAM_HEADER_BYTES) &&
    headersEnd + PROGRAM_HEADER_BYTES <= OURS_OFFSET &&
    isEmpty(plain, OURS_OFFSET, OURS_OFFSET + OURS_BYTES)
  if (!isFit || note === null || !isRoom) return null
  const image = Buffer.from(plain)
  image.writeBigUInt64LE(BigInt(BASE), note)
  segment().copy(image, headersEnd)
  image.writeUInt16LE(segmentCount(plain) + 1, 56)
  wayOver(entry).copy(image, OURS_OFFSET)
  parameters(packed).copy(image, OURS_OFFSET + PARAMETERS - BASE)
  tables().copy(image, OURS_OFFSET + TABLES - BASE)
  return image
}

function segmentCount(plain: Buffer): number {
  return plain.readUInt16LE(56)
}

function isEmpty(data: Buffer, from: number, to: number): boolean {
  return to <= data.length && data.subarray(from, to).every((byte) => byte === 0)
}

/** Ours, as a further program header. */
function segment(): Buffer {
  const LOAD = 1
  const READ_WRITE_EXECUTE = 7
  const header = Buffer.alloc(PROGRAM_HEADER_BYTES)
  header.writeUInt32LE(LOAD, 0)
  header.writeUInt32LE(READ_WRITE_EXECUTE, 4)
  const words = [OURS_OFFSET, BASE, BASE, OURS_BYTES, OURS_BYTES, 0x1000]
  for (const [at, word] of words.entries()) header.writeBigUInt64LE(BigInt(word), 8 + at * 8)
  return header
}

/** What setup would have found: its own header, and the screen as the firmware leaves it. */
function parameters(packed: Buffer): Buffer {
  const page = Buffer.alloc(0x1000)
  // In this order from byte 4: page, mode, columns; what EGA's memory is; lines, "it is a VGA", lines of a character.
  page.set([0, 0, 3, 80], 4)
  page.set([3, 0], 0x0a)
  page.set([25, 1, 16, 0], 0x0e)
  const length = Math.min(
    packed[HEADER_LENGTH_AT]! + HEADER_LENGTH_AT + 1 - HEADER,
    HEADER_BYTES_MAX,
  )
  packed.copy(page, HEADER, HEADER, HEADER + length)
  const UNKNOWN_LOADER = 0xff
  page[LOADER] = UNKNOWN_LOADER
  return page
}

/** The first 4 GiB as they are, and flat segments. */
function tables(): Buffer {
  const PRESENT_WRITABLE = 3n
  const LARGE = 0x83n
  const bytes = Buffer.alloc(SEGMENTS + SEGMENTS_BYTES)
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

/** EBX has the address of what PVH tells; 32 bits, flat segments, no paging. The kernel's entry wants ours in ESI. */
function wayOver(entry: number): Buffer {
  const u32 = (value: number): number[] => [...new Uint8Array(new Uint32Array([value]).buffer)]
  const parameter = (offset: number): number[] => u32(PARAMETERS + offset)
  const filled = [
    ...[0xfa, 0xfc], // cli; cld
    ...[0x8b, 0x43, 24, 0xa3, ...parameter(COMMAND_LINE)], // mov eax, [ebx + 24]; mov [], eax
    ...[0x8b, 0x53, 16], // mov edx, [ebx + 16]: the first module
    ...[0x83, 0x7b, 12, 0, 0x74, 15], // cmp [ebx + 12], 0; je over the next four: there is none
    ...[0x8b, 0x02, 0xa3, ...parameter(INITRD)], // mov eax, [edx]; mov [], eax
    ...[0x8b, 0x42, 8, 0xa3, ...parameter(INITRD_BYTES)], // mov eax, [edx + 8]; mov [], eax
    ...[0x66, 0xa1, ...u32(0x450), 0x66, 0xa3, ...parameter(0)], // mov ax, [0x450]; mov [], ax: the BIOS's cursor
    ...[0x8b, 0x73, 40, 0x8b, 0x53, 48], // mov esi, [ebx + 40]; mov edx, [ebx + 48]: the map of memory
    ...[0xbf, ...parameter(MAP)], // mov edi, MAP
    ...[0x81, 0xfa, ...u32(128), 0x76, 5, 0xba, ...u32(128)], // edx = min(edx, 128)
    ...[0x88, 0x15, ...parameter(MAP_LENGTH)], // mov [], dl
    ...[0x85, 0xd2, 0x74, 13], // again: test edx, edx; je on
    ...[0xb9, ...u32(5), 0xf3, 0xa5], // mov ecx, 5; rep movsd
    ...[0x83, 0xc6, 4, 0x4a, 0xeb, 0xef], // add esi, 4; dec edx; jmp again
    ...[0xbe, ...parameter(0)], // on: mov esi, PARAMETERS
  ]
  const before = [
    ...filled,
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
