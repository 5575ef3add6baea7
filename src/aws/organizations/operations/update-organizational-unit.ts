/** UpdateOrganizationalUnit: another name. */
import { unitRename } from '../../../app/organisation/organisation.ts'
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentUnit } from '../present.ts'

export default operation<'organizations', 'UpdateOrganizationalUnit'>({
  handle: async (ctx, input) => {
    const unit = await unitRename(ctx, input.OrganizationalUnitId!, input.Name)
    return { OrganizationalUnit: presentUnit(await organisationManaged(ctx), unit) }
  },
})
