/** DisableAlarmActions: names that are no alarms are ignored, as on AWS. */
import { alarmActionsSwitch } from '../../../app/metrics/any-alarms.ts'
import { operation } from '../../operation.ts'

export default operation<'cloudwatch', 'DisableAlarmActions'>({
  handle: async (ctx, input) => {
    await alarmActionsSwitch(ctx, input.AlarmNames!, false)
    return {}
  },
})
