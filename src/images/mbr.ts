/**
 * The first megabyte of a disk that BIOS machines start: DOS partition table, GRUB's boot sector, GRUB's core behind
 * it. Pure; what `grub-install` does on a running machine, without one. UEFI machines find a FAT partition of their own
 * (`espBytes`), before the system's, which grows with the disk.
 */
import { assert } from '../lib/assert.ts'

export const SECTOR_BYTES = 512
/** Where the first partition starts, as every partitioning tool has it since 2009. */
export const PARTITION_START_BYTES = 1024 * 1024

export interface MbrPlan {
  /** GRUB's `boot.img`: one sector of code. */
  bootSector: Buffer
  /** From `grub-mkimage -O i386-pc`; its first sector expects the rest right behind it. */
  core: Buffer
  diskBytes: number
  /** Any number that tells disks apart. */
  diskSignature: number
  /** Size of the EFI system partition; 0: there is none. */
  espBytes?: number
}

/** Where the system's partition starts, which is number 1 in either case. */
export function rootStartBytes(espBytes = 0): number {
  return PARTITION_START_BYTES + espBytes
}

/** The bytes before the partition. */
export function bootArea(plan: MbrPlan): Buffer {
  assert(plan.bootSector.length === SECTOR_BYTES, 'boot.img is not one sector')
  assert(plan.core.length <= PARTITION_START_BYTES - SECTOR_BYTES, 'GRUB core does not fit')
  assert(plan.core.readUInt32LE(0x1f4) === 2, 'GRUB core does not expect to lie at sector 1')
  assert(plan.diskBytes % PARTITION_START_BYTES === 0, 'disk is not a whole number of MiB')
  const area = Buffer.alloc(PARTITION_START_BYTES)
  plan.bootSector.copy(area, 0, 0, 440)
  // "jmp" over the drive check becomes two NOPs: some BIOSes pass a wrong drive number (as grub-install does).
  area.writeUInt16LE(0x9090, 0x66)
  area.writeUInt32LE(plan.diskSignature, 440)
  const { espBytes = 0 } = plan
  assert(espBytes % PARTITION_START_BYTES === 0, 'the EFI partition is not a whole number of MiB')
  const rootStart = rootStartBytes(espBytes)
  partitionEntry(LINUX, rootStart, plan.diskBytes - rootStart, true).copy(area, 446)
  if (espBytes > 0) partitionEntry(EFI, PARTITION_START_BYTES, espBytes, false).copy(area, 462)
  area.writeUInt16LE(0xaa55, 510)
  plan.core.copy(area, SECTOR_BYTES)
  return area
}

const LINUX = 0x83
const EFI = 0xef

/** Cylinders are long dead: their fields say "use the numbers". */
function partitionEntry(type: number, start: number, bytes: number, isActive: boolean): Buffer {
  const entry = Buffer.alloc(16)
  entry[0] = isActive ? 0x80 : 0
  entry.set([0xfe, 0xff, 0xff], 1)
  entry[4] = type
  entry.set([0xfe, 0xff, 0xff], 5)
  entry.writeUInt32LE(start / SECTOR_BYTES, 8)
  entry.writeUInt32LE(bytes / SECTOR_BYTES, 12)
  return entry
}
