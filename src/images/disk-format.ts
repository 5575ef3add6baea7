/**
 * Looks at the beginning of a disk image before any tool does: what format it is, whether it would make the tool
 * open other files (backing files, external data, extents), and what firmware it starts with. Pure.
 * A stranger's image must not choose its own parser's behaviour: tools are always told the format found here.
 */
import { FaultError } from '../domain/faults.ts'

/** QEMU's names; `vpc` is VHD. */
export type DiskFormat = 'qcow2' | 'raw' | 'vmdk' | 'vhdx' | 'vpc'

/** Enough for every header read here, and for a GPT. */
export const DISK_HEAD_BYTES = 128 * 1024

const QCOW2_MAGIC = 0x514649fb
const QCOW2_INCOMPATIBLE_DATA_FILE = 1n << 2n
/** Dirty and corrupt bits are for repair tools; compression type and extended L2 are fine. */
const QCOW2_INCOMPATIBLE_CORRUPT = 1n << 1n

/** @throws Fault `InvalidValue` for what would reach outside the file. */
export function probeDiskFormat(head: Buffer): DiskFormat {
  if (head.length >= 104 && head.readUInt32BE(0) === QCOW2_MAGIC) {
    checkQcow2(head)
    return 'qcow2'
  }
  if (head.toString('latin1', 0, 4) === 'KDMV') {
    checkVmdk(head)
    return 'vmdk'
  }
  if (head.toString('latin1', 0, 8) === 'vhdxfile') return 'vhdx'
  if (/^#\s*Disk DescriptorFile/i.test(head.toString('latin1', 0, 64))) {
    throw refused(
      'a VMDK descriptor names other files; add a single-file VMDK (monolithicSparse, streamOptimized)',
    )
  }
  if (head.toString('latin1', 0, 8) === VHD_COOKIE) return vhdChecked(head)
  if (head.toString('latin1', 0, 4) === 'COWD') {
    throw refused('this format is not supported: convert it to qcow2, raw, VMDK, VHD or VHDX')
  }
  return 'raw'
}

const VHD_COOKIE = 'conectix'
const VHD_DIFFERENCING = 4

function vhdChecked(footer: Buffer): DiskFormat {
  if (footer.readUInt32BE(60) === VHD_DIFFERENCING) throw refused('it is a difference to a parent')
  return 'vpc'
}

/** A VHD of fixed size looks raw from its beginning; its last sector says what it is. */
export function probeDiskEnd(lastSector: Buffer): DiskFormat | null {
  if (lastSector.length < 512 || lastSector.toString('latin1', 0, 8) !== VHD_COOKIE) return null
  return vhdChecked(lastSector)
}

function checkQcow2(head: Buffer): void {
  const version = head.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw refused(`qcow2 version ${version} is not known`)
  if (head.readBigUInt64BE(8) !== 0n)
    throw refused('it has a backing file; flatten it first (qemu-img convert)')
  if (head.readUInt32BE(32) !== 0) throw refused('it is encrypted')
  if (version === 2) return
  const incompatible = head.readBigUInt64BE(72)
  if (incompatible & QCOW2_INCOMPATIBLE_DATA_FILE) throw refused('its data is in another file')
  if (incompatible & QCOW2_INCOMPATIBLE_CORRUPT) throw refused('it is marked as corrupt')
}

function checkVmdk(head: Buffer): void {
  if (head.readBigUInt64LE(12) === 0n) throw refused('its descriptor names other files')
  const offset = Number(head.readBigUInt64LE(28)) * 512
  const size = Number(head.readBigUInt64LE(36)) * 512
  if (offset === 0) return
  if (offset + size > head.length) throw refused('its descriptor lies too far inside the file')
  const descriptor = head.toString('latin1', offset, offset + size)
  if (/parentFileNameHint/i.test(descriptor)) throw refused('it is a difference to a parent disk')
  const extents = descriptor.match(/^\s*(?:RW|RDONLY|NOACCESS)\s+\d+\s/gm) ?? []
  if (extents.length > 1) throw refused('it consists of several files')
}

const GPT_ESP = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex')

/** Pure: from the first bytes of the plain disk. Empty when neither: the hypervisor then tries BIOS. */
export function detectFirmware(disk: Buffer): ('bios' | 'uefi')[] {
  if (disk.length < 512 || disk.readUInt16LE(510) !== 0xaa55) return []
  const found: ('bios' | 'uefi')[] = []
  if (disk.subarray(0, 440).some((byte) => byte !== 0)) found.push('bios')
  const types = [446, 462, 478, 494].map((at) => disk[at + 4])
  if (types.includes(0xef) || hasGptEsp(disk)) found.push('uefi')
  return found
}

function hasGptEsp(disk: Buffer): boolean {
  if (disk.length < 1024 || disk.toString('latin1', 512, 520) !== 'EFI PART') return false
  const start = Number(disk.readBigUInt64LE(512 + 72)) * 512
  const count = Math.min(disk.readUInt32LE(512 + 80), 256)
  const size = disk.readUInt32LE(512 + 84)
  if (size < 128 || size > 4096) return false
  for (let index = 0; index < count; index++) {
    const at = start + index * size
    if (at + 16 > disk.length) return false
    if (disk.subarray(at, at + 16).equals(GPT_ESP)) return true
  }
  return false
}

function refused(reason: string): FaultError {
  return new FaultError({ type: 'InvalidValue', parameter: 'disk image', value: '', reason })
}
