/** ListUserPolicies: the names of inline policies. */
import { entityGet } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'ListUserPolicies'>({
  handle: async (ctx, input, call) => {
    const { inlinePolicies } = await entityGet(ctx, 'iamUser', input.UserName!)
    const page = call.page(Object.keys(inlinePolicies), {
      key: (one) => one,
      defaultSize: PAGE_SIZE,
    })
    return { PolicyNames: page.items, ...marked(page) }
  },
})
