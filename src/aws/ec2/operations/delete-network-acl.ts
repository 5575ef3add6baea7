/** DeleteNetworkAcl: one that no subnet has, and not the default one. */
import { aclDelete } from '../../../app/network/network-acls.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteNetworkAcl', void>({
  change: (ctx, input) => aclDelete(ctx, parseId('networkAcl', input.NetworkAclId!)),
  answer: () => ({}),
})
