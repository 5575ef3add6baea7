/** ReplaceNetworkAclAssociation: another ACL for a subnet. */
import { aclReassociate } from '../../../app/network/network-acls.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'ReplaceNetworkAclAssociation', string>({
  change: (ctx, input) =>
    aclReassociate(
      ctx,
      parseId('networkAclAssociation', input.AssociationId!),
      parseId('networkAcl', input.NetworkAclId!),
    ),
  answer: (NewAssociationId) => ({ NewAssociationId }),
})
