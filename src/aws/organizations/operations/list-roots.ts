/** ListRoots: an organisation has one. */
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentRoot } from '../present.ts'

export default operation<'organizations', 'ListRoots'>({
  handle: async (ctx) => ({ Roots: [presentRoot(await organisationManaged(ctx))] }),
})
