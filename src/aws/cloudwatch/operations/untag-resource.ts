/** UntagResource, of alarms. */
import { anyAlarmsChange } from '../../../app/metrics/any-alarms.ts'
import { operation } from '../../operation.ts'
import { alarmNameOf } from '../alarm.ts'

export default operation<'cloudwatch', 'UntagResource'>({
  handle: async (ctx, input) => {
    const removed = new Set(input.TagKeys)
    await anyAlarmsChange(
      ctx,
      [alarmNameOf(ctx, input.ResourceARN!)],
      (alarm) => {
        const kept = Object.entries(alarm.tags).filter(([key]) => !removed.has(key))
        return { ...alarm, tags: Object.fromEntries(kept) }
      },
      { mustExist: true },
    )
    return {}
  },
})
