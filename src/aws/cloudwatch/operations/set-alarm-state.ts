/** SetAlarmState: until the next evaluation, with the actions that the state means. */
import { alarmGet, service } from '../../../app/metrics/alarm-records.ts'
import { alarmStateSet } from '../../../app/metrics/alarms.ts'
import { operation } from '../../operation.ts'

export default operation<'cloudwatch', 'SetAlarmState'>({
  handle: async (ctx, input) => {
    const { id } = await alarmGet(ctx, input.AlarmName!)
    const { StateValue: state, StateReason: reason, StateReasonData: data } = input
    if (data !== undefined) {
      try {
        JSON.parse(data)
      } catch {
        throw service('InvalidFormat', 'StateReasonData must be JSON.')
      }
    }
    await alarmStateSet(ctx.app, id, { state: state!, reason: reason!, data: data ?? null })
    return {}
  },
})
