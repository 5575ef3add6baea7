/** ListAttachedUserPolicies. */
import { attachedPolicies } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentAttached } from '../present.ts'

export default operation<'iam', 'ListAttachedUserPolicies'>({
  handle: async (ctx, input, call) => {
    const policies = await attachedPolicies(ctx, 'iamUser', input.UserName!, input.PathPrefix)
    const page = call.page(policies, { key: (one) => one.name + one.arn, defaultSize: PAGE_SIZE })
    return { AttachedPolicies: page.items.map(presentAttached), ...marked(page) }
  },
})
