/** UntagPolicy. */
import { entityChange, tagsWithout } from '../../../app/iam/entities.ts'
import { ownPolicyName } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UntagPolicy'>({
  handle: async (ctx, input) => {
    await entityChange(ctx, 'iamPolicy', await ownPolicyName(ctx, input.PolicyArn!), (one) => ({
      ...one,
      tags: tagsWithout(one.tags, input.TagKeys ?? []),
    }))
    return {}
  },
})
