/** PutCompositeAlarm: makes one or replaces its configuration, then works out its state. */
import { compositeConfigurationOf, compositePut } from '../../../app/metrics/composite-records.ts'
import { compositeRefresh } from '../../../app/metrics/composites.ts'
import { operation } from '../../operation.ts'
import { compositeInputOf } from '../composite.ts'

export default operation<'cloudwatch', 'PutCompositeAlarm'>({
  check: (ctx, input) => void compositeConfigurationOf(ctx, compositeInputOf(input)),
  handle: async (ctx, input) => {
    const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key!, Value!]))
    await compositeRefresh(ctx.app, await compositePut(ctx, compositeInputOf(input), tags))
    return {}
  },
})
