/** CreateNetworkAclEntry: a rule under a number that is free. */
import { aclEntryCreate } from '../../../app/network/network-acls.ts'
import { aclEntryRequestOf } from '../acl-entry.ts'
import { changing } from '../changing.ts'

export default changing<'CreateNetworkAclEntry', void>({
  change: (ctx, input) => aclEntryCreate(ctx, aclEntryRequestOf(input)),
  answer: () => ({}),
})
