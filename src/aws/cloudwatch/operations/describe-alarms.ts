/** DescribeAlarms: those on metrics unless asked for composite ones, too; and the relatives of one, by their names. */
import type { DescribeAlarmsInput } from '@aws-sdk/client-cloudwatch'
import { service } from '../../../app/metrics/alarm-records.ts'
import {
  anyAlarmGet,
  anyAlarmsList,
  childrenOf,
  isComposite,
  relativesOf,
  type AnyAlarm,
} from '../../../app/metrics/any-alarms.ts'
import type { Ctx } from '../../../app/context.ts'
import { alarmArn, type Alarm } from '../../../domain/metrics/alarm.ts'
import { operation } from '../../operation.ts'
import { alarmPresent } from '../alarm.ts'
import { compositePresent } from '../composite.ts'

const PAGE_SIZE = 50
const ALONE = ['ChildrenOfAlarmName', 'ParentsOfAlarmName'] as const
const WITH_ALONE = ['MaxRecords', 'NextToken']

export default operation<'cloudwatch', 'DescribeAlarms'>({
  check: (_ctx, input) => {
    for (const name of ALONE) {
      if (input[name] === undefined) continue
      const other = Object.entries(input).find(
        ([key, value]) => value !== undefined && key !== name && !WITH_ALONE.includes(key),
      )
      if (!other) continue
      const words = `${name} cannot be given together with ${other[0]}`
      throw service('ValidationError', words)
    }
  },
  handle: async (ctx, input, call) => {
    const isRelated = ALONE.some((name) => input[name] !== undefined)
    const found = isRelated ? await relatives(ctx, input) : await matching(ctx, input)
    const key = (alarm: AnyAlarm): string => alarm.configuration.name
    const page = call.page(found, { key, defaultSize: PAGE_SIZE })
    const composite = page.items.filter(isComposite)
    const metric = page.items.filter((alarm): alarm is Alarm => !isComposite(alarm))
    return {
      MetricAlarms: metric.map(isRelated ? shortly(input) : alarmPresent),
      CompositeAlarms: composite.map(isRelated ? shortly(input) : compositePresent),
      NextToken: page.nextToken,
    }
  },
})

async function relatives(ctx: Ctx, input: DescribeAlarmsInput): Promise<AnyAlarm[]> {
  const name = input.ChildrenOfAlarmName ?? input.ParentsOfAlarmName!
  const alarm = await anyAlarmGet(ctx, name)
  if (input.ParentsOfAlarmName !== undefined) {
    return relativesOf(ctx.app.store, ctx, name, 'child')
  }
  return isComposite(alarm) ? childrenOf(ctx.app.store, alarm) : []
}

/** Of children their states, of parents no more than who they are. */
const shortly = (input: DescribeAlarmsInput) => (alarm: AnyAlarm) => ({
  AlarmName: alarm.configuration.name,
  AlarmArn: alarmArn(alarm, alarm.configuration.name),
  ...(input.ChildrenOfAlarmName !== undefined && {
    StateValue: alarm.state,
    StateUpdatedTimestamp: new Date(alarm.stateSince),
  }),
})

async function matching(ctx: Ctx, input: DescribeAlarmsInput): Promise<AnyAlarm[]> {
  const { AlarmNames: names, AlarmNamePrefix: prefix, StateValue, ActionPrefix } = input
  return (await anyAlarmsList(ctx, input.AlarmTypes)).filter(({ configuration: c, state }) => {
    const actions = [...c.okActions, ...c.alarmActions, ...c.insufficientDataActions]
    return (
      (!names?.length || names.includes(c.name)) &&
      (prefix === undefined || c.name.startsWith(prefix)) &&
      (StateValue === undefined || state === StateValue) &&
      (ActionPrefix === undefined || actions.some((arn) => arn.startsWith(ActionPrefix)))
    )
  })
}
