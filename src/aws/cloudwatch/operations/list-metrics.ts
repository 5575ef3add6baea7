/** ListMetrics: metrics that had values in the last two weeks, 500 a page. */
import type { Metric } from '@aws-sdk/client-cloudwatch'
import { operation } from '../../operation.ts'
import { dimensionsPresent } from '../dimensions.ts'

const PAGE_SIZE = 500
const DAY_MS = 24 * 3_600_000
const ACTIVE_MS = 14 * DAY_MS
const RECENT_MS = 3 * 3_600_000
/** What one answer may have to look through. */
const FOUND_MAX = 500_000

export default operation<'cloudwatch', 'ListMetrics'>({
  handle: ({ app, account, region }, input, call) => {
    const since = input.RecentlyActive === 'PT3H' ? RECENT_MS : ACTIVE_MS
    const found = app.metrics.seriesFind({
      account,
      region,
      namespace: input.Namespace,
      name: input.MetricName,
      dimensions: (input.Dimensions ?? []).map(({ Name, Value }) => ({
        name: Name!,
        value: Value,
      })),
      activeSince: app.clock.now() - since,
      after: 0,
      limit: FOUND_MAX,
    })
    const key = ({ id }: { id: number }): string => String(id).padStart(12, '0')
    const page = call.page(found, { key, defaultSize: PAGE_SIZE })
    return {
      Metrics: page.items.map(({ series }): Metric => ({
        Namespace: series.namespace,
        MetricName: series.name,
        Dimensions: dimensionsPresent(series.dimensions),
      })),
      NextToken: page.nextToken,
    }
  },
})
