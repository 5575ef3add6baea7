/** What changes the kind of work: models that are large, work that is quiet, players that are many. Pure rules. */
import type { Evidence } from './evidence.ts'
import type { Load } from './read-load.ts'
import type { Hints } from './read-quantities.ts'
import type { Profile } from './workload.ts'

const LANGUAGE = /\b(?:llms?|language models?|foundation models?|large models?|gpt|transformers?)\b/
const ANEW =
  /\b(?:from scratch|pre-?train\w*|pre-train\w*|train(?:ing)? (?:an? |our own |the |our |my |own )*(?:large|llm|\w+ language|foundation|gpt))/
const ADAPTED = /\b(?:fine-?tun\w+|fine tun\w+|finetun\w+|q?lora|adapters?|peft|dreambooth)\b/
/** Of visitors, a second: what two burstable vCPUs serve. */
const QUIET_RATE = 20
const MANY_PEOPLE = 200
const QUIET_PLAYERS = 40
/** So few people do not keep a machine busy. */
const QUIET_PEOPLE = 8

interface About {
  text: string
  evidence: readonly Evidence[]
  load: Load
  hints: Hints
}

/** From here on disks in the machine are cheaper than network disks, unless those are asked for. */
const DENSE_GB = 50 * 1024

/** The profiles in order, with the first one made more particular. */
export function refined(profiles: readonly string[], about: About): string[] {
  const [first, ...others] = profiles
  // So many people are served something.
  if (first === undefined && (about.load.people ?? 0) >= MANY_PEOPLE) return ['web-server']
  if (first === undefined) return []
  return [particular(first, about), ...others]
}

function particular(name: string, { text, evidence, load, hints }: About): string {
  const isModels = name === 'training' || name === 'training-large'
  if (isModels && ADAPTED.test(text)) return 'training'
  if (name === 'training' && LANGUAGE.test(text) && ANEW.test(text)) return 'training-large'
  if (name === 'relational' && load.isQuiet && !load.isSteady) return 'small-database'
  const isSite = name === 'web-server' && !load.isSteady
  if (isSite && (load.requestsPerSecond ?? (load.isQuiet ? 0 : Infinity)) <= QUIET_RATE) {
    return heavy(evidence) ? name : 'website'
  }
  const isDense = (hints.dataGB ?? 0) >= DENSE_GB && !/\bebs\b/.test(text)
  if (name === 'file-server' && isDense) return 'dense-storage'
  if (name === 'game-small' && (load.people ?? 0) > QUIET_PLAYERS) return 'game-large'
  return name
}

/** A named program that wants more than a small machine. */
function heavy(evidence: readonly Evidence[]): boolean {
  return evidence.some(
    ({ hit, part }) => part === 'runs' && hit.meanings.some(({ wants }) => (wants.gib ?? 0) >= 8),
  )
}

const BURST = 'is the cheapest for work that comes now and then'
/** Kinds whose work is limited by something else than a processor's share. */
const KEPT = new Set([
  'network-appliance',
  'low-latency',
  'hpc',
  'eda',
  'coordination',
  'licensed-cores',
  'sap-hana',
])

/** Quiet work is done by burstable types too; steady work is not. */
export function tempered(profile: Profile, { isQuiet: isSaid, isSteady, people }: Load): Profile {
  const isQuiet = isSaid || (people !== undefined && people <= QUIET_PEOPLE)
  const has = profile.suits.some(({ series }) => series.includes('t'))
  if (isSteady && has && profile.suits.length > 1) {
    const suits = profile.suits.filter(({ series }) => !series.includes('t'))
    return { ...profile, suits, cpu: 'steady' }
  }
  if (isQuiet && has && profile.cpu === 'bursty') {
    const suits = profile.suits.map((suit) => ({
      ...suit,
      weight: suit.series.includes('t') ? 1 : Math.min(suit.weight, 0.85),
    }))
    return { ...profile, suits }
  }
  const isMachine = profile.requires === undefined && profile.speedBy !== 'accelerator'
  if (!isQuiet || isSteady || has || !isMachine || KEPT.has(profile.name)) return profile
  return {
    ...profile,
    suits: [...profile.suits, { series: ['t'], weight: 0.85, because: BURST }],
    cpu: 'bursty',
  }
}
