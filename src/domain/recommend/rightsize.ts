/**
 * Whether a running machine has the right size: what it was measured to need, over two windows, against what its type
 * has and what others have. The same catalogue, requirements and speeds as the recommender's. Pure.
 *
 * What is needed is the level that 99.5 % of the time lies below, in the worse of the two windows (a day, so that
 * growth is seen; two weeks, so that a quiet day does not shrink anything), and a fifth of room above it.
 */
import type { InstanceType } from '../instance-type.ts'
import { familyOf, speedOf } from './family.ts'
import { unmet, type Requirements } from './requirements.ts'

/** What one window has seen, 99.5 % of its time at most; null: not measured. */
export interface WindowUsage {
  hours: number
  /** Hundredths of all vCPUs together. */
  cpuPercent: number
  memoryPercent: number | null
  ebsIops: number
  ebsMBps: number
  networkGbps: number
}

export type Risk = 'VeryLow' | 'Low' | 'Medium' | 'High'
export type FindingReason =
  `${'CPU' | 'Memory' | 'EBSThroughput' | 'EBSIOPS' | 'NetworkBandwidth'}${'Over' | 'Under'}provisioned`

export interface Option {
  type: InstanceType
  cpuPercent: number
  memoryPercent: number | null
  /** 0 (none) to 4. */
  risk: number
  monthlySavingsUsd: number | null
  isOtherArchitecture: boolean
}

export interface Rightsizing {
  finding: 'Overprovisioned' | 'Underprovisioned' | 'Optimized'
  reasons: FindingReason[]
  isIdle: boolean
  risk: Risk
  used: WindowUsage
  options: Option[]
}

const HEADROOM = 0.8
const HOURS_A_MONTH = 730
const OPTIONS_MAX = 3
/** Less than this of the CPU and of the network, all of the time: nobody uses it. */
const IDLE_CPU_PERCENT = 5
const IDLE_NETWORK_GBPS = (5 * 1024 ** 2 * 8) / 86_400 / 1e9
/** Cheaper by less than this is no reason to change anything. */
const SAVING_MIN = 0.05

/** The worse of the windows, each by itself. */
export function worst(windows: readonly WindowUsage[]): WindowUsage {
  const most = (of: (window: WindowUsage) => number): number => Math.max(...windows.map(of))
  const memory = windows.map((one) => one.memoryPercent).filter((value) => value !== null)
  return {
    hours: most((one) => one.hours),
    cpuPercent: most((one) => one.cpuPercent),
    memoryPercent: memory.length > 0 ? Math.max(...memory) : null,
    ebsIops: most((one) => one.ebsIops),
    ebsMBps: most((one) => one.ebsMBps),
    networkGbps: most((one) => one.networkGbps),
  }
}

export function rightsize(
  current: InstanceType,
  windows: readonly WindowUsage[],
  types: readonly InstanceType[],
  options: { architectures: readonly string[] },
): Rightsizing {
  const used = worst(windows)
  const loads = loadsOf(current, used)
  const over = loads.filter(({ share }) => share > 1)
  const isIdle = used.cpuPercent < IDLE_CPU_PERCENT && used.networkGbps < IDLE_NETWORK_GBPS
  const found = optionsOf(current, used, types, options.architectures)
  const risk = riskOf(Math.max(...loads.map(({ share }) => share)))
  if (over.length > 0) {
    const reasons = over.map(({ name }): FindingReason => `${name}Underprovisioned`)
    return { finding: 'Underprovisioned', reasons, isIdle: false, risk, used, options: found }
  }
  const own = found.find(({ type }) => type === current)
  const saved = found.filter(
    ({ monthlySavingsUsd, isOtherArchitecture }) =>
      !isOtherArchitecture &&
      current.usdPerHour !== null &&
      (monthlySavingsUsd ?? 0) > current.usdPerHour * HOURS_A_MONTH * SAVING_MIN,
  )
  const smaller = saved.filter(({ type }) => isSmaller(type, current))
  if (smaller.length === 0) {
    const kept = own ? [own] : []
    return { finding: 'Optimized', reasons: [], isIdle, risk, used, options: kept }
  }
  const [best] = smaller
  const reasons: FindingReason[] = []
  if (capacityOf(best!.type) < capacityOf(current)) reasons.push('CPUOverprovisioned')
  if (best!.type.memoryMiB < current.memoryMiB) reasons.push('MemoryOverprovisioned')
  return { finding: 'Overprovisioned', reasons, isIdle, risk, used, options: found }
}

