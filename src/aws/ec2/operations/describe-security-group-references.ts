/**
 * DescribeSecurityGroupReferences: "the VPCs on the other side of a VPC peering or transit gateway connection that
 * are referencing the security groups". There are no such connections, so no references; the groups must exist.
 */
import { groupsList } from '../../../app/network/groups.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeSecurityGroupReferences'>({
  handle: async (ctx, input) => {
    const ids = (input.GroupId ?? []).map((id) => parseId('securityGroup', id))
    await groupsList(ctx, { ids, names: [] })
    return { SecurityGroupReferenceSet: [] }
  },
})
