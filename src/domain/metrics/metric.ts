/**
 * Metrics as CloudWatch knows them: a series is a namespace, a name and dimensions of one account and region; what is
 * kept of a period is how many values there were, their sum, the least and the greatest, and how they are spread. Pure.
 */
import type { Tags } from '../resource.ts'
import { extendedOf, extendedParse } from './extended.ts'
import { sketchAdd, sketchOf, type Sketch } from './sketch.ts'

export interface SeriesKey {
  account: string
  region: string
  namespace: string
  name: string
  dimensions: Readonly<Record<string, string>>
}

/** What is known of the values of one period. */
export interface Summary {
  count: number
  sum: number
  min: number
  max: number
  /** How they are spread, unless all are the same; null: not known, as of a summary that was put. */
  sketch?: Sketch | null
}

export interface Sample extends Summary {
  series: SeriesKey
  unit: string | null
  /** Milliseconds since the epoch. */
  at: number
  /** Of the period that it belongs to: 60, or 1 for high resolution. */
  resolution: 1 | 60
}

/** Values of one period, which began at `start` (milliseconds). */
export interface Bucket extends Summary {
  start: number
  unit: string | null
}

export const STATISTICS = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'] as const
export type Statistic = (typeof STATISTICS)[number]

export function isStatistic(word: string): word is Statistic {
  return (STATISTICS as readonly string[]).includes(word)
}

export function statisticOf(summary: Summary, statistic: Statistic): number {
  switch (statistic) {
    case 'SampleCount':
      return summary.count
    case 'Average':
      return summary.sum / summary.count
    case 'Sum':
      return summary.sum
    case 'Minimum':
      return summary.min
    case 'Maximum':
      return summary.max
  }
}

export function summaryAdd(a: Summary, b: Summary): Summary {
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    ...(a.min === a.max && a.min === b.min && a.min === b.max ? {} : { sketch: spreadAdd(a, b) }),
  }
}

function spreadAdd(a: Summary, b: Summary): Sketch | null {
  const [one, other] = [spreadOf(a), spreadOf(b)]
  return one && other && sketchAdd(one, other)
}

/** Null: not known. */
export function spreadOf({ count, min, max, sketch }: Summary): Sketch | null {
  return min === max ? sketchOf([{ value: min, count }]) : (sketch ?? null)
}

/** Of either kind of statistic; null: nothing that it could be told of. @throws Error for a word that is none. */
export function statisticValue(summary: Summary, word: string): number | null {
  if (isStatistic(word)) return statisticOf(summary, word)
  const statistic = extendedParse(word)
  if (!statistic) throw new Error(`no statistic: ${word}`)
  const spread = spreadOf(summary)
  return spread && extendedOf(statistic, summary, spread)
}

export function summaryOf(value: number, count = 1): Summary {
  return { count, sum: value * count, min: value, max: value }
}

/** A period is 1, 5, 10, 30 seconds or a multiple of 60. */
export function isPeriod(seconds: number): boolean {
  return [1, 5, 10, 20, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0)
}

const HOUR_S = 3600
const DAY_S = 24 * HOUR_S

/** How long values of a resolution are kept before they become part of the next: AWS's own times. */
export const RETENTION: readonly {
  resolution: number
  keptSeconds: number
  coarser: number | null
}[] = [
  { resolution: 1, keptSeconds: 3 * HOUR_S, coarser: 60 },
  { resolution: 60, keptSeconds: 15 * DAY_S, coarser: 300 },
  { resolution: 300, keptSeconds: 63 * DAY_S, coarser: 3600 },
  { resolution: 3600, keptSeconds: 455 * DAY_S, coarser: null },
]

/** The same whatever the order of the dimensions. */
export function dimensionsText(dimensions: Tags): string {
  return JSON.stringify(Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
