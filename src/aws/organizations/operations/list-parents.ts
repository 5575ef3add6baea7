/** ListParents: of an account or unit, always one. */
import { missing } from '../../../app/organisation/faults.ts'
import { nodeFind, organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'ListParents'>({
  handle: async (ctx, input) => {
    const organisation = await organisationManaged(ctx)
    const node = await nodeFind(ctx.app.store, organisation, input.ChildId!)
    if (!node || node.type === 'ROOT') throw missing('child')
    const { parentId } = node.resource
    const type = parentId === organisation.rootId ? 'ROOT' : 'ORGANIZATIONAL_UNIT'
    return { Parents: [{ Id: parentId, Type: type }] }
  },
})
