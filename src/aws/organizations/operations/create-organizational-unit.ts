/** CreateOrganizationalUnit. */
import { unitCreate } from '../../../app/organisation/organisation.ts'
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentUnit, tagsOfInput } from '../present.ts'

export default operation<'organizations', 'CreateOrganizationalUnit'>({
  handle: async (ctx, input) => {
    const unit = await unitCreate(ctx, input.ParentId!, input.Name!, tagsOfInput(input.Tags))
    return { OrganizationalUnit: presentUnit(await organisationManaged(ctx), unit) }
  },
})
