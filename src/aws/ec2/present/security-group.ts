/** Security groups and their rules as EC2 shows them. */
import type {
  IpPermission,
  RevokedSecurityGroupRule,
  SecurityGroup as Ec2SecurityGroup,
  SecurityGroupRule as Ec2SecurityGroupRule,
} from '@aws-sdk/client-ec2'
import type { RuleSpec } from '../../../domain/net/group-rules.ts'
import type { SecurityGroup, SecurityGroupRule } from '../../../domain/network.ts'
import { ec2Arn } from '../arn.ts'
import { tagList } from '../tags.ts'

export function securityGroupShape(group: SecurityGroup): Ec2SecurityGroup {
  return {
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    OwnerId: group.account,
    VpcId: group.vpcId,
    SecurityGroupArn: ec2Arn(group, 'security-group'),
    IpPermissions: permissionShapes(group.rules.filter((rule) => !rule.isEgress)),
    IpPermissionsEgress: permissionShapes(group.rules.filter((rule) => rule.isEgress)),
    Tags: tagList(group.tags),
  }
}

/** Rules of the same protocol and ports share a permission. */
export function permissionShapes(rules: readonly RuleSpec[]): IpPermission[] {
  const byTraffic = new Map<string, RuleSpec[]>()
  for (const rule of rules) {
    const key = `${rule.protocol}|${rule.fromPort}|${rule.toPort}`
    const same = byTraffic.get(key)
    if (same) same.push(rule)
    else byTraffic.set(key, [rule])
  }
  return [...byTraffic.values()].map(permissionShape)
}

function permissionShape(rules: readonly RuleSpec[]): IpPermission {
  const [{ protocol, fromPort, toPort }] = rules as [RuleSpec]
  const permission: IpPermission = {
    IpProtocol: protocol,
    ...(fromPort !== null && { FromPort: fromPort }),
    ...(toPort !== null && { ToPort: toPort }),
    IpRanges: [],
    Ipv6Ranges: [],
    PrefixListIds: [],
    UserIdGroupPairs: [],
  }
  for (const { peer, description } of rules) {
    const said = description === null ? {} : { Description: description }
    if (peer.type === 'cidr') permission.IpRanges!.push({ CidrIp: peer.cidr, ...said })
    else if (peer.type === 'cidr6') permission.Ipv6Ranges!.push({ CidrIpv6: peer.cidr, ...said })
    else if (peer.type === 'prefixList') {
      permission.PrefixListIds!.push({ PrefixListId: peer.listId, ...said })
    } else {
      const { foreign } = peer
      const over = foreign && { VpcId: foreign.vpcId, VpcPeeringConnectionId: foreign.peeringId }
      const pair = { GroupId: peer.groupId, UserId: peer.account, ...over, ...said }
      permission.UserIdGroupPairs!.push(pair)
    }
  }
  return permission
}

export function securityGroupRuleShape(
  group: SecurityGroup,
  rule: SecurityGroupRule,
): Ec2SecurityGroupRule {
  const { id, peer, description } = rule
  return {
    SecurityGroupRuleId: id,
    SecurityGroupRuleArn: ec2Arn({ ...group, id }, 'security-group-rule'),
    GroupId: group.id,
    GroupOwnerId: group.account,
    IsEgress: rule.isEgress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort ?? -1,
    ToPort: rule.toPort ?? -1,
    ...(peer.type === 'cidr' && { CidrIpv4: peer.cidr }),
    ...(peer.type === 'cidr6' && { CidrIpv6: peer.cidr }),
    ...(peer.type === 'prefixList' && { PrefixListId: peer.listId }),
    ...(peer.type === 'group' && {
      ReferencedGroupInfo: {
        GroupId: peer.groupId,
        UserId: peer.account,
        VpcId: peer.foreign?.vpcId ?? group.vpcId,
        ...(peer.foreign && { VpcPeeringConnectionId: peer.foreign.peeringId }),
      },
    }),
    ...(description !== null && { Description: description }),
    Tags: tagList(rule.tags),
  }
}

export function revokedRuleShape(
  group: SecurityGroup,
  rule: SecurityGroupRule,
): RevokedSecurityGroupRule {
  const { peer, description } = rule
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: group.id,
    IsEgress: rule.isEgress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort ?? -1,
    ToPort: rule.toPort ?? -1,
    ...(peer.type === 'cidr' && { CidrIpv4: peer.cidr }),
    ...(peer.type === 'cidr6' && { CidrIpv6: peer.cidr }),
    ...(peer.type === 'prefixList' && { PrefixListId: peer.listId }),
    ...(peer.type === 'group' && { ReferencedGroupId: peer.groupId }),
    ...(description !== null && { Description: description }),
  }
}
