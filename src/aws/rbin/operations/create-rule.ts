/** CreateRule: what it is for is kept from now on when it is deleted. */
import { rbinInvalid, ruleCreate } from '../../../app/rbin/rules.ts'
import { presentRule, presentTags, resourceTagsOf, tagsOf } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'rbin', 'CreateRule'>({
  handle: async (ctx, input) => {
    if (input.LockConfiguration) throw rbinInvalid('Locked rules are not supported')
    const rule = await ruleCreate(ctx, {
      description: input.Description ?? '',
      resourceType: input.ResourceType,
      retentionDays: input.RetentionPeriod.RetentionPeriodValue!,
      resourceTags: resourceTagsOf(input.ResourceTags),
      excludedTags: resourceTagsOf(input.ExcludeResourceTags),
      tags: tagsOf(input.Tags),
    })
    return { ...presentRule(rule), Tags: presentTags(rule.tags) }
  },
})
