/** Whether a type is one that the engineer of workloads.ts would accept; by the catalogue alone, without the engine. */
import type { InstanceType } from '../../../src/domain/instance-type.ts'
import type { Requirement } from './described-workload.ts'
import type { DescribedWorkload } from './described-workload.ts'

/** What is wrong with it, in words; empty when nothing is. */
export function judge(type: InstanceType, workload: DescribedWorkload): string[] {
  const wrong: string[] = []
  if (!workload.accept.some((pattern) => isOf(type, pattern))) {
    wrong.push(`${type.name} is none of ${workload.accept.join(', ')}`)
  }
  const { must = {} } = workload
  if (!type.isCurrentGeneration && !must.is32Bit) wrong.push('previous generation')
  return [...wrong, ...missed(type, must)]
}

function isOf(type: InstanceType, pattern: string): boolean {
  const [series, option = ''] = pattern.split('+')
  const [, letters, options] = /^([a-z]+)-?\d*([a-z]*)/.exec(type.name)!
  if (letters !== series) return false
  return option === 'flex' ? type.name.includes('-flex.') : options!.includes(option)
}

function missed(type: InstanceType, must: Requirement): string[] {
  const gib = type.memoryMiB / 1024
  const acceleratorGB =
    ((type.acceleratorMiBEach ?? 0) * 1024 ** 2 * Math.max(1, type.acceleratorCount)) / 1e9
  const limits: [string, number | null, number | undefined, number | undefined][] = [
    ['vCPUs', type.vcpus, must.vcpusMin, must.vcpusMax],
    ['GiB', gib, must.memoryMinGiB, must.memoryMaxGiB],
    ['USD', type.usdPerHour, undefined, must.usdPerHourMax],
    // Half a percent: 24 GB are sold as 22,888 MiB.
    ['GB of accelerators', acceleratorGB * 1.005, must.acceleratorMinGB, undefined],
    ['accelerators', type.acceleratorCount, must.acceleratorCountMin, undefined],
    ['GB local', type.storeDisks * (type.storeGBEach ?? 0), must.storeMinGB, undefined],
    ['Gbit/s', type.networkBaselineGbps, must.networkMinGbps, undefined],
  ]
  const wrong = limits
    .filter(([, value, min, max]) => {
      if (min === undefined && max === undefined) return false
      return value === null || value < (min ?? -Infinity) || value > (max ?? Infinity)
    })
    .map(([what, value, min, max]) => `${value} ${what}, not ${min ?? ''}..${max ?? ''}`)
  const same: [unknown, unknown][] = [
    [must.architecture, type.architecture],
    [must.acceleratorName, type.acceleratorName],
    [must.storeType, type.storeType],
    [must.isBareMetal, type.isBareMetal],
    [must.is32Bit, type.architectures.includes('i386')],
  ]
  for (const [wanted, has] of same) {
    if (wanted !== undefined && wanted !== has) wrong.push(`${String(has)}, not ${String(wanted)}`)
  }
  return wrong
}
