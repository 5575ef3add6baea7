/**
 * A question as the engine needs it: which workload, what must hold (`hard`), what holds unless it was asked otherwise
 * (`usual`), how large a machine the workload usually wants (`demand`). Pure.
 */
import { normalise } from './numbers.ts'
import { COMPUTE_PROFILES, GENERAL_PROFILE } from './profiles-compute.ts'
import { DATA_PROFILES } from './profiles-data.ts'
import { SERVER_PROFILES } from './profiles-servers.ts'
import { quantitiesOf, type Hints, type Understood } from './read-quantities.ts'
import { priorityOf, wordsOf, type Priority } from './read-words.ts'
import { combined, type Requirements } from './requirements.ts'
import { profilesOf, scaleOf, type Profile } from './workload.ts'

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
  /** Why `hard` has more than was asked for. */
  requires: string | null
}

/** Longer texts are cut: a workload is told in a paragraph. */
export const TEXT_LENGTH_MAX = 4000

const PROFILES = [...SERVER_PROFILES, ...DATA_PROFILES, ...COMPUTE_PROFILES]

export function readAsk(ask: Ask): Reading {
  const text = normalise((ask.text ?? '').slice(0, TEXT_LENGTH_MAX))
  const spokenOf = spokenProfile(text)
  const words = wordsOf(text)
  const quantities = quantitiesOf(text)
  const spoken = combined(words.requirements, quantities.requirements)
  const requirements = combined(spoken, ask.requirements ?? {})
  const isAssumed = spokenOf === GENERAL_PROFILE
  const profile = onAccelerator(spokenOf, requirements)
  const needed = needsOf(profile, requirements)
  const priority = ask.priority ?? priorityOf(text).priority
  const priorityWords = ask.priority === undefined ? priorityOf(text).words : null
  return {
    profile,
    workload: { name: spokenOf.name, title: spokenOf.title, isAssumed },
    priority,
    understood: [
      ...(isAssumed ? [] : [{ words: 'the whole', meaning: spokenOf.title }]),
      ...words.understood,
      ...quantities.understood,
      ...(priorityWords === null
        ? []
        : [{ words: priorityWords, meaning: PRIORITY_WORDS[priority] }]),
    ],
    requirements,
    hard: combined(needed, requirements),
    usual: usualOf(profile, { ...needed, ...requirements }),
    demand: demandOf(profile, requirements, quantities.hints, { text, priority }),
    hints: quantities.hints,
    requires: Object.keys(needed).length > 0 ? (profile.requires?.because ?? null) : null,
  }
}

const TOGETHER =
  /\b(?:same|1|single) (?:machine|box|server|host|instance|vm)\b|\ball[- ]in[- ]1\b|\btogether on\b/

/** What the words speak of most; two kinds of work on one machine want a balance. */
function spokenProfile(text: string): Profile {
  const [first, second] = profilesOf(text, PROFILES)
  if (!first) return GENERAL_PROFILE
  const isAccelerated = (profile: Profile): boolean => acceleratedSuits(profile).length > 0
  if (!second || !TOGETHER.test(text) || [first, second].some(isAccelerated)) return first
  return {
    ...GENERAL_PROFILE,
    name: 'mixed',
    title: `${first.title}, and ${second.title}, on one machine`,
    demand: {
      // Both compute; what the one keeps in memory is mostly the larger part of all.
      vcpus: first.demand.vcpus + second.demand.vcpus,
      memoryGiB: Math.max(first.demand.memoryGiB, second.demand.memoryGiB),
    },
  }
}

const ACCELERATED = ['g', 'gr', 'p', 'vt', 'f', 'inf', 'trn']

function acceleratedSuits(profile: Profile): Profile['suits'] {
  return profile.suits.filter(({ series }) => series.some((one) => ACCELERATED.includes(one)))
}

