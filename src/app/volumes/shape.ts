/** Whether a volume can be of this size and these rates: AWS's own rules, codes and words. */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import {
  gp2Iops,
  GP3_IOPS_DEFAULT,
  GP3_THROUGHPUT_DEFAULT,
  GP3_THROUGHPUT_PER_IOPS_MAX,
  TYPE_RULES,
  type TypeRules,
} from '../../domain/volume-types.ts'
import type { VolumeType } from '../../domain/volume-type.ts'

export interface VolumeShape {
  sizeGiB: number
  type: VolumeType
  iops: number | null
  throughputMiBps: number | null
}

/** @throws Faults `InvalidValue`, `InvalidCombination`. */
export function volumeShapeChecked(wanted: {
  sizeGiB: number | null
  snapshotSizeGiB: number | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
}): VolumeShape {
  const type = wanted.type ?? 'gp2'
  const rules = TYPE_RULES[type]
  const sizeGiB = wanted.sizeGiB ?? wanted.snapshotSizeGiB ?? 0
  const [sizeMin, sizeMax] = rules.sizeGiB
  if (sizeGiB < sizeMin || sizeGiB > sizeMax) {
    throw invalidValue('VolumeSize', sizeGiB, `${type} volumes have ${sizeMin} to ${sizeMax} GiB`)
  }
  if (wanted.snapshotSizeGiB !== null && sizeGiB < wanted.snapshotSizeGiB) {
    const reason = `smaller than its snapshot, which has ${wanted.snapshotSizeGiB} GiB`
    throw invalidValue('VolumeSize', sizeGiB, reason)
  }
  const iops = iopsChecked(type, rules, sizeGiB, wanted.iops)
  const throughputMiBps = throughputChecked(rules, iops, wanted.throughputMiBps)
  return { sizeGiB, type, iops, throughputMiBps }
}

function iopsChecked(
  type: VolumeType,
  rules: TypeRules,
  sizeGiB: number,
  iops: number | null,
): number | null {
  if (!rules.iops) {
    if (iops !== null) {
      throw combination(['iops'], `The parameter iops is not supported for ${type} volumes.`)
    }
    // The others have no such figure.
    return type === 'gp2' ? gp2Iops(sizeGiB) : null
  }
  if (iops === null) {
    if (!rules.iops.isRequired) return GP3_IOPS_DEFAULT
    throw combination(['iops'], `The parameter iops must be specified for ${type} volumes.`)
  }
  const [min, max] = rules.iops.range
  if (iops < min) throw invalidValue('iops', iops, `Volume iops is too low; minimum is ${min}`)
  if (iops > max) throw invalidValue('iops', iops, `Volume iops is too high; maximum is ${max}`)
  const { perGiBMax } = rules.iops
  if (iops > Math.max(min, sizeGiB * perGiBMax)) {
    const ratio = (iops / sizeGiB).toFixed(6)
    const reason = `Iops to volume size ratio of ${ratio} is too high; maximum is ${perGiBMax}`
    throw invalidValue('iops', iops, reason)
  }
  return iops
}

function throughputChecked(
  rules: TypeRules,
  iops: number | null,
  throughput: number | null,
): number | null {
  if (!rules.throughput) {
    if (throughput === null) return null
    throw combination(['throughput'], 'throughput can only be specified for volumeType gp3.')
  }
  const value = throughput ?? GP3_THROUGHPUT_DEFAULT
  const [min, max] = rules.throughput
  if (value < min || value > max) {
    throw invalidValue('throughput', value, `Throughput must be between ${min} and ${max} MiB/s`)
  }
  if (iops !== null && value > iops * GP3_THROUGHPUT_PER_IOPS_MAX) {
    const ratio = `${(value / iops).toFixed(6)} is too high; maximum is 0.250000 MiBps per iops`
    throw invalidValue('throughput', value, `Throughput (MiBps) to iops ratio of ${ratio}`)
  }
  return value
}

function combination(parameters: readonly string[], reason: string): FaultError {
  return new FaultError({ type: 'InvalidCombination', parameters, reason })
}
