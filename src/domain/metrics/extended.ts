/**
 * Percentiles and their kin: the words of CloudWatch's extended statistics, and what they are of a period's values.
 * Pure. Source: CloudWatch user guide, "CloudWatch statistics definitions".
 */
import { sketchValues, type Sketch } from './sketch.ts'

type Kind = 'p' | 'tm' | 'wm' | 'tc' | 'ts' | 'pr'

export interface ExtendedStatistic {
  kind: Kind
  /** Of what counts, from (not including, unless it is the least) and up to; null: open. */
  from: number | null
  to: number | null
  /** Whether the bounds are percents of the values in order, or values. */
  isPercent: boolean
}

const NUMBER = String.raw`-?\d+(?:\.\d+)?`
const SHORT = /^(p|tm|wm|tc|ts)(\d{1,2}(?:\.\d{1,10})?|100)$/i
const PERCENTS = /^(tm|wm|tc|ts)\((\d{1,3}(?:\.\d{1,10})?%)?:(\d{1,3}(?:\.\d{1,10})?%)?\)$/i
const VALUES = new RegExp(String.raw`^(tm|wm|tc|ts|pr)\((${NUMBER})?:(${NUMBER})?\)$`, 'i')

/** Null: no such statistic. */
export function extendedParse(word: string): ExtendedStatistic | null {
  if (word.toUpperCase() === 'IQM') return { kind: 'tm', from: 25, to: 75, isPercent: true }
  const short = SHORT.exec(word)
  if (short) {
    const kind = short[1]!.toLowerCase() as Kind
    return { kind, from: null, to: Number(short[2]), isPercent: true }
  }
  const isPercent = PERCENTS.test(word)
  const [, kind, from, to] = PERCENTS.exec(word) ?? VALUES.exec(word) ?? []
  if (kind === undefined || (from === undefined && to === undefined)) return null
  const bound = (text: string | undefined): number | null =>
    text === undefined ? null : Number(text.replace('%', ''))
  const bounds = { from: bound(from), to: bound(to) }
  if (isPercent && [bounds.from, bounds.to].some((one) => one !== null && one > 100)) return null
  if ((bounds.from ?? -Infinity) >= (bounds.to ?? Infinity)) return null
  return { kind: kind.toLowerCase() as Kind, ...bounds, isPercent }
}

interface Part {
  value: number
  count: number
}

/** Null: nothing is left within the bounds. */
export function extendedOf(
  statistic: ExtendedStatistic,
  summary: { min: number; max: number },
  sketch: Sketch,
): number | null {
  const { kind, to } = statistic
  // What stands for the values of a bin may lie beside all that there were.
  const all = sketchValues(sketch).map(({ value, count }) => ({
    value: Math.min(summary.max, Math.max(summary.min, value)),
    count,
  }))
  const total = all.reduce((sum, { count }) => sum + count, 0)
  if (kind === 'p') return at(all, total * (to! / 100))
  const kept = statistic.isPercent ? byRank(all, total, statistic) : byValue(all, statistic)
  const count = kept.reduce((sum, part) => sum + part.count, 0)
  const sum = kept.reduce((so, part) => so + part.value * part.count, 0)
  if (kind === 'tc') return count
  if (kind === 'ts') return sum
  if (kind === 'pr') return (count / total) * 100
  if (count === 0) return null
  return kind === 'tm' ? sum / count : winsorized(all, kept, statistic, total)
}

/** The value at a rank. */
function at(parts: readonly Part[], rank: number): number {
  let before = 0
  for (const { value, count } of parts) {
    before += count
    if (before >= rank - 1e-9) return value
  }
  return parts.at(-1)!.value
}

function byRank(parts: readonly Part[], total: number, { from, to }: ExtendedStatistic): Part[] {
  const [first, last] = [(total * (from ?? 0)) / 100, (total * (to ?? 100)) / 100]
  let before = 0
  return parts.flatMap(({ value, count }) => {
    const kept = Math.min(last, before + count) - Math.max(first, before)
    before += count
    return kept > 1e-9 ? [{ value, count: kept }] : []
  })
}

function byValue(parts: readonly Part[], { from, to }: ExtendedStatistic): Part[] {
  return parts.filter(({ value }) => value > (from ?? -Infinity) && value <= (to ?? Infinity))
}

/** What is beyond the bounds counts as what is at them. */
function winsorized(
  all: readonly Part[],
  kept: readonly Part[],
  { from, to, isPercent }: ExtendedStatistic,
  total: number,
): number {
  const low = isPercent ? kept[0]!.value : (from ?? -Infinity)
  const high = isPercent ? kept.at(-1)!.value : (to ?? Infinity)
  const sum = all.reduce(
    (so, { value, count }) => so + Math.min(high, Math.max(low, value)) * count,
    0,
  )
  return sum / total
}

/**
 * Whether there are enough values that a percentile means something. Source: CloudWatch user guide, "Percentile-based
 * alarms and low data samples".
 */
export function isSignificant({ kind, to }: ExtendedStatistic, count: number): boolean {
  if (kind !== 'p') return true
  const share = to! / 100
  const needed = share >= 0.5 ? 10 / (1 - share) : 10 / share
  return count >= needed - 1e-9
}
