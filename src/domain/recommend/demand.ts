/** How large a machine the work wants, where the person did not say it: by names, people, rates and models. */
import type { Wants } from './lexicon.ts'
import type { Load } from './read-load.ts'
import type { Hints } from './read-quantities.ts'
import type { Priority } from './read-words.ts'
import type { Requirements } from './requirements.ts'
import { scaleOf, type Profile } from './workload.ts'

/** Sizes come in powers of two: what is nearly one is one. */
export const MEMORY_SLACK = 0.97
/** Memory that a database, runtime or operating system needs beside the data that is to be held. */
const BESIDE_HOT = 1.12
const BESIDE_HOT_GIB = 1
/** Of a database's data that is usually wanted at one time. */
const HOT_SHARE = 0.1
const HOT_GIB_MAX = 256
/** More than this is spread over machines. */
const LOCAL_GB_MAX = 100_000

export interface About {
  text: string
  priority: Priority
  load: Load
  wants: Wants
}

/** GiB: of one series in a monitoring server, and of one connection in a broker. */
const SERIES_GIB = 4e-6
const CONNECTION_GIB = 1e-5
/** What one vCPU does of each. */
const REQUESTS_A_VCPU = 100
/** Work whose vCPUs grow with what is asked of it: a cache or a database answers far more with each. */
const SERVING = new Set(['website', 'web-server', 'office-app', 'enterprise-app', 'containers'])
const CONNECTIONS_A_VCPU = 100_000
const PEOPLE_GIB_MAX = 768
/** Of software encoding in real time. */
const VCPUS_A_STREAM = 4
const CELLS_A_VCPU = 500_000
const HPC_VCPUS_MAX = 96

function peopleGiB({ eachGiB }: Profile, { people = 0 }: Load, { each }: Wants): number {
  return Math.min(PEOPLE_GIB_MAX, people * (each ?? eachGiB ?? 0))
}

function floorGiB(profile: Profile, load: Load, wants: Wants): number {
  return (wants.gib ?? 0) + peopleGiB(profile, load, wants)
}

/** The profile's demand with what is known of this program and its load. */
function grown(profile: Profile, load: Load, wants: Wants): Profile['demand'] {
  const { demand } = profile
  const streams = ['media-server', 'video', 'live-video'].includes(profile.name)
    ? (load.streams ?? 0) * VCPUS_A_STREAM
    : 0
  const cells = Math.min(HPC_VCPUS_MAX, (load.cells ?? 0) / CELLS_A_VCPU)
  const vcpus = [
    demand.vcpus,
    wants.vcpus ?? 0,
    SERVING.has(profile.name) ? Math.min(96, (load.requestsPerSecond ?? 0) / REQUESTS_A_VCPU) : 0,
    Math.min(96, (load.connections ?? 0) / CONNECTIONS_A_VCPU),
    Math.min(64, streams),
    profile.name === 'hpc' ? cells : 0,
    Math.min(96, peopleGiB(profile, load, wants) / 8),
  ]
  const memoryGiB =
    demand.memoryGiB +
    (load.series ?? 0) * SERIES_GIB +
    Math.min(PEOPLE_GIB_MAX, (load.connections ?? 0) * CONNECTION_GIB)
  return { ...demand, vcpus: Math.max(...vcpus), memoryGiB: Math.min(memoryGiB, 1024) }
}

/** What a model is known to take, unless its size was told. */
function knownGB({ parametersBillion }: Hints, { gpu }: Wants): number {
  return parametersBillion === undefined ? (gpu ?? 0) : 0
}

export function demandOf(
  profile: Profile,
  asked: Requirements,
  hints: Hints,
  { text, priority, load, wants }: About,
): Requirements {
  const demand = grown(profile, load, wants)
  const scale = scaleOf(text) * (priority === 'speed' ? 1.5 : 1)
  const share = profile.speedBy === 'memory' ? HOT_SHARE : 0
  const hot =
    hints.hotGB === undefined
      ? Math.min((hints.dataGB ?? 0) * share, HOT_GIB_MAX)
      : hints.hotGB * BESIDE_HOT + BESIDE_HOT_GIB
  // What a program is known to take, and what people take, no word makes smaller.
  const memoryGiB = Math.max(demand.memoryGiB * scale, floorGiB(profile, load, wants), hot, 0.5)
  // Weights of two bytes, and what is computed beside them; adapters and gradients take more.
  const parameters = hints.parametersBillion ?? wants.params ?? 0
  const model = Math.max(parameters * bytesOf(profile, text), knownGB(hints, wants))
  const isModelKnown = profile.name === 'training-large' && model > 0
  const isMemoryAsked = asked.memoryMiB !== undefined && hints.hotGB === undefined
  return {
    ...(asked.vcpus === undefined && { vcpus: { min: Math.max(1, demand.vcpus * scale) } }),
    ...(!isMemoryAsked && { memoryMiB: { min: memoryGiB * 1024 * MEMORY_SLACK } }),
    ...(demand.localStorageGB !== undefined &&
      asked.localStorageGB === undefined && {
        localStorageGB: {
          min: Math.min(LOCAL_GB_MAX, Math.max(demand.localStorageGB, (hints.dataGB ?? 0) / 1.024)),
        },
      }),
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

const HALF_BYTE =
  /\b(?:ollama|llama\.cpp|llamacpp|gguf|4[- ]?bits?|q4\w*|int4|awq|gptq|nf4|exl2|mxfp4|fp4)\b|\bquanti[sz]ed\b(?!.*\b(?:8[- ]?bit|int8|fp8|q8))/
const ONE_BYTE = /\b(?:8[- ]?bits?|int8|fp8|q8\w*|w8a8)\b/
const FOUR_BYTES = /\b(?:fp32|float32|32[- ]?bit (?:float|precision))\b/

/** What a parameter takes with what is computed beside it: two bytes and more, of a quantised model less than one. */
function bytesOf({ name }: Profile, text: string): number {
  if (name === 'training') return 3
  // Weights, gradients, and what the optimiser keeps of each.
  if (name === 'training-large') return 16
  if (HALF_BYTE.test(text)) return 0.8
  if (ONE_BYTE.test(text)) return 1.25
  return FOUR_BYTES.test(text) ? 4.6 : 2.4
}
