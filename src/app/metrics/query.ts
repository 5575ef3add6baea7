/** Reading metrics: datapoints of a series at a period, several queries with arithmetic between them. */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import {
  MathError,
  mathEvaluate,
  mathSpace,
  type MathSeries,
  type Series,
} from '../../domain/metrics/math.ts'
import { isPeriod, isStatistic, statisticValue, type Bucket } from '../../domain/metrics/metric.ts'
import type { Ctx } from '../context.ts'

/** CloudWatch's own limits. */
export const STATISTICS_POINTS_MAX = 1_440
export const DATA_POINTS_MAX = 100_800

export interface MetricName {
  namespace: string
  name: string
  dimensions: Readonly<Record<string, string>>
}

export interface PointsQuery extends MetricName {
  from: number
  to: number
  period: number
  unit?: string | undefined
  /** Also how the values are spread. */
  hasSpread?: boolean
}

/** @throws Faults `InvalidValue`, `InvalidCombination`. */
export function pointsRead({ app, account, region }: Ctx, query: PointsQuery): Bucket[] {
  const { from, to, period, unit, hasSpread = false, ...name } = query
  if (!isPeriod(period)) {
    throw invalidValue('Period', period, 'it must be 1, 5, 10, 20, 30 or a multiple of 60')
  }
  if (from >= to) {
    const parameters = ['StartTime', 'EndTime']
    const reason = 'StartTime must be less than EndTime'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  // A period's values are all of it: it begins at a whole one.
  const start = Math.floor(from / 1000 / period) * period * 1000
  const range = { from: start, to, period, hasSpread, ...(unit !== undefined && { unit }) }
  return app.metrics.read({ account, region, ...name }, range)
}

export interface DataQuery {
  id: string
  label: string | null
  isReturned: boolean
  /** One of the two. */
  metric: (MetricName & { period: number; statistic: string; unit?: string | undefined }) | null
  expression: string | null
}

export interface DataResult {
  id: string
  label: string
  /** In order of time. */
  points: readonly (readonly [at: number, value: number])[]
}

/** @throws Fault `InvalidValue` for an expression that cannot be computed. */
export function dataRead(
  ctx: Ctx,
  queries: readonly DataQuery[],
  range: { from: number; to: number },
): DataResult[] {
  const byId = new Map(queries.map((query) => [query.id, query]))
  const done = new Map<string, Series>()
  const open = new Set<string>()
  const space = mathSpace(range)
  const metrics = queries.filter(({ metric }) => metric !== null).map(({ id }) => id)
  const seriesOf = (id: string): Series => {
    const known = done.get(id)
    if (known) return known
    const query = byId.get(id)
    if (!query) throw new MathError(`there is no query ${id}`)
    if (open.has(id)) throw new MathError(`${id} needs itself`)
    open.add(id)
    const series = query.metric
      ? {
          points: metricSeries(ctx, query.metric, range),
          periodSeconds: query.metric.period,
        }
      : mathEvaluate(query.expression ?? '', { of: seriesOf, metrics: () => metrics }, space)
    open.delete(id)
    done.set(id, series)
    return series
  }
  return queries
    .filter(({ isReturned }) => isReturned)
    .map((query) => {
      try {
        const points = [...seriesOf(query.id).points].toSorted(([a], [b]) => a - b)
        return { id: query.id, label: query.label ?? labelOf(query), points }
      } catch (error) {
        if (!(error instanceof MathError)) throw error
        throw invalidValue('Expression', query.expression ?? query.id, error.message)
      }
    })
}

function labelOf({ id, metric }: DataQuery): string {
  return metric?.name ?? id
}

function metricSeries(
  ctx: Ctx,
  { statistic, ...name }: NonNullable<DataQuery['metric']>,
  range: { from: number; to: number },
): MathSeries {
  const buckets = pointsRead(ctx, { ...name, ...range, hasSpread: !isStatistic(statistic) })
  const series = new Map<number, number>()
  for (const bucket of buckets) {
    const value = statisticValue(bucket, statistic)
    if (bucket.start >= range.from && value !== null) series.set(bucket.start, value)
  }
  return series
}
