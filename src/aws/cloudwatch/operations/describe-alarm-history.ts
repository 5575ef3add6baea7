/** DescribeAlarmHistory: the last hundred events of each alarm that there is. */
import type { AlarmHistoryItem } from '@aws-sdk/client-cloudwatch'
import { alarmsList } from '../../../app/metrics/alarm-records.ts'
import { operation } from '../../operation.ts'

const PAGE_SIZE = 50
const TIME_MAX = 8_640_000_000_000_000

export default operation<'cloudwatch', 'DescribeAlarmHistory'>({
  handle: async (ctx, input, call) => {
    const types = input.AlarmTypes ?? ['MetricAlarm']
    const from = input.StartDate?.getTime() ?? -Infinity
    const to = input.EndDate?.getTime() ?? Infinity
    const items = (await alarmsList(ctx))
      .filter(({ configuration: { name } }) => (input.AlarmName ?? name) === name)
      .flatMap(({ configuration: { name }, history }) =>
        history.map((item, index) => ({ ...item, name, index })),
      )
      .filter(
        ({ at, type }) =>
          types.includes('MetricAlarm') &&
          at >= from &&
          at <= to &&
          (input.HistoryItemType ?? type) === type,
      )
    const isAscending = input.ScanBy === 'TimestampAscending'
    const digits = (value: number): string => String(value).padStart(16, '0')
    const key = ({ at, index, name }: (typeof items)[number]): string =>
      isAscending
        ? `${digits(at)} ${digits(index)} ${name}`
        : `${digits(TIME_MAX - at)} ${digits(TIME_MAX - index)} ${name}`
    const page = call.page(items, { key, defaultSize: PAGE_SIZE })
    return {
      AlarmHistoryItems: page.items.map(({ name, at, type, summary, data }): AlarmHistoryItem => ({
        AlarmName: name,
        AlarmType: 'MetricAlarm',
        Timestamp: new Date(at),
        HistoryItemType: type,
        HistorySummary: summary,
        HistoryData: data,
      })),
      NextToken: page.nextToken,
    }
  },
})
