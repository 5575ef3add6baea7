/** TagPolicy. */
import { entityChange, tagsMerged, tagsOf } from '../../../app/iam/entities.ts'
import { ownPolicyName } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'TagPolicy'>({
  handle: async (ctx, input) => {
    const added = tagsOf(input.Tags)
    await entityChange(ctx, 'iamPolicy', await ownPolicyName(ctx, input.PolicyArn!), (one) => ({
      ...one,
      tags: tagsMerged(one.tags, added),
    }))
    return {}
  },
})
