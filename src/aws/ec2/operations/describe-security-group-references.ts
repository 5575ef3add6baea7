/** DescribeSecurityGroupReferences: the VPCs on the other side of peerings whose rules name a group. */
import { groupReferences } from '../../../app/network/foreign-groups.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeSecurityGroupReferences'>({
  handle: async (ctx, input) => {
    const ids = (input.GroupId ?? []).map((id) => parseId('securityGroup', id))
    const found = await groupReferences(ctx, ids)
    return {
      SecurityGroupReferenceSet: found.map((each) => ({
        GroupId: each.groupId,
        ReferencingVpcId: each.vpcId,
        VpcPeeringConnectionId: each.peeringId,
      })),
    }
  },
})
