/** DescribeOrganization: every member may ask. */
import { organisationGet } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentOrganisation } from '../present.ts'

export default operation<'organizations', 'DescribeOrganization'>({
  handle: async (ctx) => ({ Organization: presentOrganisation(await organisationGet(ctx)) }),
})
