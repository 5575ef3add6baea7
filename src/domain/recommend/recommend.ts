/**
 * Which instance type: the engine. From a sentence and requirements to a ranked list with reasons, over all types,
 * without I/O and without a model: what is known of workloads is in `profiles-*.ts`, of types in the catalogue. What is
 * guaranteed: no answer misses a requirement that was stated; the same question has the same answer.
 *
 * How it ranks: types that are large enough are compared by price, speed and how well AWS's own guidance names their
 * series for the workload, each as a logarithm, weighed by the priority. One type of each family is answered.
 */
import type { InstanceType } from '../instance-type.ts'
import { acceleratorTflopsOf, familyOf, isOfSeries, speedOf } from './family.ts'
import { givenUpOf, reasonsOf, cautionsOf, type GivenUp } from './explain.ts'
import { nearestHere, type FitOf, type HostFit } from './host-fit.ts'
import { readAsk, type Ask, type Reading } from './read-ask.ts'
import {
  acceleratorMiBOf,
  shortfall,
  unmet,
  type Range,
  type Requirements,
} from './requirements.ts'
import type { Priority } from './read-words.ts'
import type { Understood } from './read-quantities.ts'
import type { Profile, Suit } from './workload.ts'
import { GENERAL_PROFILE } from './profiles-compute.ts'
import type { Candidate } from './candidate.ts'

export interface Recommendation {
  instanceType: string
  rank: number
  vcpus: number
  memoryGiB: number
  architectures: readonly string[]
  /** On AWS, as dated and sourced in the answer; null: the catalogue has no price. */
  usdPerHour: number | null
  reasons: string[]
  cautions: string[]
  /** Null for the first. */
  whyNotFirst: string | null
  host: HostFit & { nearest: string | null }
}

export interface Recommended {
  workload: { name: string; title: string; isAssumed: boolean }
  priority: Priority
  understood: Understood[]
  requirements: Requirements
  recommendations: Recommendation[]
  givenUp: GivenUp[]
  /** When nothing has everything: what misses least, and what it misses. */
  nearest: { instanceType: string; missed: string[] } | null
  notes: string[]
}

const LIMIT_DEFAULT = 5
const LIMIT_MAX = 50

/** What a halving of each is worth. `misfit`: a series that is not named for the workload at all. */
const WEIGHTS: Readonly<Record<Priority, { price: number; speed: number; misfit: number }>> = {
  cost: { price: 1.5, speed: 0.25, misfit: 2.5 },
  balanced: { price: 1, speed: 0.8, misfit: 3 },
  speed: { price: 0.3, speed: 1.5, misfit: 3 },
  host: { price: 1, speed: 0.8, misfit: 3 },
}
const PREVIOUS_GENERATION_PENALTY = 0.5

export function recommend(
  types: readonly InstanceType[],
  ask: Ask,
  fitOf: FitOf = () => ({ state: 'unknown', reason: null }),
): Recommended {
  const reading = readAsk(ask)
  const limit = Math.min(Math.max(1, ask.limit ?? LIMIT_DEFAULT), LIMIT_MAX)
  const found = candidatesOf(types, reading, fitOf)
  const ranked = bestOfFamilies(found)
  const first = ranked[0]
  return {
    workload: reading.workload,
    priority: reading.priority,
    understood: reading.understood,
    requirements: reading.requirements,
    recommendations: ranked.slice(0, limit).map((candidate, index) => ({
      instanceType: candidate.type.name,
      rank: index + 1,
      vcpus: candidate.type.vcpus,
      memoryGiB: candidate.type.memoryMiB / 1024,
      architectures: candidate.type.architectures,
      usdPerHour: candidate.type.usdPerHour,
      reasons: reasonsOf(candidate, found, reading),
      cautions: cautionsOf(candidate.type, reading),
      whyNotFirst: index === 0 ? null : whyNotFirst(candidate, first!, reading),
      host: hostOf(candidate.type, types, found, fitOf),
    })),
    givenUp: first ? givenUpOf(first, ranked, types, reading) : [],
    nearest: first ? null : nearestOf(types, reading),
    notes: notesOf(reading),
  }
}

/** All that have everything, best first. The first set of conditions that anything meets decides. */
export function candidatesOf(
  types: readonly InstanceType[],
  reading: Reading,
  fitOf: FitOf,
): Candidate[] {
  const { hard, profile } = reading
  let able = types.filter((type) => unmet(type, hard).length === 0)
  // What such work usually cannot do without gives way to what was asked for.
  if (able.length === 0)
    able = types.filter((type) => unmet(type, reading.requirements).length === 0)
  if (reading.priority === 'host') able = able.filter((type) => fitOf(type).state === 'now')
  const usual = able.filter((type) => unmet(type, reading.usual).length === 0)
  const large = (of: readonly InstanceType[], share = 1): InstanceType[] => {
    const demand = sharedDemand(reading.demand, share)
    return of.filter((type) => unmet(type, demand).length === 0)
  }
  const tiers: [Profile | null, () => readonly InstanceType[]][] = [
    [profile, () => large(usual)],
    [profile, () => large(able)],
    // What is nearly large enough is better than what is small and cheap.
    ...SHARES.map((share): [Profile, () => InstanceType[]] => [profile, () => large(usual, share)]),
    [profile, () => usual],
    [GENERAL_PROFILE, () => large(usual)],
    [GENERAL_PROFILE, () => usual],
    [null, () => usual],
    [null, () => able],
  ]
  for (const [by, within] of tiers) {
    const found = scored(within(), by, reading)
    if (found.length > 0) return found
  }
  return []
}

const SHARES = [0.75, 0.5, 0.25, 0.12]

