/**
 * What metric math computes with: numbers, series, and lists of series; and its functions upon them. Pure. Source:
 * CloudWatch user guide, "Using math expressions with CloudWatch metrics". A value of a period exists where all that
 * it is made of exist; what has no finite value (a division by zero) is no value.
 */
export class MathError extends Error {
  override name = 'MathError'
}

/** By start of its period, milliseconds. */
export type MathSeries = ReadonlyMap<number, number>

export interface Series {
  points: MathSeries
  periodSeconds: number
}
export type Single = number | Series
export type Value = Single | readonly Single[]

/** What may be computed with, and when. */
export interface MathSpace {
  /** How many values may still be computed with. */
  valuesLeft: number
  from: number
  to: number
}

export const isSeries = (value: Value): value is Series =>
  typeof value === 'object' && 'points' in value
export const isList = (value: Value): value is readonly Single[] => Array.isArray(value)

/** Of numbers a number, of series a series, of a list one for each of its members. */
export function combine(
  space: MathSpace,
  values: readonly Value[],
  of: (values: readonly number[]) => number,
): Value {
  const list = values.find(isList)
  if (list) {
    if (values.some((value) => isList(value) && value.length !== list.length)) {
      throw new MathError('lists of different lengths cannot be combined')
    }
    return list.map((_, at) => {
      const each = values.map((value) => (isList(value) ? value[at]! : value))
      return combine(space, each, of) as Single
    })
  }
  const single = values as readonly Single[]
  const series = single.filter(isSeries)
  const [first] = series
  if (!first) return of(single as readonly number[])
  spend(space, values.length * first.points.size)
  const points = new Map<number, number>()
  for (const at of first.points.keys()) {
    if (!series.every((one) => one.points.has(at))) continue
    const value = of(single.map((one) => (isSeries(one) ? one.points.get(at)! : one)))
    if (Number.isFinite(value)) points.set(at, value)
  }
  return { points, periodSeconds: first.periodSeconds }
}

export function spend(space: MathSpace, count: number): void {
  space.valuesLeft -= count
  if (space.valuesLeft < 0) throw new MathError('the expressions compute with too many values')
}

export function seriesOf(value: Value): Series {
  if (typeof value === 'object' && isSeries(value)) return value
  throw new MathError(isList(value) ? 'one series is wanted, not a list' : 'a series is wanted')
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length

/** Of the members of a list at each time; of one series, over all of its times. */
export const AGGREGATES: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SUM: sum,
  AVG: mean,
  MIN: (values) => values.reduce((a, b) => Math.min(a, b)),
  MAX: (values) => values.reduce((a, b) => Math.max(a, b)),
  STDDEV: (values) => Math.sqrt(mean(values.map((one) => (one - mean(values)) ** 2))),
}

export const ONE_BY_ONE: Readonly<Record<string, (value: number) => number>> = {
  ABS: Math.abs,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
  LOG: Math.log,
  LOG10: Math.log10,
}

/** From each value and the one before it, and how many seconds lie between. */
const BY_CHANGE: Readonly<
  Record<string, (now: number, before: number, seconds: number) => number>
> = {
  DIFF: (now, before) => now - before,
  DIFF_TIME: (_now, _before, seconds) => seconds,
  RATE: (now, before, seconds) => (now - before) / seconds,
}

const BY_TIME: Readonly<Record<string, (at: Date) => number>> = {
  MINUTE: (at) => at.getUTCMinutes(),
  HOUR: (at) => at.getUTCHours(),
  // Monday is 1.
  DAY: (at) => at.getUTCDay() || 7,
  DATE: (at) => at.getUTCDate(),
  MONTH: (at) => at.getUTCMonth() + 1,
  YEAR: (at) => at.getUTCFullYear(),
  EPOCH: (at) => at.getTime() / 1000,
}

export const OF_SERIES = ['RUNNING_SUM', ...Object.keys(BY_CHANGE), ...Object.keys(BY_TIME)]

/** @returns For one series one, for a list as many. */
export function ofSeries(space: MathSpace, name: string, value: Value): Value {
  if (isList(value)) return value.map((one) => seriesOf(ofSeries(space, name, one)))
  const { points, periodSeconds } = seriesOf(value)
  spend(space, points.size)
  const change = BY_CHANGE[name]
  const time = BY_TIME[name]
  const found = new Map<number, number>()
  let before: readonly [at: number, value: number] | null = null
  let running = 0
  for (const [at, now] of [...points].toSorted(([a], [b]) => a - b)) {
    running += now
    if (time) found.set(at, time(new Date(at)))
    else if (!change) found.set(at, running)
    else if (before) found.set(at, change(now, before[1], (at - before[0]) / 1000))
    before = [at, now]
  }
  return { points: found, periodSeconds }
}

/** Every period of the time that is asked for gets a value. */
export function fill(space: MathSpace, value: Value, by: Value | 'LINEAR' | 'REPEAT'): Value {
  if (isList(value)) return value.map((one) => seriesOf(fill(space, one, by)))
  const { points, periodSeconds } = seriesOf(value)
  const period = periodSeconds * 1000
  const first = Math.ceil(space.from / period) * period
  spend(space, Math.max(0, (space.to - first) / period))
  const known = [...points].toSorted(([a], [b]) => a - b)
  const found = new Map<number, number>()
  let next = 0
  for (let at = first; at < space.to; at += period) {
    while (next < known.length && known[next]![0] <= at) next++
    const filled = points.get(at) ?? between(at, known[next - 1], known[next], by)
    if (filled !== undefined) found.set(at, filled)
  }
  return { points: found, periodSeconds }
}

type Point = readonly [at: number, value: number] | undefined

function between(at: number, last: Point, next: Point, by: Value | string): number | undefined {
  if (typeof by === 'number') return by
  if (by === 'REPEAT') return last?.[1]
  if (by === 'LINEAR') {
    if (!last || !next) return undefined
    return last[1] + ((next[1] - last[1]) * (at - last[0])) / (next[0] - last[0])
  }
  return seriesOf(by as Value).points.get(at)
}

/** Where what is asked has a value other than 0 the first, else the second; without a second, nothing. */
export function choose(space: MathSpace, asked: Value, yes: Value, no: Value | null): Value {
  if (typeof asked === 'number') {
    const chosen = asked === 0 ? no : yes
    if (chosen === null) throw new MathError('IF with a number that is 0 needs a third value')
    return chosen
  }
  const { points, periodSeconds } = seriesOf(asked)
  spend(space, points.size)
  const found = new Map<number, number>()
  for (const [at, value] of points) {
    const chosen = value === 0 ? no : yes
    const here =
      typeof chosen === 'number' || chosen === null ? chosen : seriesOf(chosen).points.get(at)
    if (here !== null && here !== undefined) found.set(at, here)
  }
  return { points: found, periodSeconds }
}
