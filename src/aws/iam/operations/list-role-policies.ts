/** ListRolePolicies: the names of inline policies. */
import { entityGet } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'ListRolePolicies'>({
  handle: async (ctx, input, call) => {
    const { inlinePolicies } = await entityGet(ctx, 'iamRole', input.RoleName!)
    const page = call.page(Object.keys(inlinePolicies), {
      key: (one) => one,
      defaultSize: PAGE_SIZE,
    })
    return { PolicyNames: page.items, ...marked(page) }
  },
})
