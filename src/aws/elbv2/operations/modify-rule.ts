/** ModifyRule. */
import { ruleModify } from '../../../app/balancers/rules.ts'
import { presentRules } from '../present.ts'
import { actionOf, conditionsOf, refuse } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'ModifyRule'>({
  handle: async (ctx, input) => {
    if (input.Transforms?.length) throw refuse('transforms of rules')
    const view = await ruleModify(ctx, input.RuleArn!, {
      conditions: input.Conditions && conditionsOf(input.Conditions),
      action: input.Actions && actionOf(input.Actions),
    })
    return { Rules: await presentRules(ctx, [view]) }
  },
})
