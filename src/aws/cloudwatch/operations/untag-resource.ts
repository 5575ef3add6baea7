/** UntagResource, of alarms. */
import { alarmsChange } from '../../../app/metrics/alarm-records.ts'
import { operation } from '../../operation.ts'
import { alarmNameOf } from '../alarm.ts'

export default operation<'cloudwatch', 'UntagResource'>({
  handle: async (ctx, input) => {
    const removed = new Set(input.TagKeys)
    await alarmsChange(
      ctx,
      [alarmNameOf(ctx, input.ResourceARN!)],
      async (tx, alarm) => {
        const kept = Object.entries(alarm.tags).filter(([key]) => !removed.has(key))
        await tx.update('alarm', { ...alarm, tags: Object.fromEntries(kept) })
      },
      { mustExist: true },
    )
    return {}
  },
})
