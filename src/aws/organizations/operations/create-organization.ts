/** CreateOrganization: the caller's account becomes its management account. */
import { organisationCreate } from '../../../app/organisation/organisation.ts'
import { operation } from '../../operation.ts'
import { presentOrganisation } from '../present.ts'

export default operation<'organizations', 'CreateOrganization'>({
  handle: async (ctx, input) => ({
    Organization: presentOrganisation(await organisationCreate(ctx, input.FeatureSet ?? 'ALL')),
  }),
})
