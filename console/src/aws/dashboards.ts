/** CloudWatch's dashboards: the list, and one with its body as it was put. */
import type { DashboardEntry, MetricDataQuery } from '@aws-sdk/client-cloudwatch'
import { clientOf, cloudwatch } from './clients.ts'
import { collection, paged } from './collection.ts'
import { sessionNow } from './session.ts'

const loaded = () => import('@aws-sdk/client-cloudwatch')

export const dashboards = collection<DashboardEntry>({
  name: 'dashboards',
  kinds: ['dashboard'],
  idOf: ({ DashboardName = '' }) => `dashboard:${sessionNow()?.account}:${DashboardName}`,
  pages: () =>
    paged(async (NextToken) => {
      const { ListDashboardsCommand } = await loaded()
      const page = await (await cloudwatch()).send(new ListDashboardsCommand({ NextToken }))
      return { items: page.DashboardEntries, next: page.NextToken }
    }),
})

export async function dashboardRead(DashboardName: string): Promise<string> {
  const { GetDashboardCommand } = await loaded()
  const answer = await (await cloudwatch()).send(new GetDashboardCommand({ DashboardName }))
  return answer.DashboardBody ?? ''
}

/** What is odd about it; what is wrong is thrown. */
export async function dashboardWrite(
  DashboardName: string,
  DashboardBody: string,
): Promise<string[]> {
  const { PutDashboardCommand } = await loaded()
  const input = { DashboardName, DashboardBody }
  const answer = await (await cloudwatch()).send(new PutDashboardCommand(input))
  const odd = answer.DashboardValidationMessages ?? []
  return odd.map(({ DataPath, Message }) => `${DataPath}: ${Message}`)
}

export async function dashboardsRemove(DashboardNames: string[]): Promise<void> {
  const { DeleteDashboardsCommand } = await loaded()
  await (await cloudwatch()).send(new DeleteDashboardsCommand({ DashboardNames }))
}

export interface Line {
  id: string
  name: string
  points: readonly (readonly [at: number, value: number])[]
}

/** In the widget's own region, which need not be the one of the page. */
export async function linesRead(
  region: string,
  queries: readonly MetricDataQuery[],
  seconds: number,
): Promise<Line[]> {
  const { CloudWatchClient, GetMetricDataCommand } = await loaded()
  const name = `cloudwatch ${region}`
  const client = clientOf(name, (config) => new CloudWatchClient({ ...config, region }))
  const EndTime = new Date()
  const answer = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(EndTime.getTime() - seconds * 1000),
      EndTime,
      ScanBy: 'TimestampAscending',
      MetricDataQueries: [...queries],
    }),
  )
  return (answer.MetricDataResults ?? []).map(
    ({ Id = '', Label, Timestamps = [], Values = [] }) => ({
      id: Id,
      name: Label ?? Id,
      points: Timestamps.map((at, n) => [at.getTime(), Values[n] ?? 0] as const),
    }),
  )
}
