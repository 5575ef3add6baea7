/**
 * A question as the engine needs it: which workload, what must hold (`hard`), what holds unless it was asked otherwise
 * (`usual`), how large a machine the workload usually wants (`demand`). Pure.
 */
import { normalise } from './numbers.ts'
import { COMPUTE_PROFILES, GENERAL_PROFILE } from './profiles-compute.ts'
import { DATA_PROFILES } from './profiles-data.ts'
import { SERVER_PROFILES } from './profiles-servers.ts'
import { MORE_PROFILES } from './profiles-more.ts'
import { demandOf } from './demand.ts'
import { evidenceOf, spokenOf, wantsOf, type Evidence } from './evidence.ts'
import type { Wants } from './lexicon.ts'
import { loadOf, type Load } from './read-load.ts'
import { quantitiesOf, type Hints, type Understood } from './read-quantities.ts'
import { refined, tempered } from './refine.ts'
import { priorityOf, wordsOf, type Priority } from './read-words.ts'
import { combined, type Requirements } from './requirements.ts'
import type { Profile } from './workload.ts'

export interface Ask {
  /** In plain words. */
  text?: string
  requirements?: Requirements
  /** Absent: what the words say, else balanced. */
  priority?: Priority
  limit?: number
}

export interface Reading {
  profile: Profile
  workload: { name: string; title: string; isAssumed: boolean }
  priority: Priority
  understood: Understood[]
  /** What was asked for, by words and by numbers. */
  requirements: Requirements
  /** That, and what the workload cannot do without. */
  hard: Requirements
  usual: Requirements
  demand: Requirements
  hints: Hints
  /** Words by which the workload was guessed rather than known; null: by a name. */
  guessedBy: string[] | null
  /** Why `hard` has more than was asked for. */
  requires: string | null
}

/** Longer texts are cut: a workload is told in a paragraph. */
export const TEXT_LENGTH_MAX = 4000

const PROFILES = new Map(
  [...SERVER_PROFILES, ...DATA_PROFILES, ...COMPUTE_PROFILES, ...MORE_PROFILES].map((profile) => [
    profile.name,
    profile,
  ]),
)

export function readAsk(ask: Ask): Reading {
  const typed = normalise((ask.text ?? '').slice(0, TEXT_LENGTH_MAX))
  const text = corrected(typed, evidenceOf(typed))
  const evidence = evidenceOf(text)
  const { load, understood: loads } = loadOf(text)
  const words = wordsOf(text)
  const quantities = quantitiesOf(text)
  const told = spokenProfile(text, evidence, load, quantities.hints)
  const spoken = combined(words.requirements, quantities.requirements)
  const requirements = combined(spoken, ask.requirements ?? {})
  const profile = onAccelerator(told.profile, requirements)
  const isAssumed = profile === GENERAL_PROFILE
  const isOnCpus = ON_CPUS[told.profile.name] === profile.name
  const workload = told.profile === GENERAL_PROFILE || isOnCpus ? profile : told.profile
  const wants = wantsOf(told.by, evidence)
  const needed = needsOf(profile, requirements, wants)
  const priority = ask.priority ?? priorityOf(text).priority
  const priorityWords = ask.priority === undefined ? priorityOf(text).words : null
  const about = { text, priority, load, wants }
  return {
    profile,
    workload: { name: workload.name, title: workload.title, isAssumed },
    guessedBy: isAssumed ? null : told.guessedBy,
    priority,
    understood: [
      ...(isAssumed ? [] : [{ words: 'the whole', meaning: workload.title }]),
      ...notesOf(typed, evidenceOf(typed)),
      ...words.understood,
      ...quantities.understood,
      ...loads,
      ...(priorityWords === null
        ? []
        : [{ words: priorityWords, meaning: PRIORITY_WORDS[priority] }]),
    ],
    requirements,
    hard: combined(needed, requirements),
    usual: usualOf(profile, { ...needed, ...requirements }),
    demand: demandOf(profile, requirements, quantities.hints, about),
    hints: quantities.hints,
    requires: Object.keys(needed).length > 0 ? (profile.requires?.because ?? null) : null,
  }
}

/** Names as they are spelt. */
function corrected(text: string, evidence: readonly Evidence[]): string {
  return evidence
    .filter(({ hit }) => hit.typed !== null)
    .reduceRight((out, { hit }) => out.slice(0, hit.start) + hit.words + out.slice(hit.end), text)
}

/** What was read otherwise than it stands there. */
function notesOf(text: string, evidence: readonly Evidence[]): Understood[] {
  return evidence.flatMap(({ hit, part }) => {
    if (hit.typed !== null) return [{ words: hit.typed, meaning: hit.words }]
    const isService = hit.meanings.some(({ weight }) => weight >= 2)
    if (part !== 'mentioned' || !isService) return []
    const words = text.slice(hit.start, hit.end)
    return [{ words, meaning: 'only mentioned: not what this machine runs' }]
  })
}

