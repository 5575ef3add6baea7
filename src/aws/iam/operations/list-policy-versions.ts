/** ListPolicyVersions: the newest first. */
import { policyGet } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentVersion } from '../present.ts'

export default operation<'iam', 'ListPolicyVersions'>({
  handle: async (ctx, input, call) => {
    const policy = await policyGet(ctx, input.PolicyArn!)
    const page = call.page(policy.versions, {
      key: (one) => String(9_999 - Number(one.id.slice(1))).padStart(4, '0'),
      defaultSize: PAGE_SIZE,
    })
    return { Versions: page.items.map((one) => presentVersion(policy, one)), ...marked(page) }
  },
})
