/**
 * What a type must have, and whether it has it. The same requirements whoever asks: words of a person, EC2's
 * InstanceRequirements, measurements of a running machine. Unknown facts never satisfy: what the catalogue does not say
 * cannot be promised.
 */
import type { InstanceType } from '../instance-type.ts'

export interface Range {
  min?: number
  max?: number
}

export type Presence = 'included' | 'required' | 'excluded'

export interface Requirements {
  vcpus?: Range
  memoryMiB?: Range
  memoryGiBPerVcpu?: Range
  /** Any of these, as the catalogue's `architectures` has them. */
  architectures?: readonly string[]
  cpuManufacturers?: readonly string[]
  generations?: readonly ('current' | 'previous')[]
  bareMetal?: Presence
  burstable?: Presence
  needsHibernation?: boolean
  networkInterfaces?: Range
  /** What it has at all times; the peak may be more. */
  networkGbps?: Range
  localStorage?: Presence
  localStorageTypes?: readonly string[]
  localStorageGB?: Range
  ebsMbps?: Range
  ebsIops?: Range
  ebsMBps?: Range
  /** `none`: without accelerators. */
  acceleratorKinds?: readonly string[] | 'none'
  acceleratorCount?: Range
  acceleratorVendors?: readonly string[]
  acceleratorNames?: readonly string[]
  /** Of all together. */
  acceleratorMiB?: Range
  acceleratorMiBEach?: Range
  usdPerHour?: Range
  /** Names with `*` as AWS has them: `m5.8xlarge`, `c5*.*`, `r*`. */
  allowed?: readonly string[]
  excluded?: readonly string[]
}

/** Why the type does not do, one sentence for each requirement that it misses; empty when it does. */
export function unmet(type: InstanceType, wanted: Requirements): string[] {
  const missed: string[] = []
  const miss = (isMissed: boolean, words: string): void => void (isMissed && missed.push(words))
  const within = (value: number | null, range: Range | undefined, unit: string): void => {
    const words = range && missedBy(value, range)
    if (words) missed.push(`${value === null ? 'unknown' : amount(value)} ${unit}, ${words}`)
  }
  within(type.vcpus, wanted.vcpus, 'vCPUs')
  within(type.memoryMiB / 1024, scaled(wanted.memoryMiB, 1 / 1024), 'GiB of memory')
  within(type.memoryMiB / 1024 / type.vcpus, wanted.memoryGiBPerVcpu, 'GiB a vCPU')
  within(type.interfacesMax, wanted.networkInterfaces, 'network interfaces')
  within(type.networkBaselineGbps, wanted.networkGbps, 'Gbit/s of network')
  within(type.storeDisks * (type.storeGBEach ?? 0), wanted.localStorageGB, 'GB of local storage')
  within(type.ebsBaselineMbps, wanted.ebsMbps, 'Mbit/s to EBS')
  within(type.ebsBaselineIops, wanted.ebsIops, 'IOPS to EBS')
  within(type.ebsBaselineMBps, wanted.ebsMBps, 'MB/s to EBS')
  within(type.usdPerHour, wanted.usdPerHour, 'USD an hour')
  miss(
    wanted.architectures !== undefined &&
      !type.architectures.some((one) => wanted.architectures!.includes(one)),
    `it is ${type.architectures.join('/')}, not ${wanted.architectures?.join(' or ')}`,
  )
  miss(lacks(wanted.cpuManufacturers, type.cpuManufacturer), `CPU by ${type.cpuManufacturer}`)
  const generation = type.isCurrentGeneration ? 'current' : 'previous'
  miss(lacks(wanted.generations, generation), `${generation} generation`)
  const presence = (has: boolean, want: Presence | undefined, what: string): void => {
    miss(want === 'required' && !has, `no ${what}`)
    miss(want === 'excluded' && has, `${what} is not wanted`)
  }
  presence(type.isBareMetal, wanted.bareMetal, 'bare metal')
  presence(type.isBurstable, wanted.burstable, 'burstable CPU')
  presence(type.storeDisks > 0, wanted.localStorage, 'local storage')
  miss(wanted.needsHibernation === true && !type.hasHibernation, 'no hibernation')
  // AWS looks at the kind of disk only where there are disks.
  miss(
    type.storeDisks > 0 && lacks(wanted.localStorageTypes, type.storeType),
    `local storage is ${type.storeType}`,
  )
  miss(
    wanted.allowed !== undefined && !wanted.allowed.some((one) => isNamed(type.name, one)),
    'not one of the allowed types',
  )
  miss(
    wanted.excluded?.some((one) => isNamed(type.name, one)) === true,
    'one of the excluded types',
  )
  return [...missed, ...unmetAccelerators(type, wanted)]
}

