/**
 * EBS's volume types: sizes (GiB), IOPS and throughput (MiB/s) that may be asked for, and what a volume then really
 * gets. Pure. Source: EBS user guide, "Amazon EBS volume types" and "Amazon EBS General Purpose SSD volumes".
 */
import type { DiskLimits } from './machine.ts'
import type { VolumeType } from './volume-type.ts'

export interface TypeRules {
  sizeGiB: [number, number]
  iops: { range: [number, number]; perGiBMax: number; isRequired: boolean } | null
  throughput: [number, number] | null
}

export const TYPE_RULES: Readonly<Record<VolumeType, TypeRules>> = {
  gp3: {
    sizeGiB: [1, 65_536],
    iops: { range: [3_000, 80_000], perGiBMax: 500, isRequired: false },
    throughput: [125, 2_000],
  },
  gp2: { sizeGiB: [1, 16_384], iops: null, throughput: null },
  io1: {
    sizeGiB: [4, 16_384],
    iops: { range: [100, 64_000], perGiBMax: 50, isRequired: true },
    throughput: null,
  },
  io2: {
    sizeGiB: [4, 65_536],
    iops: { range: [100, 256_000], perGiBMax: 1_000, isRequired: true },
    throughput: null,
  },
  st1: { sizeGiB: [125, 16_384], iops: null, throughput: null },
  sc1: { sizeGiB: [125, 16_384], iops: null, throughput: null },
  standard: { sizeGiB: [1, 1_024], iops: null, throughput: null },
}

export const GP3_IOPS_DEFAULT = 3_000
export const GP3_THROUGHPUT_DEFAULT = 125
/** MiB/s for each of gp3's IOPS. */
export const GP3_THROUGHPUT_PER_IOPS_MAX = 0.25

/** 3 IOPS a GiB, at least 100, at most 16,000. */
export function gp2Iops(sizeGiB: number): number {
  return Math.min(16_000, Math.max(100, sizeGiB * 3))
}

const SSD_IO_KIB = 256
const HDD_IO_KIB = 1_024
/** A volume that was idle saved up for half an hour of bursts at gp2's 3,000 IOPS. */
const BURST_SECONDS = 1_800
const GIB_PER_TIB = 1_024

/** What the host lets a volume do. */
export function volumeLimits(volume: {
  type: VolumeType
  sizeGiB: number
  iops: number | null
  throughputMiBps: number | null
}): DiskLimits {
  const { type, sizeGiB } = volume
  switch (type) {
    case 'gp3':
      return {
        iopsMax: volume.iops ?? GP3_IOPS_DEFAULT,
        throughputMaxMiBps: volume.throughputMiBps ?? GP3_THROUGHPUT_DEFAULT,
        ioSizeKiB: SSD_IO_KIB,
      }
    case 'gp2': {
      const iopsMax = gp2Iops(sizeGiB)
      return {
        iopsMax,
        iopsBurst: iopsMax < 3_000 ? { perSecond: 3_000, seconds: BURST_SECONDS } : null,
        throughputMaxMiBps: sizeGiB <= 170 ? 128 : 250,
        ioSizeKiB: SSD_IO_KIB,
      }
    }
    case 'io1':
    case 'io2': {
      const iopsMax = volume.iops ?? 100
      // A quarter of a MiB for each IOPS, up to what the type can.
      const throughputMaxMiBps = Math.ceil(Math.min(type === 'io1' ? 1_000 : 4_000, iopsMax / 4))
      return { iopsMax, throughputMaxMiBps, ioSizeKiB: SSD_IO_KIB }
    }
    case 'st1':
      return hddLimits(sizeGiB, { perTiB: 40, burstPerTiB: 250, max: 500 })
    case 'sc1':
      return hddLimits(sizeGiB, { perTiB: 12, burstPerTiB: 80, max: 250 })
    case 'standard':
      return { iopsMax: 200, throughputMaxMiBps: 90 }
  }
}

function hddLimits(
  sizeGiB: number,
  rates: { perTiB: number; burstPerTiB: number; max: number },
): DiskLimits {
  const scaled = (perTiB: number): number =>
    Math.max(1, Math.round(Math.min(rates.max, (perTiB * sizeGiB) / GIB_PER_TIB)))
  const baseline = scaled(rates.perTiB)
  const burst = scaled(rates.burstPerTiB)
  return {
    // Its requests are of up to 1 MiB each.
    iopsMax: Math.max(baseline, burst),
    throughputMaxMiBps: baseline,
    throughputBurst: burst > baseline ? { mibPerSecond: burst, seconds: BURST_SECONDS } : null,
    ioSizeKiB: HDD_IO_KIB,
  }
}
