/** CreateRule. */
import { ruleCreate } from '../../../app/balancers/rules.ts'
import { elbTagsCheck } from '../../../app/balancers/tags.ts'
import { presentRules } from '../present.ts'
import { actionOf, conditionsOf, refuse } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'CreateRule'>({
  handle: async (ctx, input) => {
    if (input.Transforms?.length) throw refuse('transforms of rules')
    const view = await ruleCreate(ctx, {
      listenerArn: input.ListenerArn!,
      priority: input.Priority!,
      conditions: conditionsOf(input.Conditions),
      action: actionOf(input.Actions),
      tags: elbTagsCheck(input.Tags ?? []),
    })
    return { Rules: await presentRules(ctx, [view]) }
  },
})
