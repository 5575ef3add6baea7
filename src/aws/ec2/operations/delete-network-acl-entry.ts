/** DeleteNetworkAclEntry. */
import { aclEntryDelete } from '../../../app/network/network-acls.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteNetworkAclEntry', void>({
  change: (ctx, input) =>
    aclEntryDelete(ctx, parseId('networkAcl', input.NetworkAclId!), {
      ruleNumber: input.RuleNumber!,
      isEgress: input.Egress!,
    }),
  answer: () => ({}),
})
