/**
 * Reads what we need of an ELF file: the shared libraries a program wants, and what a kernel module says of itself.
 * Pure; so that an image can be assembled on a host that has neither `ldd` for the guest's files nor `depmod`.
 * Little-endian 64-bit only (x86_64 and arm64). Damaged files are bugs of the package: they throw.
 */
import { assert } from '../lib/assert.ts'

const SHT_DYNAMIC = 6
const DT_NEEDED = 1n

interface Section {
  name: string
  type: number
  offset: number
  size: number
  link: number
}

export function isElf(data: Buffer): boolean {
  return data.length >= 64 && data.readUInt32BE(0) === 0x7f454c46 && data[4] === 2 && data[5] === 1
}

/** The names in DT_NEEDED; none for a static program. */
export function elfNeeded(data: Buffer): string[] {
  const sections = elfSections(data)
  const dynamic = sections.find((section) => section.type === SHT_DYNAMIC)
  if (!dynamic) return []
  const strings = sections[dynamic.link]
  assert(strings, 'ELF: dynamic section without strings')
  const needed: string[] = []
  for (let at = dynamic.offset; at + 16 <= dynamic.offset + dynamic.size; at += 16) {
    const tag = data.readBigUInt64LE(at)
    if (tag === 0n) break
    if (tag === DT_NEEDED) {
      needed.push(text(data, strings.offset + Number(data.readBigUInt64LE(at + 8))))
    }
  }
  return needed
}

/** The `key=value` strings of a kernel module's `.modinfo`. A key may come more than once (`alias`). */
export function moduleInfo(data: Buffer): { key: string; value: string }[] {
  const section = elfSections(data).find((candidate) => candidate.name === '.modinfo')
  assert(section, 'kernel module without .modinfo')
  return data
    .toString('latin1', section.offset, section.offset + section.size)
    .split('\0')
    .filter((line) => line.includes('='))
    .map((line) => ({
      key: line.slice(0, line.indexOf('=')),
      value: line.slice(line.indexOf('=') + 1),
    }))
}

/** What is loaded, by physical address. */
export function elfSegments(data: Buffer): { address: number; bytes: Buffer }[] {
  assert(isElf(data), 'not a 64-bit little-endian ELF file')
  const PT_LOAD = 1
  const tableOffset = Number(data.readBigUInt64LE(32))
  const entrySize = data.readUInt16LE(54)
  const count = data.readUInt16LE(56)
  return Array.from({ length: count }, (_, index) => tableOffset + index * entrySize)
    .filter((at) => data.readUInt32LE(at) === PT_LOAD)
    .map((at) => {
      const offset = Number(data.readBigUInt64LE(at + 8))
      const bytes = data.subarray(offset, offset + Number(data.readBigUInt64LE(at + 32)))
      return { address: Number(data.readBigUInt64LE(at + 24)), bytes }
    })
}

/** Where a kernel has its address for a start by PVH (XEN_ELFNOTE_PHYS32_ENTRY); null: nowhere. */
export function elfEntryNote(data: Buffer): number | null {
  const PT_NOTE = 4
  const PHYS32_ENTRY = 18
  const tableOffset = Number(data.readBigUInt64LE(32))
  const count = data.readUInt16LE(56)
  for (let index = 0; index < count; index++) {
    const header = tableOffset + index * data.readUInt16LE(54)
    if (data.readUInt32LE(header) !== PT_NOTE) continue
    const offset = Number(data.readBigUInt64LE(header + 8))
    const end = offset + Number(data.readBigUInt64LE(header + 32))
    assert(end <= data.length, 'ELF: notes beyond the end')
    for (let at = offset; at + 12 <= end;) {
      const nameBytes = data.readUInt32LE(at)
      const valueBytes = data.readUInt32LE(at + 4)
      const value = at + 12 + aligned(nameBytes)
      const isXen = data.toString('latin1', at + 12, at + 12 + nameBytes) === 'Xen\0'
      const isEntry = isXen && data.readUInt32LE(at + 8) === PHYS32_ENTRY && valueBytes === 8
      if (isEntry && value + 8 <= end) return value
      at = value + aligned(valueBytes)
    }
  }
  return null
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 4) * 4
}

function elfSections(data: Buffer): Section[] {
  assert(isElf(data), 'not a 64-bit little-endian ELF file')
  const tableOffset = Number(data.readBigUInt64LE(40))
  const entrySize = data.readUInt16LE(58)
  const count = data.readUInt16LE(60)
  const namesIndex = data.readUInt16LE(62)
  const at = (index: number): number => tableOffset + index * entrySize
  const namesOffset = count === 0 ? 0 : Number(data.readBigUInt64LE(at(namesIndex) + 24))
  return Array.from({ length: count }, (_, index) => ({
    name: text(data, namesOffset + data.readUInt32LE(at(index))),
    type: data.readUInt32LE(at(index) + 4),
    offset: Number(data.readBigUInt64LE(at(index) + 24)),
    size: Number(data.readBigUInt64LE(at(index) + 32)),
    link: data.readUInt32LE(at(index) + 40),
  }))
}

function text(data: Buffer, offset: number): string {
  const end = data.indexOf(0, offset)
  return data.toString('latin1', offset, end < 0 ? data.length : end)
}
