/** Statistics of small samples: what the benches say of their measurements. Pure. */

export interface Summary {
  count: number
  p50: number
  p95: number
  p99: number
  min: number
  max: number
}

/** The value below which `fraction` of the sample lies, between neighbours linearly (as numpy and R's type 7 do). */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = values.toSorted((a, b) => a - b)
  const at = Math.min(1, Math.max(0, fraction)) * (sorted.length - 1)
  const low = Math.floor(at)
  const below = sorted[low]!
  const above = sorted[Math.min(low + 1, sorted.length - 1)]!
  return below + (above - below) * (at - low)
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export function summaryOf(values: readonly number[]): Summary {
  return {
    count: values.length,
    p50: quantile(values, 0.5),
    p95: quantile(values, 0.95),
    p99: quantile(values, 0.99),
    min: quantile(values, 0),
    max: quantile(values, 1),
  }
}

/**
 * The ratio of two things measured in turns: the median of the rounds' own ratios. A burst of other work spoils the
 * round it hits; the ratio of two medians would take one half from it and the other from elsewhere.
 */
export function pairedRatio(of: readonly number[], by: readonly number[]): number {
  const count = Math.min(of.length, by.length)
  return median(Array.from({ length: count }, (_, round) => of[round]! / by[round]!))
}

/**
 * How cost grows with size: the exponent k of cost = a · size^k, by least squares over the logarithms. 0: constant,
 * 1: in proportion, 2: quadratic. NaN when there are not two different sizes with a positive cost.
 */
export function growthExponent(points: readonly { size: number; cost: number }[]): number {
  const logs = points
    .filter(({ size, cost }) => size > 0 && cost > 0)
    .map(({ size, cost }) => ({ x: Math.log(size), y: Math.log(cost) }))
  if (new Set(logs.map(({ x }) => x)).size < 2) return Number.NaN
  const meanX = logs.reduce((sum, { x }) => sum + x, 0) / logs.length
  const meanY = logs.reduce((sum, { y }) => sum + y, 0) / logs.length
  const across = logs.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0)
  const along = logs.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  return across / along
}

/** Three digits that mean something: 0.0123, 1.23, 12.3, 1,234; counts as they are. `–`: not measured. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  if (size >= 100) return Math.round(value).toLocaleString('en-US')
  const digits = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(size))))
  return value.toFixed(digits)
}

/** For JSON: the same three or four digits, as a number; null for what was not measured. */
export function rounded(value: number | null | undefined): number | null {
  if (value === null || value === undefined || !Number.isFinite(value)) return null
  return Number(value.toPrecision(4))
}
