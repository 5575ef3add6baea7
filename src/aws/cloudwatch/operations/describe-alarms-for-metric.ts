/** DescribeAlarmsForMetric. */
import { alarmsList } from '../../../app/metrics/alarm-records.ts'
import { dimensionsText } from '../../../domain/metrics/metric.ts'
import { operation } from '../../operation.ts'
import { alarmPresent } from '../alarm.ts'
import { dimensionsOf } from '../dimensions.ts'

export default operation<'cloudwatch', 'DescribeAlarmsForMetric'>({
  handle: async (ctx, input) => {
    const dimensions = dimensionsText(dimensionsOf(input.Dimensions))
    const same = <T>(wanted: T | undefined, has: T): boolean =>
      wanted === undefined || wanted === has
    const found = (await alarmsList(ctx)).filter(
      ({ configuration: c }) =>
        c.namespace === input.Namespace &&
        c.metricName === input.MetricName &&
        dimensionsText(c.dimensions) === dimensions &&
        same(input.ExtendedStatistic, c.extendedStatistic) &&
        same<string | null>(input.Statistic, c.statistic) &&
        same(input.Period, c.periodSeconds) &&
        same<string | null>(input.Unit, c.unit),
    )
    return { MetricAlarms: found.map(alarmPresent) }
  },
})
