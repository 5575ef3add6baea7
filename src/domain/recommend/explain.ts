/** The reasons in words and numbers: why this type, what to mind, which alternatives were given up for what. */
import { creditRulesOf } from '../cpu-credits.ts'
import { PRICE_SOURCE, type InstanceType } from '../instance-type.ts'
import { acceleratorTflopsOf, familyOf, speedOf } from './family.ts'
import { MEMORY_SLACK } from './demand.ts'
import type { Reading } from './read-ask.ts'
import type { Candidate } from './candidate.ts'
import { acceleratorMiBOf, amount, unmet, combined } from './requirements.ts'

export interface GivenUp {
  instanceType: string
  why: string
}

export function priceWords(type: InstanceType): string {
  return type.usdPerHour === null
    ? 'its price on AWS is not in the catalogue, and not guessed'
    : `$${type.usdPerHour} an hour on AWS (${PRICE_SOURCE.what}, ${PRICE_SOURCE.date})`
}

export function reasonsOf(
  { type, suit }: Candidate,
  all: readonly Candidate[],
  reading: Reading,
): string[] {
  const reasons = [`${familyOf(type.name).name} ${suit.because}`, sizeWords(type, reading)]
  reasons.push(...deviceWords(type, reading))
  const cheapest = all.reduce<InstanceType | null>((best, one) => {
    const price = one.type.usdPerHour ?? Infinity
    return price < (best?.usdPerHour ?? Infinity) ? one.type : best
  }, null)
  const price = type.usdPerHour
  if (price === null || cheapest === null || cheapest.usdPerHour === null) {
    reasons.push(priceWords(type))
  } else if (price <= cheapest.usdPerHour) {
    const which =
      all.length === 1 ? 'the only type that does' : `the lowest of the ${all.length} types that do`
    reasons.push(`${priceWords(type)}: ${which}`)
  } else {
    const more = Math.round((price / cheapest.usdPerHour - 1) * 100)
    reasons.push(`${priceWords(type)}: ${more} % above the cheapest that does, ${cheapest.name}`)
  }
  if (reading.profile.speedBy === 'vcpu' || reading.profile.speedBy === 'memory') {
    reasons.push(
      `its vCPUs do about ${speedOf(type).toFixed(1)} times the work of an M5's ` +
        "(an estimate from AWS's statements on generations)",
    )
  }
  return reasons
}

function sizeWords(type: InstanceType, { requirements, hints, demand }: Reading): string {
  const memory = type.memoryMiB / 1024
  const vcpus = (count: number): string => `${amount(count)} vCPU${count === 1 ? '' : 's'}`
  const has = `${vcpus(type.vcpus)} and ${amount(memory)} GiB of memory`
  const asked = requirements.memoryMiB?.min ?? requirements.vcpus?.min
  if (hints.hotGB !== undefined) {
    return `${has}: ${amount(hints.hotGB)} GB in memory and ${amount(memory - hints.hotGB)} beside it`
  }
  if (asked !== undefined) return `${has}, as asked`
  const usual = [
    demand.vcpus?.min === undefined ? '' : vcpus(demand.vcpus.min),
    demand.memoryMiB?.min === undefined
      ? ''
      : `${amount(demand.memoryMiB.min / 1024 / MEMORY_SLACK)} GiB`,
  ].filter(Boolean)
  const isLess =
    type.vcpus < (demand.vcpus?.min ?? 0) || type.memoryMiB < (demand.memoryMiB?.min ?? 0)
  if (isLess) {
    return `${has}: less than the ${usual.join(' and ')} that such work usually starts at, for the price`
  }
  return `${has}, where such work usually starts at ${usual.join(' and ')}`
}

function deviceWords(type: InstanceType, { profile, requirements, hints }: Reading): string[] {
  const words: string[] = []
  if (type.acceleratorKind !== null) {
    const count = type.acceleratorCount === 0 ? 'a share of one' : String(type.acceleratorCount)
    const tflops = acceleratorTflopsOf(type)
    words.push(
      `${count} ${type.acceleratorVendor} ${type.acceleratorName} with ` +
        `${amount((acceleratorMiBOf(type) * 1.048576) / 1000)} GB in all` +
        (tflops > 0 ? `, about ${amount(tflops)} TFLOPS (FP16, by its maker)` : ''),
    )
  }
  if (type.storeDisks > 0 && (requirements.localStorage || profile.speedBy === 'storage')) {
    const total = type.storeDisks * (type.storeGBEach ?? 0)
    words.push(
      `${type.storeDisks} local ${type.storeType?.toUpperCase()} of ${type.storeGBEach} GB: ` +
        `${amount(total)} GB in all`,
    )
  }
  if (profile.speedBy === 'network' || requirements.networkGbps) {
    words.push(
      `${amount(type.networkBaselineGbps ?? 0)} Gbit/s at all times, up to ${amount(type.networkPeakGbps ?? 0)}`,
    )
  }
  if (hints.writesPerSecond !== undefined || requirements.ebsIops || requirements.ebsMBps) {
    words.push(
      `${amount(type.ebsBaselineIops ?? 0)} IOPS and ${amount(type.ebsBaselineMBps ?? 0)} MB/s to EBS ` +
        `at all times, up to ${amount(type.ebsPeakIops ?? 0)} and ${amount(type.ebsPeakMBps ?? 0)}`,
    )
  }
  return words
}

