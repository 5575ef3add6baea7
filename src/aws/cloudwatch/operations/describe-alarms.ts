/** DescribeAlarms. There are no composite alarms here, so that none has parents or children. */
import { alarmsList } from '../../../app/metrics/alarm-records.ts'
import { operation } from '../../operation.ts'
import { alarmPresent } from '../alarm.ts'

const PAGE_SIZE = 50

export default operation<'cloudwatch', 'DescribeAlarms'>({
  handle: async (ctx, input, call) => {
    const types = input.AlarmTypes ?? ['MetricAlarm']
    const isRelated =
      input.ChildrenOfAlarmName !== undefined || input.ParentsOfAlarmName !== undefined
    if (isRelated || !types.includes('MetricAlarm'))
      return { MetricAlarms: [], CompositeAlarms: [] }
    const { AlarmNames: names, AlarmNamePrefix: prefix, StateValue, ActionPrefix } = input
    const found = (await alarmsList(ctx)).filter(({ configuration: c, state }) => {
      const actions = [...c.okActions, ...c.alarmActions, ...c.insufficientDataActions]
      return (
        (!names?.length || names.includes(c.name)) &&
        (prefix === undefined || c.name.startsWith(prefix)) &&
        (StateValue === undefined || state === StateValue) &&
        (ActionPrefix === undefined || actions.some((arn) => arn.startsWith(ActionPrefix)))
      )
    })
    const key = (alarm: (typeof found)[number]): string => alarm.configuration.name
    const page = call.page(found, { key, defaultSize: PAGE_SIZE })
    return {
      MetricAlarms: page.items.map(alarmPresent),
      CompositeAlarms: [],
      NextToken: page.nextToken,
    }
  },
})