function sharedDemand(demand: Requirements, share: number): Requirements {
  return Object.fromEntries(
    Object.entries(demand).map(([key, { min }]: [string, Range]) => [
      key,
      min === undefined ? {} : { min: min * share },
    ]),
  )
}

const ANY: Suit = { series: [], weight: 0, because: 'has what was asked for' }

function scored(
  types: readonly InstanceType[],
  profile: Profile | null,
  reading: Reading,
): Candidate[] {
  const suited = types.flatMap((type) => {
    const suit = profile === null ? ANY : suitOf(type, profile)
    return suit ? [{ type, suit, score: 0, speed: speedFor(type, reading.profile) }] : []
  })
  const prices = suited.map(({ type }) => type.usdPerHour).filter((price) => price !== null)
  const lowest = Math.min(...prices, Infinity)
  // What has no price here is not taken for cheap.
  const unknown = Math.max(...prices, 1)
  const weights = WEIGHTS[reading.priority]
  for (const candidate of suited) {
    const price = candidate.type.usdPerHour ?? unknown
    candidate.score =
      weights.price * Math.log2(price / (lowest < Infinity ? lowest : 1)) -
      weights.speed * Math.log2(Math.max(candidate.speed, 1e-3)) +
      weights.misfit * (1 - candidate.suit.weight) +
      (candidate.type.isCurrentGeneration ? 0 : PREVIOUS_GENERATION_PENALTY)
  }
  return suited.toSorted((a, b) => a.score - b.score || (a.type.name < b.type.name ? -1 : 1))
}

function suitOf(type: InstanceType, profile: Profile): Suit | null {
  const fitting = profile.suits.filter(({ series }) => series.some((one) => isOfSeries(type, one)))
  return fitting.toSorted((a, b) => b.weight - a.weight)[0] ?? null
}

/** What the workload is limited by, compared with others of the list. */
function speedFor(type: InstanceType, profile: Profile): number {
  switch (profile.speedBy) {
    case 'vcpu':
      return speedOf(type)
    case 'accelerator':
      // What is beyond the need counts for less, as with network.
      return Math.sqrt(acceleratorTflopsOf(type)) || speedOf(type)
    case 'network':
      return Math.sqrt(type.networkBaselineGbps ?? 0.1)
    case 'memory':
    case 'storage':
      return Math.sqrt(speedOf(type))
  }
}

function bestOfFamilies(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>()
  return candidates.filter(({ type }) => {
    const { name } = familyOf(type.name)
    return !seen.has(name) && seen.add(name)
  })
}

const SPEED_WORDS: Readonly<Record<Profile['speedBy'], string>> = {
  accelerator: 'accelerators',
  vcpu: 'processors',
  memory: 'memory',
  network: 'network',
  storage: 'disks',
}

function whyNotFirst(candidate: Candidate, first: Candidate, { profile }: Reading): string {
  const parts: string[] = []
  const [price, best] = [candidate.type.usdPerHour, first.type.usdPerHour]
  if (price === null) parts.push('no price is known here')
  else if (best !== null && price > best * 1.005) parts.push(`${percent(price / best)} dearer`)
  else if (best !== null && price < best * 0.995) parts.push(`${percent(best / price)} cheaper`)
  const ratio = candidate.speed / first.speed
  const what = SPEED_WORDS[profile.speedBy]
  if (ratio < 0.98) parts.push(`slower (${what}, about ${ratio.toFixed(2)} times)`)
  if (ratio > 1.02) parts.push(`faster (${what}, about ${ratio.toFixed(2)} times)`)
  if (candidate.suit.weight < first.suit.weight) parts.push('less made for this work')
  if (acceleratorMiBOf(candidate.type) > acceleratorMiBOf(first.type)) {
    parts.push('more accelerator memory')
  }
  return parts.length > 0 ? `${parts.join(', ')} than ${first.type.name}` : 'about as good'
}

function percent(ratio: number): string {
  return ratio >= 3 ? `${ratio.toFixed(1)} times` : `${Math.round((ratio - 1) * 100)} %`
}

function hostOf(
  type: InstanceType,
  types: readonly InstanceType[],
  found: readonly Candidate[],
  fitOf: FitOf,
): Recommendation['host'] {
  const fit = fitOf(type)
  if (fit.state === 'now' || fit.state === 'unknown') return { ...fit, nearest: null }
  return {
    ...fit,
    nearest: nearestHere(
      type,
      found.map((one) => one.type),
      types,
      fitOf,
    ),
  }
}

/** The type that is least far from it; among equals the one that is least dear. */
function nearestOf(types: readonly InstanceType[], { hard }: Reading): Recommended['nearest'] {
  let nearest: { type: InstanceType; distance: number } | null = null
  for (const type of types) {
    const distance = shortfall(type, hard) + (type.isCurrentGeneration ? 0 : 0.5)
    if (nearest && distance > nearest.distance) continue
    const isCheaper = (type.usdPerHour ?? Infinity) < (nearest?.type.usdPerHour ?? Infinity)
    if (!nearest || distance < nearest.distance || isCheaper) nearest = { type, distance }
  }
  return nearest && { instanceType: nearest.type.name, missed: unmet(nearest.type, hard) }
}

function notesOf({ profile, workload, requires, guessedBy }: Reading): string[] {
  const notes: string[] = []
  if (workload.isAssumed) {
    notes.push(
      'No kind of workload was recognised, so it was taken for general purpose work. ' +
        'Say what it does (database, build server, web site …) for a better answer.',
    )
  }
  if (guessedBy) {
    notes.push(
      `Assumed to be ${workload.title}: no name in it is known here, and its words sound like it. ` +
        'Name the program or say what it does for a surer answer.',
    )
  }
  if (requires) notes.push(`Assumed: ${requires}.`)
  if (profile.advice) notes.push(profile.advice)
  return notes
}
