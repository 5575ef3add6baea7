/** PutMetricAlarm: makes an alarm or replaces its configuration; its state stays until it is evaluated. */
import { alarmPut } from '../../../app/metrics/alarm-records.ts'
import { operation } from '../../operation.ts'
import { configurationOf } from '../alarm.ts'

export default operation<'cloudwatch', 'PutMetricAlarm'>({
  check: (_ctx, input) => void configurationOf(input),
  handle: async (ctx, input) => {
    const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]))
    await alarmPut(ctx, configurationOf(input), tags)
    return {}
  },
})
