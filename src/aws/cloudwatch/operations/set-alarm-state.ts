/** SetAlarmState: until the next evaluation, of a composite alarm until a child changes; with the actions it means. */
import { service } from '../../../app/metrics/alarm-records.ts'
import { alarmStateSet } from '../../../app/metrics/alarms.ts'
import { anyAlarmGet, isComposite } from '../../../app/metrics/any-alarms.ts'
import { compositeRefresh } from '../../../app/metrics/composites.ts'
import { operation } from '../../operation.ts'

export default operation<'cloudwatch', 'SetAlarmState'>({
  handle: async (ctx, input) => {
    const alarm = await anyAlarmGet(ctx, input.AlarmName!)
    const { StateValue: state, StateReason: reason, StateReasonData: data } = input
    if (data !== undefined) {
      try {
        JSON.parse(data)
      } catch {
        throw service('InvalidFormat', 'StateReasonData must be JSON.')
      }
    }
    const to = { state: state!, reason: reason!, data: data ?? null }
    if (isComposite(alarm)) await compositeRefresh(ctx.app, alarm.id, to)
    else await alarmStateSet(ctx.app, alarm.id, to)
    return {}
  },
})
