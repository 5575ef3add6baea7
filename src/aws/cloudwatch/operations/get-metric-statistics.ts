/** GetMetricStatistics: datapoints of one metric, at most 1,440. */
import type { Datapoint } from '@aws-sdk/client-cloudwatch'
import { service } from '../../../app/metrics/alarm-records.ts'
import { pointsRead, STATISTICS_POINTS_MAX } from '../../../app/metrics/query.ts'
import { extendedParse } from '../../../domain/metrics/extended.ts'
import { statisticOf, statisticValue, type Bucket } from '../../../domain/metrics/metric.ts'
import { operation } from '../../operation.ts'
import { statisticInvalid } from '../alarm.ts'
import { dimensionsOf } from '../dimensions.ts'

export default operation<'cloudwatch', 'GetMetricStatistics'>({
  handle: (ctx, input) => {
    const { Statistics: statistics = [], ExtendedStatistics: extended = [] } = input
    if (statistics.length === 0 && extended.length === 0) {
      throw service('MissingParameter', 'Statistics or ExtendedStatistics is required.')
    }
    if (statistics.length > 0 && extended.length > 0) {
      const words = 'Statistics and ExtendedStatistics cannot be given together.'
      throw service('InvalidParameterCombination', words)
    }
    const unknown = extended.find((word) => !extendedParse(word))
    if (unknown !== undefined) throw statisticInvalid('ExtendedStatistics', unknown)
    const [from, to] = [input.StartTime!.getTime(), input.EndTime!.getTime()]
    const period = input.Period!
    const count = (to - from) / 1000 / period
    if (count > STATISTICS_POINTS_MAX) {
      const words =
        `You have requested up to ${Math.ceil(count)} datapoints, which exceeds the limit of ` +
        `${STATISTICS_POINTS_MAX}. You may reduce the datapoints requested by increasing Period, ` +
        'or decreasing the time range.'
      throw service('InvalidParameterCombination', words)
    }
    const buckets = pointsRead(ctx, {
      namespace: input.Namespace!,
      name: input.MetricName!,
      dimensions: dimensionsOf(input.Dimensions),
      from,
      to,
      period,
      unit: input.Unit,
      hasSpread: extended.length > 0,
    })
    return {
      Label: input.MetricName,
      Datapoints: buckets.map((bucket): Datapoint => ({
        Timestamp: new Date(bucket.start),
        Unit: (bucket.unit ?? 'None') as Datapoint['Unit'],
        ...Object.fromEntries(statistics.map((one) => [one, statisticOf(bucket, one)])),
        ...(extended.length > 0 && { ExtendedStatistics: extendedValues(bucket, extended) }),
      })),
    }
  },
})

/** Without those that summaries do not tell. */
function extendedValues(bucket: Bucket, words: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    words.flatMap((word) => {
      const value = statisticValue(bucket, word)
      return value === null ? [] : [[word, value]]
    }),
  )
}
