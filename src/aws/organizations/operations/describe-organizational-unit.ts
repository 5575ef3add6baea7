/** DescribeOrganizationalUnit. */
import { unitGet } from '../../../app/organisation/organisation.ts'
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { pathOf, presentUnit } from '../present.ts'

export default operation<'organizations', 'DescribeOrganizationalUnit'>({
  handle: async (ctx, input) => {
    const organisation = await organisationManaged(ctx)
    const unit = await unitGet(ctx, input.OrganizationalUnitId!)
    const Path = await pathOf(ctx, organisation, unit)
    return { OrganizationalUnit: { ...presentUnit(organisation, unit), Path } }
  },
})
