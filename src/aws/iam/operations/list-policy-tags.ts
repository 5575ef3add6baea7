/** ListPolicyTags. */
import { policyGet } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, tagList } from '../present.ts'

export default operation<'iam', 'ListPolicyTags'>({
  handle: async (ctx, input, call) => {
    const { tags } = await policyGet(ctx, input.PolicyArn!)
    const page = call.page(tagList(tags), { key: (one) => one.Key!, defaultSize: PAGE_SIZE })
    return { Tags: page.items, ...marked(page) }
  },
})
