/** SetRulePriorities. */
import { rulePriorities } from '../../../app/balancers/rules.ts'
import { presentRules } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'SetRulePriorities'>({
  handle: async (ctx, input) => {
    const wanted = input.RulePriorities!.map(({ RuleArn = '', Priority = 0 }) => {
      return { arn: RuleArn, priority: Priority }
    })
    return { Rules: await presentRules(ctx, await rulePriorities(ctx, wanted)) }
  },
})