const TOGETHER =
  /\b(?:same|1|single) (?:machine|box|server|host|instance|vm)\b|\ball[- ]in[- ]1\b|\btogether on\b/

/** What the words speak of most; two kinds of work on one machine want a balance. */
function spokenProfile(
  text: string,
  evidence: readonly Evidence[],
  load: Load,
  hints: Hints,
): { profile: Profile; by: string; guessedBy: string[] | null } {
  const { profiles, guessedBy } = spokenOf(text, evidence)
  // A model told by its size alone is served.
  const isModel =
    (profiles.length === 0 || guessedBy !== null) && hints.parametersBillion !== undefined
  if (isModel) profiles.unshift('inference')
  const [name, ...others] = refined(profiles, { text, evidence, load, hints })
  const first = PROFILES.get(name ?? '')
  if (!first) return { profile: GENERAL_PROFILE, by: '', guessedBy: null }
  const second = PROFILES.get(others[0] ?? '')
  const isAccelerated = (profile: Profile): boolean => acceleratedSuits(profile).length > 0
  const told = { by: first.name, guessedBy }
  if (!second || !TOGETHER.test(text) || [first, second].some(isAccelerated)) {
    return { ...told, profile: tempered(first, load) }
  }
  const profile = {
    ...GENERAL_PROFILE,
    name: 'mixed',
    title: `${first.title}, and ${second.title}, on one machine`,
    demand: {
      // Both compute; what the one keeps in memory is mostly the larger part of all.
      vcpus: first.demand.vcpus + second.demand.vcpus,
      memoryGiB: Math.max(first.demand.memoryGiB, second.demand.memoryGiB),
    },
  }
  return { ...told, profile }
}

const ACCELERATED = ['g', 'gr', 'p', 'vt', 'f', 'inf', 'trn']

function acceleratedSuits(profile: Profile): Profile['suits'] {
  return profile.suits.filter(({ series }) => series.some((one) => ACCELERATED.includes(one)))
}

/** Work that is known on CPUs, when a GPU is asked for, and the other way about. */
function onAccelerator(profile: Profile, asked: Requirements): Profile {
  const isAsked = Array.isArray(asked.acceleratorKinds) || asked.acceleratorCount !== undefined
  const isDenied = asked.acceleratorKinds === 'none'
  const isAccelerated = acceleratedSuits(profile).length > 0
  if (isDenied && isAccelerated) return PROFILES.get(ON_CPUS[profile.name] ?? '') ?? profile
  if (!isAsked || isAccelerated) return profile
  return PROFILES.get('gpu') ?? profile
}

const ON_CPUS: Readonly<Record<string, string>> = {
  inference: 'inference-cpu',
  training: 'ml-cpu',
}

const PRIORITY_WORDS: Readonly<Record<Priority, string>> = {
  cost: 'the price counts most',
  speed: 'speed counts most',
  balanced: 'price and speed count alike',
  host: 'it must fit this host now',
}

/** What the workload needs, except where the person said otherwise. */
function needsOf(profile: Profile, asked: Requirements, wants: Wants): Requirements {
  const needed: Requirements = {
    ...profile.requires?.requirements,
    ...(wants.nvidia && acceleratedSuits(profile).length > 0 && { acceleratorVendors: ['NVIDIA'] }),
    ...(wants.x86 && { architectures: ['x86_64'] }),
  }
  const rest = Object.entries(needed).filter(([key]) => !(key in asked))
  const isDenied = asked.acceleratorKinds === 'none'
  return Object.fromEntries(
    rest.filter(([key]) => !(isDenied && key.startsWith('accelerator'))),
  ) as Requirements
}

function usualOf(profile: Profile, asked: Requirements): Requirements {
  const wantsAccelerator =
    asked.acceleratorKinds !== 'none' &&
    Object.keys(asked).some((key) => key.startsWith('accelerator'))
  const accelerated = acceleratedSuits(profile)
  const isAccelerated = wantsAccelerator || accelerated.length === profile.suits.length
  const names = asked.allowed !== undefined
  return {
    ...(asked.generations === undefined && !names && { generations: ['current'] as const }),
    ...(asked.bareMetal === undefined && !names && { bareMetal: 'excluded' as const }),
    // Programs for accelerators are rarely built for ARM.
    ...(asked.architectures === undefined && {
      architectures: isAccelerated ? ['x86_64'] : ['x86_64', 'arm64'],
    }),
    ...(!wantsAccelerator && accelerated.length === 0 && { acceleratorKinds: 'none' as const }),
    ...(profile.cpu === 'steady' &&
      asked.burstable === undefined &&
      !profile.suits.some(({ series }) => series.includes('t')) && {
        burstable: 'excluded' as const,
      }),
  }
}
