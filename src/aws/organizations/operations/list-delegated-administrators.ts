/** ListDelegatedAdministrators: there are none, because none can be registered here. */
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'ListDelegatedAdministrators'>({
  handle: async (ctx) => {
    await organisationManaged(ctx)
    return { DelegatedAdministrators: [] }
  },
})
