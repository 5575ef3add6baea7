/** CreateNetworkAcl: one that denies everything. */
import { aclCreate } from '../../../app/network/network-acls.ts'
import { parseId } from '../../../domain/ids.ts'
import type { NetworkAcl } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { networkAclShape } from '../present/vpc.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateNetworkAcl', NetworkAcl>({
  change: (ctx, input) =>
    aclCreate(ctx, {
      vpcId: parseId('vpc', input.VpcId!),
      clientToken: input.ClientToken ?? null,
      tags: tagsOfSpecifications(input.TagSpecifications, 'network-acl'),
    }),
  answer: (acl, _ctx, input) => ({
    NetworkAcl: networkAclShape(acl),
    ClientToken: input.ClientToken,
  }),
})