export function cautionsOf(
  type: InstanceType,
  { requirements, profile, priority }: Reading,
): string[] {
  const cautions: string[] = []
  if (type.architecture === 'arm64' && !type.isMac && !requirements.architectures) {
    cautions.push(
      'ARM processor: your software and images must be made for arm64; say "x86" if not',
    )
  }
  const credits = creditRulesOf(type.name)
  if (credits) {
    cautions.push(
      `${Math.round(credits.baseline * 100)} % of each vCPU at all times; more costs CPU credits, ` +
        'or money in unlimited mode',
    )
  }
  if (type.storeDisks > 0 && (requirements.localStorage || profile.speedBy === 'storage')) {
    cautions.push('local disks are empty after a stop')
  }
  if (!type.isCurrentGeneration) cautions.push('previous generation')
  if (type.usdPerHour === null && priority === 'cost') cautions.push('no price is known here')
  return cautions
}

/** The questions people ask back: why not smaller, why not x86, why not a cheaper kind, why not a T. */
export function givenUpOf(
  first: Candidate,
  ranked: readonly Candidate[],
  types: readonly InstanceType[],
  reading: Reading,
): GivenUp[] {
  const given: GivenUp[] = []
  const add = (type: InstanceType | undefined, why: string): void => {
    if (type && !given.some(({ instanceType }) => instanceType === type.name)) {
      given.push({ instanceType: type.name, why })
    }
  }
  const wanted = combined(reading.demand, reading.hard)
  const missing = (type: InstanceType): string[] => unmet(type, wanted)
  const family = familyOf(first.type.name).name
  const smaller = types
    .filter((type) => familyOf(type.name).name === family && !type.isBareMetal)
    .filter((type) => type.memoryMiB < first.type.memoryMiB && missing(type).length > 0)
    .toSorted((a, b) => b.memoryMiB - a.memoryMiB || b.vcpus - a.vcpus)[0]
  if (smaller) add(smaller, `a size smaller: ${missing(smaller).join('; ')}`)
  const other = ranked.find(({ type }) => type.architecture !== first.type.architecture)
  if (other) add(other.type, `${other.type.architecture}: ${comparison(other, first)}`)
  const second = ranked.find(
    ({ type }) => familyOf(type.name).series !== familyOf(first.type.name).series,
  )
  if (second) add(second.type, `${second.suit.because}, but ${comparison(second, first)}`)
  const cheaper = types
    .filter((type) => type.isCurrentGeneration && !type.isBareMetal)
    .filter((type) => (type.usdPerHour ?? Infinity) < (first.type.usdPerHour ?? 0))
    .filter((type) => missing(type).length === 0)
    .filter(
      (type) => !ranked.some((one) => familyOf(one.type.name).name === familyOf(type.name).name),
    )
    .toSorted((a, b) => (a.usdPerHour ?? 0) - (b.usdPerHour ?? 0))[0]
  if (cheaper) {
    const why = cheaper.isBurstable
      ? 'its CPU is burstable, and this work is steady'
      : `its series is not named for ${reading.profile.title}`
    add(cheaper, `cheaper at $${cheaper.usdPerHour} an hour, but ${why}`)
  }
  return given
}

function comparison(other: Candidate, first: Candidate): string {
  const [price, best] = [other.type.usdPerHour, first.type.usdPerHour]
  const parts: string[] = []
  if (price === null || best === null) parts.push('its price is not known here')
  else if (price >= best) parts.push(`$${price} an hour instead of $${best}`)
  else parts.push(`$${price} an hour is less than $${best}`)
  const ratio = other.speed / first.speed
  if (Math.abs(ratio - 1) > 0.02) parts.push(`${ratio.toFixed(2)} times as fast`)
  if (other.suit.weight < first.suit.weight) parts.push('less made for this work')
  return parts.join(', ')
}
