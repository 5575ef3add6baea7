/** ListVirtualMFADevices: of the account, by whether they are somebody's. */
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentUserBriefly } from '../present.ts'

export default operation<'iam', 'ListVirtualMFADevices'>({
  handle: async (ctx, input, call) => {
    const { store } = ctx.app
    const all = await store.list('iamMfaDevice', { account: ctx.account })
    const { AssignmentStatus: wanted = 'Any' } = input
    const found = all.filter(
      ({ userId }) => wanted === 'Any' || (wanted === 'Assigned') === (userId !== null),
    )
    const page = call.page(found, { key: (one) => one.id, defaultSize: PAGE_SIZE })
    const ids = page.items.map(({ userId }) => userId).filter((id) => id !== null)
    const users = new Map((await store.list('iamUser', { ids })).map((one) => [one.id, one]))
    const VirtualMFADevices = page.items.map((one) => {
      const user = one.userId === null ? undefined : users.get(one.userId)
      return {
        SerialNumber: one.id,
        User: user && presentUserBriefly(user),
        EnableDate: one.enabledAt === null ? undefined : new Date(one.enabledAt),
      }
    })
    return { VirtualMFADevices, ...marked(page) }
  },
})
