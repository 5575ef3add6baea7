/** DescribeStaleSecurityGroups: groups with rules that name a deleted group, or one of a VPC not peered any more. */
import type { StaleIpPermission } from '@aws-sdk/client-ec2'
import { staleGroups } from '../../../app/network/foreign-groups.ts'
import { parseId } from '../../../domain/ids.ts'
import type { SecurityGroupRule } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { permissionShapes } from '../present/security-group.ts'

export default operation<'ec2', 'DescribeStaleSecurityGroups'>({
  handle: async (ctx, input, call) => {
    const found = await staleGroups(ctx, parseId('vpc', input.VpcId!))
    const page = call.page(found, { key: ({ group }) => group.id })
    return {
      StaleSecurityGroupSet: page.items.map(({ group, rules }) => ({
        GroupId: group.id,
        GroupName: group.name,
        Description: group.description,
        VpcId: group.vpcId,
        StaleIpPermissions: staleShapes(rules.filter((rule) => !rule.isEgress)),
        StaleIpPermissionsEgress: staleShapes(rules.filter((rule) => rule.isEgress)),
      })),
      NextToken: page.nextToken,
    }
  },
})

function staleShapes(rules: readonly SecurityGroupRule[]): StaleIpPermission[] {
  return permissionShapes(rules).map((permission) => ({
    IpProtocol: permission.IpProtocol,
    FromPort: permission.FromPort,
    ToPort: permission.ToPort,
    IpRanges: [],
    PrefixListIds: [],
    UserIdGroupPairs: permission.UserIdGroupPairs,
  }))
}
