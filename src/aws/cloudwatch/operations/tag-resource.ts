/** TagResource, of alarms. */
import { alarmsChange, service } from '../../../app/metrics/alarm-records.ts'
import { operation } from '../../operation.ts'
import { alarmNameOf } from '../alarm.ts'

const TAGS_MAX = 50

export default operation<'cloudwatch', 'TagResource'>({
  handle: async (ctx, input) => {
    const added = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]))
    const name = alarmNameOf(ctx, input.ResourceARN!)
    await alarmsChange(
      ctx,
      [name],
      async (tx, alarm) => {
        const tags = { ...alarm.tags, ...added }
        if (Object.keys(tags).length > TAGS_MAX) {
          throw service('InvalidParameterValue', `An alarm can have ${TAGS_MAX} tags.`)
        }
        await tx.update('alarm', { ...alarm, tags })
      },
      { mustExist: true },
    )
    return {}
  },
})
