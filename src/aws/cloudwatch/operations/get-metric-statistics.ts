/** GetMetricStatistics: datapoints of one metric, at most 1,440. Percentiles are not kept. */
import type { Datapoint } from '@aws-sdk/client-cloudwatch'
import { service } from '../../../app/metrics/alarm-records.ts'
import { pointsRead, STATISTICS_POINTS_MAX } from '../../../app/metrics/query.ts'
import { FaultError } from '../../../domain/faults.ts'
import { statisticOf } from '../../../domain/metrics/metric.ts'
import { operation } from '../../operation.ts'
import { dimensionsOf } from '../dimensions.ts'

export default operation<'cloudwatch', 'GetMetricStatistics'>({
  handle: (ctx, input) => {
    if (input.ExtendedStatistics?.length) {
      throw new FaultError({ type: 'Unsupported', feature: 'percentiles' })
    }
    const statistics = input.Statistics ?? []
    if (statistics.length === 0) {
      throw service('MissingParameter', 'Statistics is required.')
    }
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
    })
    return {
      Label: input.MetricName,
      Datapoints: buckets.map((bucket): Datapoint => ({
        Timestamp: new Date(bucket.start),
        Unit: (bucket.unit ?? 'None') as Datapoint['Unit'],
        ...Object.fromEntries(statistics.map((one) => [one, statisticOf(bucket, one)])),
      })),
    }
  },
})