function isSmaller(type: InstanceType, current: InstanceType): boolean {
  return capacityOf(type) < capacityOf(current) || type.memoryMiB < current.memoryMiB
}

/** What all its vCPUs do together, at all times: a burstable type has its baseline. */
function capacityOf(type: InstanceType): number {
  return type.vcpus * speedOf(type)
}

interface Load {
  name: 'CPU' | 'Memory' | 'EBSThroughput' | 'EBSIOPS' | 'NetworkBandwidth'
  /** Above 1: with its room, it needs more than there is. */
  share: number
}

function loadsOf(type: InstanceType, used: WindowUsage): Load[] {
  const share = (value: number, has: number | null): number =>
    has === null || has === 0 ? 0 : value / has / HEADROOM
  return [
    { name: 'CPU', share: used.cpuPercent / 100 / HEADROOM },
    ...(used.memoryPercent === null
      ? []
      : [{ name: 'Memory' as const, share: used.memoryPercent / 100 / HEADROOM }]),
    { name: 'EBSThroughput', share: share(used.ebsMBps, type.ebsPeakMBps) },
    { name: 'EBSIOPS', share: share(used.ebsIops, type.ebsPeakIops) },
    { name: 'NetworkBandwidth', share: share(used.networkGbps, type.networkPeakGbps) },
  ]
}

function optionsOf(
  current: InstanceType,
  used: WindowUsage,
  types: readonly InstanceType[],
  architectures: readonly string[],
): Option[] {
  const memoryUsed = used.memoryPercent === null ? null : current.memoryMiB * used.memoryPercent
  const needs: Requirements = {
    architectures,
    // What is not measured is kept as it is.
    memoryMiB: { min: memoryUsed === null ? current.memoryMiB : memoryUsed / 100 / HEADROOM },
    ebsIops: { min: used.ebsIops },
    ebsMBps: { min: used.ebsMBps },
    networkGbps: { min: used.networkGbps },
    bareMetal: current.isBareMetal ? 'included' : 'excluded',
    acceleratorKinds: current.acceleratorKind === null ? 'none' : [current.acceleratorKind],
    ...(current.acceleratorKind !== null && {
      acceleratorCount: { min: current.acceleratorCount },
    }),
    localStorage: current.storeDisks > 0 ? 'required' : 'excluded',
    usdPerHour: { min: 0 },
  }
  const needed = (capacityOf(current) * used.cpuPercent) / 100 / HEADROOM
  const found = types
    .filter((type) => type.isCurrentGeneration || type === current)
    .filter((type) => type === current || unmet(type, needs).length === 0)
    .filter((type) => type === current || sustained(type) >= needed)
    .map((type): Option => {
      const cpuPercent = (used.cpuPercent * capacityOf(current)) / capacityOf(type)
      const memoryPercent = memoryUsed === null ? null : memoryUsed / type.memoryMiB
      const price = type.usdPerHour
      return {
        type,
        cpuPercent,
        memoryPercent,
        risk: Math.min(4, Math.max(cpuPercent, memoryPercent ?? 0) / 25),
        monthlySavingsUsd:
          price === null || current.usdPerHour === null
            ? null
            : (current.usdPerHour - price) * HOURS_A_MONTH,
        isOtherArchitecture: type.architecture !== current.architecture,
      }
    })
  const price = ({ type }: Option): number => type.usdPerHour ?? Infinity
  const cheapest = found.toSorted((a, b) => price(a) - price(b) || a.risk - b.risk)
  const seen = new Set<string>()
  const one = cheapest.filter(({ type }) => {
    const { name } = familyOf(type.name)
    return !seen.has(name) && seen.add(name)
  })
  return one.slice(0, OPTIONS_MAX)
}

/** Of a burstable type only its baseline counts, which its price is for. */
function sustained(type: InstanceType): number {
  const BURSTABLE_BASELINE = 0.2
  return capacityOf(type) * (type.isBurstable ? BURSTABLE_BASELINE : 1)
}

function riskOf(share: number): Risk {
  if (share > 1) return 'High'
  if (share > 0.9) return 'Medium'
  return share > 0.7 ? 'Low' : 'VeryLow'
}

/** The level that this share of the values lies at or below. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!
}
