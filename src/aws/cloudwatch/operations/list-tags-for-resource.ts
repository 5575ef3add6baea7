/** ListTagsForResource, of alarms. */
import { alarmGet } from '../../../app/metrics/alarm-records.ts'
import { operation } from '../../operation.ts'
import { alarmNameOf } from '../alarm.ts'

export default operation<'cloudwatch', 'ListTagsForResource'>({
  handle: async (ctx, input) => {
    const { tags } = await alarmGet(ctx, alarmNameOf(ctx, input.ResourceARN!))
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
  },
})
