/** ListTagsForResource, of alarms. */
import { anyAlarmGet } from '../../../app/metrics/any-alarms.ts'
import { operation } from '../../operation.ts'
import { alarmNameOf } from '../alarm.ts'

export default operation<'cloudwatch', 'ListTagsForResource'>({
  handle: async (ctx, input) => {
    const { tags } = await anyAlarmGet(ctx, alarmNameOf(ctx, input.ResourceARN!))
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
  },
})
