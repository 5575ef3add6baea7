/** DeleteOrganizationalUnit: only an empty one. */
import { unitDelete } from '../../../app/organisation/organisation.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'DeleteOrganizationalUnit'>({
  handle: async (ctx, input) => {
    await unitDelete(ctx, input.OrganizationalUnitId!)
    return {}
  },
})
