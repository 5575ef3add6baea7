/**
 * The first megabyte of a disk that BIOS machines start: DOS partition table, GRUB's boot sector, GRUB's core behind
 * it. Pure; what `grub-install` does on a running machine, without one.
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
  partitionEntry(plan.diskBytes).copy(area, 446)
  area.writeUInt16LE(0xaa55, 510)
  plan.core.copy(area, SECTOR_BYTES)
  return area
}

/** One active Linux partition to the end of the disk. Cylinders are long dead: the fields say "use the numbers". */
function partitionEntry(diskBytes: number): Buffer {
  const entry = Buffer.alloc(16)
  entry[0] = 0x80
  entry.set([0xfe, 0xff, 0xff], 1)
  entry[4] = 0x83
  entry.set([0xfe, 0xff, 0xff], 5)
  entry.writeUInt32LE(PARTITION_START_BYTES / SECTOR_BYTES, 8)
  entry.writeUInt32LE((diskBytes - PARTITION_START_BYTES) / SECTOR_BYTES, 12)
  return entry
}
