/**
 * Which kind of work a sentence is most like when no name in it is known: naive Bayes over the words of short examples
 * (examples.ts), each profile as likely as another. Pure and deterministic.
 */
import { EXAMPLES } from './examples.ts'

export interface Likely {
  profile: string
  /** Natural logarithm by which it is likelier than the next; 0: nothing speaks for it. */
  margin: number
  /** Words of the sentence that speak for it, the strongest first. */
  words: string[]
}

const STOP = new Set(
  (
    'a an the of for to in on at by with and or is are be it its this that i we my our you your need want would like have ' +
    'has some something thing one server machine computer host instance run running runs use using used please should ' +
    'can could will do does from as so not no but they them their there about all any only just very me us which what ' +
    'who get make cheap small large fast good much many more most other than into out up per each when where old only ' +
    'new using uses lot lots really still every day days night weeks year years two three four five back own which ' +
    'needed wants goes through while during also etc like kind stuff month months hour hours core cores gig gigs ram memory budget dollar dollars cost costs money ' +
    'biggest largest thing things needs'
  ).split(' '),
)

/** Endings say little: "queries" is "query". */
export function stemOf(word: string): string {
  return word
    .replace(/'s$/, '')
    .replace(/ies$/, 'y')
    .replace(/(?<=\w{3})(?:ings?|ed|es|s|er|ers|ly|ion|ions|ation|ations)$/, '')
    .replace(/(.)\1$/, '$1')
    .replace(/e$/, '')
}

function wordsOf(text: string): string[] {
  const all = text.toLowerCase().match(/\p{L}[\p{L}']+/gu) ?? []
  return [...new Set(all.filter((word) => !STOP.has(word)).map(stemOf))]
}

interface Learnt {
  /** Of each profile: how many of its examples have the word. */
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>
  totals: ReadonlyMap<string, number>
  vocabulary: ReadonlySet<string>
}

let learnt: Learnt | undefined

function learn(): Learnt {
  if (learnt) return learnt
  const counts = new Map<string, Map<string, number>>()
  const totals = new Map<string, number>()
  const vocabulary = new Set<string>()
  for (const [profile, examples] of Object.entries(EXAMPLES)) {
    const words = new Map<string, number>()
    for (const word of examples.flatMap(wordsOf)) {
      words.set(word, (words.get(word) ?? 0) + 1)
      vocabulary.add(word)
    }
    counts.set(profile, words)
    totals.set(
      profile,
      [...words.values()].reduce((sum, one) => sum + one, 0),
    )
  }
  return (learnt = { counts, totals, vocabulary })
}

const SMOOTHING = 0.25
/** Words that the examples share with the sentence, at the least: fewer are chance. */
const EVIDENCE_MIN = 1
/** Of them, words of the likeliest kind itself, unless the sentence has few words at all. */
const SPEAKING_MIN = 2
const SHORT = 3

/** The likeliest kind; null when the sentence shares no word with any example. */
export function likelyOf(text: string): Likely | null {
  const { counts, totals, vocabulary } = learn()
  const all = wordsOf(text)
  const words = all.filter((word) => vocabulary.has(word))
  if (words.length < EVIDENCE_MIN) return null
  const scores = [...counts].map(([profile, of]) => {
    const total = totals.get(profile)! + SMOOTHING * vocabulary.size
    const logs = words.map((word) => ({
      word,
      log: Math.log(((of.get(word) ?? 0) + SMOOTHING) / total),
    }))
    return { profile, of, logs, sum: logs.reduce((sum, { log }) => sum + log, 0) }
  })
  const [first, second] = scores.toSorted((a, b) => b.sum - a.sum)
  const speaking = first!.logs.filter(({ word }) => first!.of.has(word))
  const isChance = speaking.length < SPEAKING_MIN && all.length > SHORT
  if (speaking.length === 0 || isChance) return null
  return {
    profile: first!.profile,
    margin: first!.sum - second!.sum,
    words: speaking.toSorted((a, b) => b.log - a.log).map(({ word }) => word),
  }
}
