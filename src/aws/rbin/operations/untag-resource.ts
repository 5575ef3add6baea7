/** UntagResource: a rule. */
import { ruleChange } from '../../../app/rbin/rules.ts'
import { operation } from '../../operation.ts'

export default operation<'rbin', 'UntagResource'>({
  handle: async (ctx, input) => {
    await ruleChange(ctx, input.ResourceArn.split('/')[1]!, (rule) => {
      const kept = Object.entries(rule.tags).filter(([key]) => !input.TagKeys.includes(key))
      return { ...rule, tags: Object.fromEntries(kept) }
    })
    return {}
  },
})
