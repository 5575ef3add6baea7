/** ListDashboards: a thousand a page, as on AWS. */
import { dashboardsList } from '../../../app/metrics/dashboards.ts'
import { dashboardArn } from '../../../domain/metrics/dashboard.ts'
import { operation } from '../../operation.ts'

const PAGE_SIZE = 1_000

export default operation<'cloudwatch', 'ListDashboards'>({
  handle: async (ctx, input, call) => {
    const found = await dashboardsList(ctx, input.DashboardNamePrefix)
    const page = call.page(found, { key: ({ name }) => name, defaultSize: PAGE_SIZE })
    return {
      DashboardEntries: page.items.map(({ account, name, body, modifiedAt }) => ({
        DashboardName: name,
        DashboardArn: dashboardArn(account, name),
        LastModified: new Date(modifiedAt),
        Size: Buffer.byteLength(body),
      })),
      NextToken: page.nextToken,
    }
  },
})
