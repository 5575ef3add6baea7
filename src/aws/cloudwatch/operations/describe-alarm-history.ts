/** DescribeAlarmHistory: the last hundred events of each alarm that there is. */
import type { AlarmHistoryItem } from '@aws-sdk/client-cloudwatch'
import { anyAlarmsList, isComposite } from '../../../app/metrics/any-alarms.ts'
import { operation } from '../../operation.ts'

const PAGE_SIZE = 50
const TIME_MAX = 8_640_000_000_000_000

export default operation<'cloudwatch', 'DescribeAlarmHistory'>({
  handle: async (ctx, input, call) => {
    const from = input.StartDate?.getTime() ?? -Infinity
    const to = input.EndDate?.getTime() ?? Infinity
    const items = (await anyAlarmsList(ctx, input.AlarmTypes))
      .filter(({ configuration: { name } }) => (input.AlarmName ?? name) === name)
      .flatMap((alarm) => {
        const { configuration, history } = alarm
        const kind = isComposite(alarm) ? ('CompositeAlarm' as const) : ('MetricAlarm' as const)
        return history.map((item, index) => ({ ...item, name: configuration.name, kind, index }))
      })
      .filter(({ at, type }) => at >= from && at <= to && (input.HistoryItemType ?? type) === type)
    const isAscending = input.ScanBy === 'TimestampAscending'
    const digits = (value: number): string => String(value).padStart(16, '0')
    const key = ({ at, index, name }: (typeof items)[number]): string =>
      isAscending
        ? `${digits(at)} ${digits(index)} ${name}`
        : `${digits(TIME_MAX - at)} ${digits(TIME_MAX - index)} ${name}`
    const page = call.page(items, { key, defaultSize: PAGE_SIZE })
    return {
      AlarmHistoryItems: page.items.map(
        ({ name, kind, at, type, summary, data }): AlarmHistoryItem => ({
          AlarmName: name,
          AlarmType: kind,
          Timestamp: new Date(at),
          HistoryItemType: type,
          HistorySummary: summary,
          HistoryData: data,
        }),
      ),
      NextToken: page.nextToken,
    }
  },
})
