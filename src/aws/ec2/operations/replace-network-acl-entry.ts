/** ReplaceNetworkAclEntry: another rule under a number that is taken. */
import { aclEntryReplace } from '../../../app/network/network-acls.ts'
import { aclEntryRequestOf } from '../acl-entry.ts'
import { changing } from '../changing.ts'

export default changing<'ReplaceNetworkAclEntry', void>({
  change: (ctx, input) => aclEntryReplace(ctx, aclEntryRequestOf(input)),
  answer: () => ({}),
})
