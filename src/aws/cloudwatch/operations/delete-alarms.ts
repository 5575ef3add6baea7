/** DeleteAlarms: all of them or none, as when a composite alarm that stays depends on one. */
import { alarmsRemove } from '../../../app/metrics/any-alarms.ts'
import { operation } from '../../operation.ts'

export default operation<'cloudwatch', 'DeleteAlarms'>({
  handle: async (ctx, input) => {
    await alarmsRemove(ctx, input.AlarmNames!)
    return {}
  },
})
