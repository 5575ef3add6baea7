/**
 * Numbers in a sentence: "one hundred gigabytes" becomes `100 gigabytes`, and each amount is told apart by its unit and
 * by the words around it. Pure, and linear in the length of the text.
 */

import { loansRead } from './loan-words.ts'

const SMALL: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  sixteen: 16,
  twenty: 20,
  'twenty-four': 24,
  thirty: 30,
  'thirty-two': 32,
  forty: 40,
  fifty: 50,
  sixty: 60,
  'sixty-four': 64,
  eighty: 80,
  ninety: 90,
  hundred: 100,
}

/** Lower case, words of other languages and misspelt names put right, digits for number words, no commas in numbers. */
export function normalise(text: string): string {
  let out = text
    .toLowerCase()
    .replace(/[’‘]/g, "'")
    .replace(/(\d)[,_](?=\d{3}\b)/g, '$1')
    .replace(/\s+/g, ' ')
  out = loansRead(out)
    .replace(/\bquad[- ]core\b/g, '4 cores')
    .replace(/\bdual[- ]core\b/g, '2 cores')
    .replace(/\bsingle (gpu|core|cpu|vcpu)\b/g, '1 $1')
    .replace(/\bhalf a (?=tera|giga|t)/g, '0.5 ')
    .replace(/\ba (?=terabyte|tib\b|tb\b)/g, '1 ')
  for (const [word, value] of Object.entries(SMALL).toSorted((a, b) => b[0].length - a[0].length)) {
    out = out.replaceAll(new RegExp(`(?<![\\w-])${word}(?![\\w-])`, 'g'), String(value))
  }
  return out
    .replace(/(\d+(?:\.\d+)?) 100\b/g, (_, n: string) => String(Number(n) * 100))
    .replace(/(\d+(?:\.\d+)?) thousand\b/g, (_, n: string) => String(Number(n) * 1000))
}

export type Bound = 'min' | 'max' | 'exact'

const MAX_WORDS =
  /(?:at most|no more than|not more than|less than|fewer than|under|below|up to|max(?:imum)?(?: of)?|<=?|cheaper than|within|not over|cap(?:ped)? at)\s*(?:about|around|roughly|~)?\s*\$?$/
const GROWS =
  /(?:grows?|scales?|goes|go|need|needs|use|uses|models?|data|data ?sets?|data ?frames?|jobs?|mesh(?:es)?|matrices|files|tables?|heaps?|indexes|indices|cases|peaks?|sometimes)(?: to| of)? up to\s*$/

/** How the words right before a number bound it. */
export function boundBefore(text: string, at: number): Bound {
  const before = text.slice(Math.max(0, at - 40), at)
  if (GROWS.test(before)) return 'min'
  if (/exactly\s*$/.test(before)) return 'exact'
  return MAX_WORDS.test(before) ? 'max' : 'min'
}

export interface Amount {
  /** In the unit's base: GB, vCPUs, Gbit/s… */
  value: number
  bound: Bound
  /** The words it was read from. */
  words: string
  /** Text between the number and the next comma, number or `and`. */
  after: string
  /** Text between the last number and this one. */
  before: string
  index: number
}

/** Every amount whose unit matches: `unit` is the source of a regular expression with one group. */
export function amountsOf(
  text: string,
  unit: string,
  valueOf: (value: number, unit: string) => number,
): Amount[] {
  const pattern = new RegExp(`(\\d+(?:\\.\\d+)?)\\s*(k\\b)?[- ]?(?:${unit})`, 'g')
  const found: Amount[] = []
  for (const match of text.matchAll(pattern)) {
    const number = Number(match[1]) * (match[2] ? 1000 : 1)
    const end = match.index + match[0].length
    const after = /^[^,.;:()0-9]*/.exec(text.slice(end))![0].split(/\b(?:and|with|or|for|to)\b/)[0]!
    const before = /[^0-9]*$/.exec(text.slice(Math.max(0, match.index - 40), match.index))![0]
    found.push({
      value: valueOf(number, match[3] ?? ''),
      bound: boundBefore(text, match.index),
      words: match[0].trim(),
      after,
      before,
      index: match.index,
    })
  }
  return found
}
