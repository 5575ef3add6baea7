/**
 * Sizes, IOPS and throughput a volume may have. Source: EBS user guide, "Amazon EBS volume types" (sizes in GiB,
 * throughput in MiB/s); defaults as CreateVolume's reference gives them.
 */
import { invalidValue } from '../../domain/faults.ts'
import type { VolumeType } from '../../domain/volume.ts'

export interface VolumeShape {
  sizeGiB: number
  type: VolumeType
  iops: number | null
  throughputMiBps: number | null
}

interface TypeRules {
  sizeGiB: [number, number]
  iops: { range: [number, number]; perGiBMax: number; isRequired: boolean } | null
  throughput: [number, number] | null
}

const RULES: Readonly<Record<VolumeType, TypeRules>> = {
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

const GP3_IOPS_DEFAULT = 3_000
const GP3_THROUGHPUT_DEFAULT = 125

export function volumeShapeChecked(wanted: {
  sizeGiB: number | null
  snapshotSizeGiB: number | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
}): VolumeShape {
  const type = wanted.type ?? 'gp2'
  const rules = RULES[type]
  const sizeGiB = wanted.sizeGiB ?? wanted.snapshotSizeGiB ?? 0
  const [sizeMin, sizeMax] = rules.sizeGiB
  if (sizeGiB < sizeMin || sizeGiB > sizeMax) {
    throw invalidValue('VolumeSize', sizeGiB, `${type} volumes have ${sizeMin} to ${sizeMax} GiB`)
  }
  if (wanted.snapshotSizeGiB !== null && sizeGiB < wanted.snapshotSizeGiB) {
    const reason = `smaller than its snapshot, which has ${wanted.snapshotSizeGiB} GiB`
    throw invalidValue('VolumeSize', sizeGiB, reason)
  }
  return {
    sizeGiB,
    type,
    iops: iopsChecked(type, rules, sizeGiB, wanted.iops),
    throughputMiBps: throughputChecked(type, rules, wanted.throughputMiBps),
  }
}

function iopsChecked(
  type: VolumeType,
  rules: TypeRules,
  sizeGiB: number,
  iops: number | null,
): number | null {
  if (!rules.iops) {
    if (iops !== null) throw invalidValue('Iops', iops, `cannot be set for ${type} volumes`)
    // 3 IOPS a GiB, at least 100, at most 16,000; the others have no such figure.
    return type === 'gp2' ? Math.min(16_000, Math.max(100, sizeGiB * 3)) : null
  }
  if (iops === null) {
    if (rules.iops.isRequired) throw invalidValue('Iops', 'none', `${type} volumes need it`)
    return GP3_IOPS_DEFAULT
  }
  const [min, max] = rules.iops.range
  if (iops < min || iops > max) {
    throw invalidValue('Iops', iops, `${type} volumes have ${min} to ${max}`)
  }
  if (iops > Math.max(min, sizeGiB * rules.iops.perGiBMax)) {
    const reason = `at most ${rules.iops.perGiBMax} for each GiB`
    throw invalidValue('Iops', iops, reason)
  }
  return iops
}

function throughputChecked(
  type: VolumeType,
  rules: TypeRules,
  throughput: number | null,
): number | null {
  if (!rules.throughput) {
    if (throughput !== null) {
      throw invalidValue('Throughput', throughput, `cannot be set for ${type} volumes`)
    }
    return null
  }
  const value = throughput ?? GP3_THROUGHPUT_DEFAULT
  const [min, max] = rules.throughput
  if (value < min || value > max) {
    throw invalidValue('Throughput', value, `${type} volumes have ${min} to ${max} MiB/s`)
  }
  return value
}
