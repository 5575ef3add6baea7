/** DeleteRule. */
import { ruleDelete } from '../../../app/balancers/rules.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DeleteRule'>({
  handle: async (ctx, input) => {
    await ruleDelete(ctx, input.RuleArn!)
    return {}
  },
})
