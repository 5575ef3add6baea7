/** DeleteOrganization: only an empty one. */
import { organisationDelete } from '../../../app/organisation/organisation.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'DeleteOrganization'>({
  handle: async (ctx) => {
    await organisationDelete(ctx)
    return {}
  },
})