/** Work that is done on CPUs mostly, when a GPU is asked for: what is known of computing on GPUs. */
function onAccelerator(profile: Profile, asked: Requirements): Profile {
  const isAsked = Array.isArray(asked.acceleratorKinds) || asked.acceleratorCount !== undefined
  if (!isAsked || acceleratedSuits(profile).length > 0) return profile
  return COMPUTE_PROFILES.find(({ name }) => name === 'gpu') ?? profile
}

const PRIORITY_WORDS: Readonly<Record<Priority, string>> = {
  cost: 'the price counts most',
  speed: 'speed counts most',
  balanced: 'price and speed count alike',
  host: 'it must fit this host now',
}

/** What the workload needs, except where the person said otherwise. */
function needsOf(profile: Profile, asked: Requirements): Requirements {
  const needed = profile.requires?.requirements ?? {}
  const rest = Object.entries(needed).filter(([key]) => !(key in asked))
  const isDenied = asked.acceleratorKinds === 'none'
  return Object.fromEntries(
    rest.filter(([key]) => !(isDenied && key.startsWith('accelerator'))),
  ) as Requirements
}

function usualOf(profile: Profile, asked: Requirements): Requirements {
  const wantsAccelerator = Object.keys(asked).some((key) => key.startsWith('accelerator'))
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

/** Sizes come in powers of two: what is nearly one is one. */
export const MEMORY_SLACK = 0.97
/** Memory that a database, runtime or operating system needs beside the data that is to be held. */
const BESIDE_HOT = 1.12
const BESIDE_HOT_GIB = 1
/** Of a database's data that is usually wanted at one time. */
const HOT_SHARE = 0.1
const HOT_GIB_MAX = 256

function demandOf(
  profile: Profile,
  asked: Requirements,
  hints: Hints,
  { text, priority }: { text: string; priority: Priority },
): Requirements {
  const { demand } = profile
  const scale = scaleOf(text) * (priority === 'speed' ? 1.5 : 1)
  const share = profile.speedBy === 'memory' ? HOT_SHARE : 0
  const hot =
    hints.hotGB === undefined
      ? Math.min((hints.dataGB ?? 0) * share, HOT_GIB_MAX)
      : hints.hotGB * BESIDE_HOT + BESIDE_HOT_GIB
  const memoryGiB = Math.max(demand.memoryGiB * scale, hot, 0.5)
  // Weights of two bytes, and what is computed beside them; adapters and gradients take more.
  const model = (hints.parametersBillion ?? 0) * bytesOf(profile, text)
  const isModelKnown = profile.name === 'training-large' && model > 0
  const isMemoryAsked = asked.memoryMiB !== undefined && hints.hotGB === undefined
  return {
    ...(asked.vcpus === undefined && { vcpus: { min: Math.max(1, demand.vcpus * scale) } }),
    ...(!isMemoryAsked && { memoryMiB: { min: memoryGiB * 1024 * MEMORY_SLACK } }),
    ...(demand.localStorageGB !== undefined &&
      asked.localStorageGB === undefined && { localStorageGB: { min: demand.localStorageGB } }),
    ...(demand.acceleratorGB !== undefined &&
      asked.acceleratorMiB === undefined &&
      asked.acceleratorKinds !== 'none' && {
        acceleratorMiB: {
          min: (isModelKnown ? model : Math.max(demand.acceleratorGB, model)) * 952,
        },
      }),
    ...(hints.writesPerSecond !== undefined && { ebsIops: { min: hints.writesPerSecond * 2 } }),
  }
}

/** What a parameter takes with what is computed beside it: two bytes and more, of a quantised model less than one. */
function bytesOf({ name }: Profile, text: string): number {
  if (name === 'training') return 3
  // Weights, gradients, and what the optimiser keeps of each.
  if (name === 'training-large') return 16
  return /\b(?:ollama|llama\.cpp|gguf|quanti[sz]ed|4[- ]?bit|q4|int4|awq|gptq)\b/.test(text)
    ? 0.8
    : 2.4
}
