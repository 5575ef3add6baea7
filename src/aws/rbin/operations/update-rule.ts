/** UpdateRule: for what is deleted from now on. */
import { rbinInvalid, ruleChange } from '../../../app/rbin/rules.ts'
import { presentRule, resourceTagsOf } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'rbin', 'UpdateRule'>({
  handle: async (ctx, input) => {
    const rule = await ruleChange(ctx, input.Identifier, (before) => {
      const { ResourceType: type = before.resourceType, RetentionPeriod: period } = input
      if (type !== before.resourceType) throw rbinInvalid('ResourceType cannot be changed')
      return {
        ...before,
        description: input.Description ?? before.description,
        retentionDays: period?.RetentionPeriodValue ?? before.retentionDays,
        resourceTags: input.ResourceTags ? resourceTagsOf(input.ResourceTags) : before.resourceTags,
        excludedTags: input.ExcludeResourceTags
          ? resourceTagsOf(input.ExcludeResourceTags)
          : before.excludedTags,
      }
    })
    return presentRule(rule)
  },
})
