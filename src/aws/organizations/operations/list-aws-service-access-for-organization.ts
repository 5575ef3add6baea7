/** ListAWSServiceAccessForOrganization: no service here works across accounts, and none can be told to. */
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'ListAWSServiceAccessForOrganization'>({
  handle: async (ctx) => {
    await organisationManaged(ctx)
    return { EnabledServicePrincipals: [] }
  },
})
