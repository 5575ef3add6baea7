/**
 * What a sentence says the machine will do: names and words of the lexicon, each weighed by its part in the sentence.
 * What the machine runs counts; what it only talks to, comes from or stands in front of hardly does; what is denied
 * speaks against. Pure.
 */
import { hitsOf, type Hit, type Wants } from './lexicon.ts'
import { likelyOf } from './likely.ts'

export type Part = 'runs' | 'mentioned' | 'denied'

export interface Evidence {
  hit: Hit
  part: Part
}

const PART_WEIGHTS: Readonly<Record<Part, number>> = { runs: 1, mentioned: 0.15, denied: -1 }
/** People name the thing itself first, then what it is for. */
const FIRST_WEIGHT = 1.25
const PURPOSE_WEIGHT = 0.75
/** Each further word for the same kind says less that is new. */
const FURTHER = [1, 0.5, 0.25, 0.1]

const FEW_WORDS = String.raw`(?:(?!to |onto |into |and |for )[\w'.-]+ ){0,3}$`
const DENIED = new RegExp(
  String.raw`\b(?:no|not|without|avoid|except|non|nothing (?:with|from)|(?:don't|dont|do not|doesn't|does not|won't) (?:need|want|use|run|have)|never)[ -](?:a |an |any |the |on |need |use )?$`,
)
const MENTIONED_BEFORE = [
  String.raw`\b(?:talk|speak|connect|attach|link|belong)(?:s|ed|ing)? (?:only )?(?:to|with) `,
  String.raw`\b(?:migrat|mov|com|switch|chang|convert|port)(?:e|es|ed|ing) (?:\w+ )?(?:away |over |off )?(?:from|off) `,
  String.raw`\b(?:replac(?:e|es|ing)|instead of|rather than|in front of|behind|client of|clients? for|exporter for|alternative to|compared to|unlike|next to) `,
  String.raw`\b(?:backups?|dumps?|monitoring|dashboards?|admin gui|archive) (?:of|for) `,
  String.raw`\b(?:external|managed|(?<!self[- ])hosted|existing) `,
  String.raw`\b(?:read|write|pull|fetch|send|push|ship|load|quer|upload|poll|scrap|consum|subscrib)(?:s|es|ed|ing|ies|y|e)? (?:\w+ ){0,4}(?:from|to|into|against) `,
  String.raw`\b(?:stored|kept|lives?|lies?|is|are|sits?) (?:in|on|at) (?:a |an |our )?(?:external|managed|other|another) `,
].map((words) => new RegExp(words + FEW_WORDS))
const MENTIONED_AFTER =
  /^(?:'s)?(?: (?:databases?|db|servers?|clusters?|instances?|part|backend))?(?: which| that)?(?: (?:is|are|lives?|runs?|sits?|stays?|will be|remains?|we have))?(?: already)? ?(?:elsewhere|somewhere else|on (?:another|a different|a separate|other|its own|rds|amazon|aurora|elasticache|atlas)|separate(?:ly)?\b|managed\b|external(?:ly)?\b|clients?\b|exporters?\b|drivers?\b|on rds\b|in rds\b)/

export function evidenceOf(text: string): Evidence[] {
  return hitsOf(text).map((hit) => ({ hit, part: partOf(text, hit) }))
}

function partOf(text: string, { start, end }: Hit): Part {
  const before = text
    .slice(Math.max(0, start - 60), start)
    .split(/[,;:()!?]|\. | but /)
    .at(-1)!
  const after = text.slice(end, end + 50).split(/[,;:()!?]|\. /)[0]!
  if (DENIED.test(before)) return 'denied'
  if (MENTIONED_BEFORE.some((pattern) => pattern.test(before))) return 'mentioned'
  return MENTIONED_AFTER.test(after) ? 'mentioned' : 'runs'
}

const PURPOSE = /\b(?:for|of|in front of)(?: (?:a|an|the|our|my|your|all|some))? (?:[\w-]+ ){0,1}$/

/** How surely the text speaks of each kind of work, the surest first. */
export function weighed(text: string, evidence: readonly Evidence[]): [string, number][] {
  const parts = new Map<string, number[]>()
  const seen = new Set<string>()
  let isFirst = true
  for (const { hit, part } of evidence) {
    if (seen.has(`${hit.words} ${part}`)) continue
    seen.add(`${hit.words} ${part}`)
    const isNamed = hit.meanings.some(({ weight }) => weight >= 2)
    const isPurpose = !isFirst && PURPOSE.test(text.slice(Math.max(0, hit.start - 30), hit.start))
    const place = isFirst && isNamed ? FIRST_WEIGHT : isPurpose ? PURPOSE_WEIGHT : 1
    if (isNamed && part === 'runs') isFirst = false
    for (const { profile, weight } of hit.meanings) {
      const all = parts.get(profile) ?? []
      parts.set(profile, [...all, weight * PART_WEIGHTS[part] * place])
    }
  }
  return [...parts]
    .map(([profile, all]): [string, number] => [profile, summed(all)])
    .filter(([, weight]) => weight > 0)
    .toSorted((a, b) => b[1] - a[1])
}

function summed(weights: readonly number[]): number {
  const sorted = weights.toSorted((a, b) => b - a)
  const against = sorted.filter((weight) => weight < 0)
  const by = sorted.filter((weight) => weight > 0)
  const sum = by.reduce((all, weight, at) => all + weight * (FURTHER[at] ?? 0), 0)
  return sum + against.reduce((all, weight) => all + weight, 0)
}

/** What every named thing of this kind wants, together. */
export function wantsOf(profile: string, evidence: readonly Evidence[]): Wants {
  const out: Record<string, number> = {}
  for (const { hit, part } of evidence) {
    if (part !== 'runs') continue
    for (const { profile: of, wants } of hit.meanings) {
      const isSame = of === profile || (of === 'inference' && profile.startsWith('training'))
      if (!isSame) continue
      for (const [key, value] of Object.entries(wants)) out[key] = Math.max(out[key] ?? 0, value)
    }
  }
  return out
}

/** Words that tell how much is wanted rather than what is done: they decide only where nothing else does. */
const MODEST = new Set(['small', 'general'])
const SURE = 1.5
const MARGIN_LIKELY = 0.7

export interface Spoken {
  /** Names of profiles, the surest first; none: nothing speaks of any. */
  profiles: string[]
  /** Taken for it by what its words are like, not by a name that is known. */
  guessedBy: string[] | null
}

export function spokenOf(text: string, evidence: readonly Evidence[]): Spoken {
  const run = new Set(
    evidence
      .filter(({ part }) => part === 'runs')
      .flatMap(({ hit }) => hit.meanings.map(({ profile }) => profile)),
  )
  const all = weighed(text, evidence).filter(([name]) => run.has(name))
  const others = all.filter(([name]) => !MODEST.has(name))
  const ranked = (others[0]?.[1] ?? 0) >= SURE ? others : all
  const profiles = ranked.map(([name]) => name)
  if ((ranked[0]?.[1] ?? 0) >= SURE) return { profiles, guessedBy: null }
  const likely = likelyOf(text)
  if (likely && likely.profile !== 'general' && likely.margin >= MARGIN_LIKELY) {
    return { profiles: [likely.profile, ...profiles], guessedBy: likely.words }
  }
  return { profiles, guessedBy: profiles.length > 0 ? evidence.map(({ hit }) => hit.words) : null }
}
