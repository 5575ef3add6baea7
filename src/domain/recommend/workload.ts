/**
 * What is known of a kind of workload: the series that AWS names for it and why, how large a machine it usually wants.
 * Which words speak of it is in lexicon.ts. One profile a kind; the profiles are in `profiles-*.ts`.
 */
import type { Requirements } from './requirements.ts'

export interface Demand {
  vcpus: number
  memoryGiB: number
  localStorageGB?: number
  networkGbps?: number
  acceleratorGB?: number
}

export interface Suit {
  /** Patterns of family.ts#isOfSeries. */
  series: readonly string[]
  /** 1: made for it. 0.5: does it, at some loss. */
  weight: number
  because: string
}

export interface Profile {
  name: string
  /** What it is called in an answer. */
  title: string
  suits: readonly Suit[]
  demand: Demand
  /** GiB that each person who uses it takes beside. */
  eachGiB?: number
  /** Bursty: it idles mostly, so that CPU credits pay. */
  cpu: 'bursty' | 'steady'
  /** What the machine is limited by, and so what it should be compared by. */
  speedBy: 'vcpu' | 'accelerator' | 'memory' | 'network' | 'storage'
  /** Holds unless the text says otherwise; `because` names why. */
  requires?: { requirements: Requirements; because: string }
  /** What the person should know whatever the answer is. */
  advice?: string
}

const SCALES: readonly [RegExp, number][] = [
  [
    /\b(?:tiny|small|little|hobby|personal|my kids|family|home|club|association|a few (?:users|people|designers)|side project|toy|low traffic|not much traffic|1 person)\b/,
    0.5,
  ],
  [
    /\b(?:production|busy|heavy|big|large|huge|enterprise|many users|high traffic|lots of|thousands of (?:users|people|customers)|in (?:under|less than) \d+ (?:min\w*|sec\w*))\b/,
    2,
  ],
  [
    /\b(?:biggest|largest|most powerful|beefiest|strongest)(?: \w+)? (?:you have|you've got|there is|available|possible|money can buy|on offer|of all)\b/,
    64,
  ],
]

/** How much larger or smaller than usual the words sound. */
export function scaleOf(text: string): number {
  let scale = 1
  for (const [pattern, factor] of SCALES) if (pattern.test(text)) scale *= factor
  return scale
}
