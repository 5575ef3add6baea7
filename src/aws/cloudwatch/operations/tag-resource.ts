/** TagResource, of alarms. */
import { service } from '../../../app/metrics/alarm-records.ts'
import { anyAlarmsChange } from '../../../app/metrics/any-alarms.ts'
import { operation } from '../../operation.ts'
import { alarmNameOf } from '../alarm.ts'

const TAGS_MAX = 50

export default operation<'cloudwatch', 'TagResource'>({
  handle: async (ctx, input) => {
    const added = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]))
    const name = alarmNameOf(ctx, input.ResourceARN!)
    await anyAlarmsChange(
      ctx,
      [name],
      (alarm) => {
        const tags = { ...alarm.tags, ...added }
        if (Object.keys(tags).length > TAGS_MAX) {
          throw service('InvalidParameterValue', `An alarm can have ${TAGS_MAX} tags.`)
        }
        return { ...alarm, tags }
      },
      { mustExist: true },
    )
    return {}
  },
})
