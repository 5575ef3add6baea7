/** TagResource: a rule. */
import { ruleChange } from '../../../app/rbin/rules.ts'
import { tagsOf } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'rbin', 'TagResource'>({
  handle: async (ctx, input) => {
    await ruleChange(ctx, input.ResourceArn.split('/')[1]!, (rule) => {
      return { ...rule, tags: { ...rule.tags, ...tagsOf(input.Tags) } }
    })
    return {}
  },
})
