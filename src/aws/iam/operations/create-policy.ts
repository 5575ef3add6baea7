/** CreatePolicy. */
import { tagsOf } from '../../../app/iam/entities.ts'
import { policyCreate } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'
import { presentPolicy } from '../present.ts'

export default operation<'iam', 'CreatePolicy'>({
  handle: async (ctx, input) => {
    const policy = await policyCreate(ctx, {
      name: input.PolicyName!,
      document: input.PolicyDocument!,
      tags: tagsOf(input.Tags),
      ...(input.Path && { path: input.Path }),
      ...(input.Description !== undefined && { description: input.Description }),
    })
    const uses = { attached: new Map<string, number>(), boundaries: new Map<string, number>() }
    return { Policy: presentPolicy({ ...policy, isAws: false }, uses) }
  },
})
