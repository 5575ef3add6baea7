/** DescribeMetricCollectionTypes. */
import { GROUP_METRICS } from '../../../app/autoscaling/metrics.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeMetricCollectionTypes'>({
  handle: () => ({
    Metrics: GROUP_METRICS.map((Metric) => ({ Metric })),
    Granularities: [{ Granularity: '1Minute' }],
  }),
})
