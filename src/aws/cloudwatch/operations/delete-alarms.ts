/** DeleteAlarms: all of them, or none when one is unknown. */
import { alarmsChange } from '../../../app/metrics/alarm-records.ts'
import { operation } from '../../operation.ts'

export default operation<'cloudwatch', 'DeleteAlarms'>({
  handle: async (ctx, input) => {
    const remove = { mustExist: true }
    await alarmsChange(ctx, input.AlarmNames!, (tx, alarm) => tx.remove('alarm', alarm), remove)
    return {}
  },
})
