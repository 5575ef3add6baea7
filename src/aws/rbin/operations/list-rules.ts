/** ListRules of a type of resource, and of tags. */
import { rulesOf } from '../../../app/rbin/rules.ts'
import { presentSummary, resourceTagsOf } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'rbin', 'ListRules'>({
  handle: async (ctx, input, call) => {
    const wanted = resourceTagsOf(input.ResourceTags)
    const excluded = resourceTagsOf(input.ExcludeResourceTags)
    const rules = (await rulesOf(ctx, input.ResourceType)).filter(
      (rule) =>
        wanted.every((tag) => rule.resourceTags.some((one) => one.key === tag.key)) &&
        excluded.every((tag) => rule.excludedTags.some((one) => one.key === tag.key)) &&
        (input.LockState ?? 'unlocked') === 'unlocked',
    )
    const page = call.page(rules, { key: (rule) => rule.id })
    return { Rules: page.items.map(presentSummary), NextToken: page.nextToken }
  },
})
