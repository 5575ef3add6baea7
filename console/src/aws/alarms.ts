/** CloudWatch's alarms as one collection, metric alarms and composite ones; their metrics and histories. */
import type {
  AlarmHistoryItem,
  CompositeAlarm,
  MetricAlarm,
  StandardUnit,
} from '@aws-sdk/client-cloudwatch'
import { cloudwatch } from './clients.ts'
import { collection } from './collection.ts'

export type Alarm = MetricAlarm &
  Pick<
    CompositeAlarm,
    | 'AlarmRule'
    | 'ActionsSuppressor'
    | 'ActionsSuppressorWaitPeriod'
    | 'ActionsSuppressorExtensionPeriod'
  >

const PAGE = 100
const HISTORY_MAX = 50
/** What a graph shows at the least, and of how many values. */
const SPAN_MIN_S = 3 * 3_600
const VALUES = 48

const loaded = () => import('@aws-sdk/client-cloudwatch')

async function ask(input: { AlarmNames?: string[]; NextToken?: string | undefined }) {
  const { DescribeAlarmsCommand } = await loaded()
  const client = await cloudwatch()
  const { MetricAlarms, CompositeAlarms, NextToken } = await client.send(
    new DescribeAlarmsCommand({
      ...input,
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      MaxRecords: PAGE,
    }),
  )
  const items: Alarm[] = [...(MetricAlarms ?? []), ...(CompositeAlarms ?? [])]
  return { items, next: NextToken }
}

const NAME_AT = 3

export const alarms = collection<Alarm>({
  name: 'alarms',
  kinds: ['alarm', 'compositeAlarm'],
  /** As the stream of changes names them: the kind, the account, the region, the name. */
  idOf: ({ AlarmArn = '', AlarmRule }) => {
    const [, , , region, account, , ...name] = AlarmArn.split(':')
    const kind = AlarmRule === undefined ? 'alarm' : 'compositeAlarm'
    return [kind, account, region, ...name].join(':')
  },
  async *pages() {
    let NextToken: string | undefined
    do {
      const { items, next } = await ask({ NextToken })
      yield items
      NextToken = next
    } while (NextToken)
  },
  byIds: async (ids) => {
    const names = ids.map((id) => id.split(':').slice(NAME_AT).join(':'))
    const found: Alarm[] = []
    for (let n = 0; n < names.length; n += PAGE) {
      const { items } = await ask({ AlarmNames: names.slice(n, n + PAGE) })
      found.push(...items)
    }
    return found
  },
})

export async function alarmHistory(AlarmName: string): Promise<AlarmHistoryItem[]> {
  const { DescribeAlarmHistoryCommand } = await loaded()
  const input = {
    AlarmName,
    AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const],
    MaxRecords: HISTORY_MAX,
  }
  const answer = await (await cloudwatch()).send(new DescribeAlarmHistoryCommand(input))
  return answer.AlarmHistoryItems ?? []
}

export interface Watched {
  Namespace: string
  MetricName: string
  Dimensions: { Name: string; Value: string }[]
  Stat: string
  Period: number
  Unit?: StandardUnit
}

/** What an alarm looks at; null: a rule, or an expression over several metrics. */
export function watchedOf(alarm: Alarm): Watched | null {
  const { Namespace, MetricName, Statistic, ExtendedStatistic, Period, Unit } = alarm
  const Stat = Statistic ?? ExtendedStatistic
  if (!Namespace || !MetricName || !Stat || !Period) return null
  const Dimensions = (alarm.Dimensions ?? []).map(({ Name = '', Value = '' }) => ({ Name, Value }))
  return { Namespace, MetricName, Dimensions, Stat, Period, ...(Unit ? { Unit } : {}) }
}

/** Of the alarm's own statistic and period, so that what is drawn is what was judged. */
export async function metricRead(
  watched: Watched,
): Promise<readonly (readonly [number, number])[]> {
  const { GetMetricDataCommand } = await loaded()
  const { Stat, Period, Unit, ...Metric } = watched
  const EndTime = new Date()
  const seconds = Math.max(SPAN_MIN_S, Period * VALUES)
  const { MetricDataResults } = await (
    await cloudwatch()
  ).send(
    new GetMetricDataCommand({
      StartTime: new Date(EndTime.getTime() - seconds * 1000),
      EndTime,
      ScanBy: 'TimestampAscending',
      MetricDataQueries: [
        { Id: 'watched', MetricStat: { Metric, Stat, Period, ...(Unit ? { Unit } : {}) } },
      ],
    }),
  )
  const { Timestamps = [], Values = [] } = MetricDataResults?.[0] ?? {}
  return Timestamps.map((at, n) => [at.getTime(), Values[n] ?? 0] as const)
}
