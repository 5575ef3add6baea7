/** GetSecurityGroupsForVpc: the groups that interfaces of a VPC can have. */
import { inVpc, ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { SecurityGroup } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { tagList, tagsOf } from '../tags.ts'

export default operation<'ec2', 'GetSecurityGroupsForVpc', SecurityGroup>({
  filters: {
    description: (group) => group.description,
    'group-id': (group) => group.id,
    'group-name': (group) => group.name,
    'owner-id': (group) => group.account,
    'primary-vpc-id': (group) => group.vpcId,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const vpc = await ownGet(ctx, ctx.app.store, 'vpc', parseId('vpc', input.VpcId!))
    const groups = call.filter(await inVpc(ctx, ctx.app.store, 'securityGroup', vpc.id))
    const page = call.page(groups, { key: (group) => group.id })
    return {
      SecurityGroupForVpcs: page.items.map((group) => ({
        GroupId: group.id,
        GroupName: group.name,
        Description: group.description,
        OwnerId: group.account,
        PrimaryVpcId: group.vpcId,
        Tags: tagList(group.tags),
      })),
      NextToken: page.nextToken,
    }
  },
})
