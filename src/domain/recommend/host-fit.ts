/** Whether a type runs on this host, as whoever knows the host says it; and which type comes nearest that does. */
import type { InstanceType } from '../instance-type.ts'
import { familyOf } from './family.ts'

export interface HostFit {
  /** `full`: it could, but not beside what runs now. */
  state: 'now' | 'full' | 'never' | 'unknown'
  reason: string | null
}

export type FitOf = (type: InstanceType) => HostFit

/** What a machine is known to have when no cloud runs on it. */
export interface HostFacts {
  architecture: 'x86_64' | 'arm64'
  vcpusTotal: number
  memoryTotalMiB: number
}

/** By the machine alone: what runs on it is not counted. */
export function fitByFacts(type: InstanceType, host: HostFacts): HostFit {
  const never = (reason: string): HostFit => ({ state: 'never', reason })
  if (type.isBareMetal) return never('bare metal cannot be given by a hypervisor')
  if (type.acceleratorKind !== null) return never('its accelerators are not here')
  if (type.architecture !== host.architecture) {
    return never(`it is ${type.architecture} and this host is ${host.architecture}`)
  }
  if (type.vcpus > host.vcpusTotal || type.memoryMiB > host.memoryTotalMiB) {
    return never(
      `it has ${type.vcpus} vCPUs and ${type.memoryMiB} MiB; ` +
        `this host can give ${host.vcpusTotal} and ${host.memoryTotalMiB}`,
    )
  }
  return { state: 'now', reason: 'the cloud is not up: what else runs here is not counted' }
}

/** The best of `ranked` that fits now, else the type most like the wanted one that does; null when none does. */
export function nearestHere(
  wanted: InstanceType,
  ranked: readonly InstanceType[],
  types: readonly InstanceType[],
  fitOf: FitOf,
): string | null {
  const isNow = (type: InstanceType): boolean => fitOf(type).state === 'now'
  return (ranked.find(isNow) ?? nearestTo(wanted, types, isNow))?.name ?? null
}

/** Of those that are able, the type most like the wanted one. */
export function nearestTo(
  wanted: InstanceType,
  types: readonly InstanceType[],
  isAble: (type: InstanceType) => boolean,
): InstanceType | null {
  const { series } = familyOf(wanted.name)
  const distance = (type: InstanceType): number =>
    Math.abs(Math.log2(type.memoryMiB / wanted.memoryMiB)) +
    Math.abs(Math.log2(type.vcpus / wanted.vcpus)) +
    unlike(familyOf(type.name).series, series) +
    (type.storeDisks > 0 && wanted.storeDisks === 0 ? 0.75 : 0) +
    0.3 * Math.abs(Math.log2((type.usdPerHour ?? 100) / (wanted.usdPerHour ?? 1))) +
    (type.isCurrentGeneration ? 0 : 3)
  let best: InstanceType | null = null
  for (const type of types) {
    if (best && distance(type) >= distance(best)) continue
    if (isAble(type)) best = type
  }
  return best
}

const USUAL: ReadonlySet<string> = new Set(['t', 'm', 'c', 'r'])

/** Another series is less like it; one that is made for something else still (dense disks for a GPU) by far. */
function unlike(series: string, wanted: string): number {
  if (series === wanted) return 0
  return USUAL.has(series) ? 0.75 : 1.75
}