function unmetAccelerators(type: InstanceType, wanted: Requirements): string[] {
  const missed: string[] = []
  const kinds = wanted.acceleratorKinds
  if (kinds === 'none' && type.acceleratorKind !== null) {
    missed.push(`it has ${type.acceleratorKind} accelerators, which are not wanted`)
  }
  if (kinds !== undefined && kinds !== 'none' && lacks(kinds, type.acceleratorKind)) {
    missed.push(`no ${kinds.join(' or ')} accelerator`)
  }
  const count = acceleratorsOf(type)
  const each = type.acceleratorMiBEach ?? 0
  const ranges: [number, Range | undefined, string][] = [
    [count, wanted.acceleratorCount, 'accelerators'],
    [each / 1024, scaled(wanted.acceleratorMiBEach, 1 / 1024), 'GiB in each accelerator'],
    [
      acceleratorMiBOf(type) / 1024,
      scaled(wanted.acceleratorMiB, 1 / 1024),
      'GiB in all accelerators',
    ],
  ]
  for (const [value, range, unit] of ranges) {
    const words = range && missedBy(value, range)
    if (words) missed.push(`${amount(value)} ${unit}, ${words}`)
  }
  if (lacks(wanted.acceleratorVendors, type.acceleratorVendor)) {
    missed.push(`no accelerator by ${wanted.acceleratorVendors?.join(' or ')}`)
  }
  if (lacks(wanted.acceleratorNames, type.acceleratorName)) {
    missed.push(`no ${wanted.acceleratorNames?.join(' or ')}`)
  }
  return missed
}

const RATIO_MOST = 10
/** What a missing feature weighs beside a size that is half of what is wanted. */
const FEATURE_WEIGHT = 4

/** How far the type is from the requirements: 0 when it has them; each halving or doubling that is missing counts 1. */
export function shortfall(type: InstanceType, wanted: Requirements): number {
  const missed = unmet(type, wanted).length
  if (missed === 0) return 0
  const ranges: [number | null, Range | undefined][] = [
    [type.vcpus, wanted.vcpus],
    [type.memoryMiB, wanted.memoryMiB],
    [type.usdPerHour, wanted.usdPerHour],
    [type.networkBaselineGbps, wanted.networkGbps],
    [type.storeDisks * (type.storeGBEach ?? 0), wanted.localStorageGB],
    [type.ebsBaselineIops, wanted.ebsIops],
    [acceleratorsOf(type), wanted.acceleratorCount],
    [acceleratorMiBOf(type), wanted.acceleratorMiB],
  ]
  let features = missed
  let sum = 0
  for (const [value, range] of ranges) {
    if (!range || missedBy(value, range) === null) continue
    features--
    const { min = 0, max = Infinity } = range
    const ratio = value === null || value === 0 ? Infinity : value < min ? min / value : value / max
    sum += Math.min(RATIO_MOST, Math.log2(ratio))
  }
  return sum + features * FEATURE_WEIGHT
}

/** A share of a device (g6f) counts as half of one: neither none nor one. */
export function acceleratorsOf(type: InstanceType): number {
  if (type.acceleratorKind === null) return 0
  return type.acceleratorCount === 0 ? 0.5 : type.acceleratorCount
}

export function acceleratorMiBOf(type: InstanceType): number {
  return (type.acceleratorMiBEach ?? 0) * Math.max(1, type.acceleratorCount)
}

/** `*` stands for any number of characters, as in AllowedInstanceTypes. */
export function isNamed(name: string, pattern: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return name === pattern
  const [first = ''] = parts
  const last = parts.at(-1) ?? ''
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= name.length - last.length
}

function lacks(wanted: readonly string[] | undefined, value: string | null): boolean {
  return wanted !== undefined && (value === null || !wanted.includes(value))
}

function missedBy(value: number | null, { min, max }: Range): string | null {
  if (min === undefined && max === undefined) return null
  if (value === null) return `${amount(min ?? max!)} ${min === undefined ? 'at most' : 'at least'}`
  if (min !== undefined && value < min) return `at least ${amount(min)} wanted`
  if (max !== undefined && value > max) return `at most ${amount(max)} wanted`
  return null
}

function scaled(range: Range | undefined, factor: number): Range | undefined {
  if (range === undefined) return undefined
  return {
    ...(range.min !== undefined && { min: range.min * factor }),
    ...(range.max !== undefined && { max: range.max * factor }),
  }
}

/** A number for people: no more digits than they would say. */
export function amount(value: number): string {
  if (value >= 100) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
  return String(Number(value.toPrecision(3)))
}

/** Both at once: the higher floor, the lower ceiling, what either of them excludes. */
export function combined(a: Requirements, b: Requirements): Requirements {
  const out: Record<string, unknown> = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const before = out[key]
    out[key] = isRange(before) && isRange(value) ? narrower(before, value) : (value ?? before)
  }
  return out as Requirements
}

function isRange(value: unknown): value is Range {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function narrower(a: Range, b: Range): Range {
  const min = Math.max(a.min ?? -Infinity, b.min ?? -Infinity)
  const max = Math.min(a.max ?? Infinity, b.max ?? Infinity)
  return { ...(min > -Infinity && { min }), ...(max < Infinity && { max }) }
}
