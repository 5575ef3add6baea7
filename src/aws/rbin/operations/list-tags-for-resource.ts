/** ListTagsForResource: of a rule. */
import { ruleGet } from '../../../app/rbin/rules.ts'
import { presentTags } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'rbin', 'ListTagsForResource'>({
  handle: async (ctx, input) => {
    const rule = await ruleGet(ctx, input.ResourceArn.split('/')[1]!)
    return { Tags: presentTags(rule.tags) }
  },
})
