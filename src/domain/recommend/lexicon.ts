/**
 * The gazetteer: which kind of work a name or word speaks of, how surely, and what such a machine usually wants. Its
 * data is in `lexicon-*.ts`, one line a group: `profile weight key=value …: term, term, …`. Pure.
 *
 * Terms are compared without spaces, dots and hyphens ("click-house", "Node.js", "open search"), in the plural too, and
 * with one letter wrong where a long word is nobody else's. The longest term that stands at a place is meant.
 */
import { COMPUTE_LEXICON } from './lexicon-compute.ts'
import { DATA_LEXICON } from './lexicon-data.ts'
import { SERVER_LEXICON } from './lexicon-servers.ts'
import { MODEL_LEXICON } from './lexicon-models.ts'
import { normalise } from './numbers.ts'
import { COMMON_WORDS } from './lexicon-common.ts'

export interface Meaning {
  profile: string
  weight: number
  wants: Wants
}

/** What a machine for it usually wants, beyond its profile. */
export interface Wants {
  /** GiB of memory. */
  gib?: number
  /** GiB of memory for each person. */
  each?: number
  vcpus?: number
  /** GB of GPU memory. */
  gpu?: number
  /** Thousand millions of parameters. */
  params?: number
  /** 1: runs upon CUDA only. */
  nvidia?: number
  /** 1: is made for x86 only. */
  x86?: number
}

interface Term {
  /** Words as they were written. */
  words: string
  meanings: readonly Meaning[]
}

export interface Hit extends Term {
  /** In the text. */
  start: number
  end: number
  /** What stood there, when it was misspelt. */
  typed: string | null
}

const WORDS_MAX = 5
/** A window of words that are written apart from how the term is must be long enough to mean it. */
const JOINED_LENGTH_MIN = 5
const TYPO_LENGTH_MIN = 6

function keyOf(words: string): string {
  return words.replaceAll(/[\s.'/_-]+/g, '')
}

function parsed(): ReadonlyMap<string, Term> {
  const terms = new Map<string, { words: string; meanings: Meaning[] }>()
  const lines = [SERVER_LEXICON, DATA_LEXICON, COMPUTE_LEXICON, MODEL_LEXICON]
    .join('')
    .replaceAll(/\n {2}/g, ' ')
  for (const line of lines.split('\n').filter(Boolean)) {
    const [head, words] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]
    const [profile, weight, ...pairs] = head.split(' ')
    const wants = Object.fromEntries(
      pairs.map((pair) => [pair.split('=')[0]!, Number(pair.split('=')[1])]),
    ) as Wants
    for (const term of words.split(',').map((one) => one.trim())) {
      // Number words of a text are digits by then.
      const key = keyOf(/\b(?:one|two|three|seven|ten)\b/.test(term) ? normalise(term) : term)
      const known = terms.get(key) ?? { words: term, meanings: [] }
      // Told twice of one profile: the later line is the more particular one.
      const others = known.meanings.filter((one) => one.profile !== profile)
      const meaning = { profile: profile!, weight: Number(weight), wants }
      terms.set(key, { ...known, meanings: [...others, meaning] })
    }
  }
  return terms
}

let terms: ReadonlyMap<string, Term> | undefined
let words: ReadonlySet<string> | undefined
let long: ReadonlyMap<string, readonly string[]> | undefined

export function lexicon(): ReadonlyMap<string, Term> {
  return (terms ??= parsed())
}

/** Every word that is spelt right: of the terms, and common ones. */
function spelt(): ReadonlySet<string> {
  return (words ??= new Set([
    ...[...lexicon().values()].flatMap((term) => term.words.split(/[\s.'/_-]+/)),
    ...lexicon().keys(),
    ...COMMON_WORDS,
  ]))
}

/** Long terms by their first letter. */
function longTerms(): ReadonlyMap<string, readonly string[]> {
  return (long ??= Map.groupBy(
    [...lexicon().keys()].filter((key) => /^[a-z]{6,}$/.test(key)),
    (key) => key[0]!,
  ))
}

/** The term that a word is one letter away from; the first letter is right. */
function misspelt(word: string): string | null {
  if (word.length < TYPO_LENGTH_MIN || !/^[a-z]+$/.test(word) || isSpelt(word)) return null
  return (
    longTerms()
      .get(word[0]!)
      ?.find((key) => isOneOff(word, key)) ?? null
  )
}

function isSpelt(word: string): boolean {
  const known = spelt()
  return (
    known.has(word) ||
    ['s', 'es', 'd', 'ed', 'r', 'er', 'ing', 'ly'].some(
      (end) => word.endsWith(end) && known.has(word.slice(0, -end.length)),
    )
  )
}

/** One letter more, less or another, or two changed over. */
export function isOneOff(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end))
    end++
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  if (left.length <= 1 && right.length <= 1) return true
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]
}

/** What the text names, in its order; places do not overlap. */
export function hitsOf(text: string): Hit[] {
  const tokens = [...text.matchAll(/[\p{L}\d][\p{L}\d+#'.]*/gu)].map((match) => ({
    word: match[0].replace(/[.']+$/, ''),
    start: match.index,
    end: match.index + match[0].replace(/[.']+$/, '').length,
  }))
  const hits: Hit[] = []
  for (let at = 0; at < tokens.length;) {
    const found = hitAt(text, tokens, at)
    if (found) hits.push(found.hit)
    at += found?.count ?? 1
  }
  return hits
}

type Token = { word: string; start: number; end: number }

function hitAt(
  text: string,
  tokens: readonly Token[],
  at: number,
): { hit: Hit; count: number } | null {
  for (let count = Math.min(WORDS_MAX, tokens.length - at); count > 0; count--) {
    const [first, last] = [tokens[at]!, tokens[at + count - 1]!]
    const between = text.slice(first.start, last.end)
    // A term does not reach over the end of a clause.
    if (count > 1 && /[,;:()!?]|\. /.test(between)) continue
    const key = keyOf(between)
    const term = inForms(key, count)
    if (term) return { hit: { ...term, start: first.start, end: last.end, typed: null }, count }
  }
  const { word, start, end } = tokens[at]!
  const right = misspelt(word)
  const term = right === null ? undefined : lexicon().get(right)
  return term ? { hit: { ...term, start, end, typed: word }, count: 1 } : null
}

/** As it is, in the singular, or without the possessive. */
function inForms(key: string, count: number): Term | undefined {
  for (const form of [
    key,
    key.replace(/s$/, ''),
    key.replace(/es$/, ''),
    key.replace(/ies$/, 'y'),
  ]) {
    const term = lexicon().get(form)
    if (!term) continue
    const isAsWritten = term.words.split(/[\s.'/_-]+/).length === count
    if (isAsWritten || form.length >= JOINED_LENGTH_MIN) return term
  }
  return undefined
}
