/** GetMetricData: several metrics, and arithmetic between them. All is answered in one page. */
import type { MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch'
import { service } from '../../../app/metrics/alarm-records.ts'
import { DATA_POINTS_MAX, dataRead, type DataQuery } from '../../../app/metrics/query.ts'
import { extendedParse } from '../../../domain/metrics/extended.ts'
import { isStatistic } from '../../../domain/metrics/metric.ts'
import { operation } from '../../operation.ts'
import { dimensionsOf } from '../dimensions.ts'

const QUERIES_MAX = 500

export default operation<'cloudwatch', 'GetMetricData'>({
  handle: (ctx, input) => {
    const queries = (input.MetricDataQueries ?? []).map(queryOf)
    if (queries.length > QUERIES_MAX) {
      throw service('ValidationError', `At most ${QUERIES_MAX} queries are allowed.`)
    }
    const ids = new Set(queries.map(({ id }) => id))
    if (ids.size < queries.length) throw service('ValidationError', 'Ids must be unique.')
    const range = { from: input.StartTime!.getTime(), to: input.EndTime!.getTime() }
    const results = dataRead(ctx, queries, range)
    const count = results.reduce((sum, { points }) => sum + points.length, 0)
    const most = Math.min(input.MaxDatapoints ?? DATA_POINTS_MAX, DATA_POINTS_MAX)
    if (count > most) {
      const words = `${count} datapoints match, ${most} are the most: lengthen Period or shorten the time.`
      throw service('ValidationError', words)
    }
    const isAscending = input.ScanBy === 'TimestampAscending'
    return {
      MetricDataResults: results.map(({ id, label, points }): MetricDataResult => {
        const ordered = isAscending ? points : points.toReversed()
        return {
          Id: id,
          Label: label,
          Timestamps: ordered.map(([at]) => new Date(at)),
          Values: ordered.map(([, value]) => value),
          StatusCode: 'Complete',
        }
      }),
      Messages: [],
    }
  },
})

function queryOf(query: MetricDataQuery): DataQuery {
  const { Id, MetricStat: stat, Expression: expression, Label, ReturnData } = query
  if (!/^[a-z][A-Za-z0-9_]*$/.test(Id!)) {
    throw service('ValidationError', `The id ${Id} must begin with a small letter.`)
  }
  if ((stat === undefined) === (expression === undefined)) {
    throw service('ValidationError', `${Id} needs either MetricStat or Expression.`)
  }
  const base = { id: Id!, label: Label ?? null, isReturned: ReturnData ?? true }
  if (!stat) return { ...base, metric: null, expression: expression! }
  if (!isStatistic(stat.Stat!) && !extendedParse(stat.Stat!)) {
    throw service('ValidationError', `${Id}: ${stat.Stat} is no statistic.`)
  }
  const { Namespace, MetricName, Dimensions } = stat.Metric!
  if (!Namespace || !MetricName) {
    throw service('ValidationError', `${Id} needs a namespace and the name of a metric.`)
  }
  return {
    ...base,
    expression: null,
    metric: {
      namespace: Namespace,
      name: MetricName,
      dimensions: dimensionsOf(Dimensions),
      period: stat.Period!,
      statistic: stat.Stat!,
      unit: stat.Unit,
    },
  }
}
