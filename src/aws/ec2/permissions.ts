/** Security group permissions from the parameters of requests: `IpPermissions` and the older flat ones. */
import type { IpPermission, SecurityGroupRuleRequest } from '@aws-sdk/client-ec2'
import type { PeerRequest, PermissionRequest } from '../../app/network/group-rules.ts'
import type { GroupTarget } from '../../app/network/groups.ts'
import { FaultError } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'

export interface PermissionsInput {
  IpPermissions?: readonly IpPermission[] | undefined
  IpProtocol?: string | undefined
  FromPort?: number | undefined
  ToPort?: number | undefined
  CidrIp?: string | undefined
  SourceSecurityGroupName?: string | undefined
  SourceSecurityGroupOwnerId?: string | undefined
}

export function groupTarget(input: {
  GroupId?: string | undefined
  GroupName?: string | undefined
}): GroupTarget {
  return {
    id: input.GroupId ? parseId('securityGroup', input.GroupId) : null,
    name: input.GroupName ?? null,
  }
}

export function permissionsOf(input: PermissionsInput): PermissionRequest[] {
  const flat = flatPermissions(input)
  const nested = (input.IpPermissions ?? []).map(permissionOf)
  if (flat.length > 0 && nested.length > 0) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['IpPermissions', 'IpProtocol'],
      reason: 'The parameter ipPermissions cannot be used with the flat permission parameters',
    })
  }
  return [...nested, ...flat]
}

function permissionOf(permission: IpPermission): PermissionRequest {
  return {
    protocol: permission.IpProtocol,
    fromPort: permission.FromPort,
    toPort: permission.ToPort,
    peers: [
      ...(permission.IpRanges ?? []).map((range) =>
        blockPeer('cidr', range.CidrIp, range.Description),
      ),
      ...(permission.Ipv6Ranges ?? []).map((range) =>
        blockPeer('cidr6', range.CidrIpv6, range.Description),
      ),
      ...(permission.PrefixListIds ?? []).map((list) =>
        blockPeer('prefixList', list.PrefixListId, list.Description),
      ),
      ...(permission.UserIdGroupPairs ?? []).map((pair): PeerRequest => {
        return {
          type: 'group',
          id: pair.GroupId ? parseId('securityGroup', pair.GroupId) : null,
          name: pair.GroupName ?? null,
          account: pair.UserId || null,
          description: pair.Description ?? null,
        }
      }),
    ],
  }
}

function blockPeer(
  type: 'cidr' | 'cidr6' | 'prefixList',
  value: string | undefined,
  description: string | undefined,
): PeerRequest {
  if (value === undefined) {
    throw new FaultError({ type: 'RuleMalformed', reason: 'A range needs its CIDR block' })
  }
  return { type, value, description: description ?? null }
}

/** The parameters of the first years: one range, or all traffic from a group. */
function flatPermissions(input: PermissionsInput): PermissionRequest[] {
  const { SourceSecurityGroupName: name, CidrIp: cidr, IpProtocol: protocol } = input
  if (name !== undefined) {
    if (cidr !== undefined || protocol !== undefined) {
      throw new FaultError({
        type: 'InvalidCombination',
        parameters: ['SourceSecurityGroupName', 'IpProtocol', 'CidrIp'],
        reason:
          'A source group cannot be given with a protocol, ports or a CIDR block; use IpPermissions',
      })
    }
    const account = input.SourceSecurityGroupOwnerId ?? null
    const peers: PeerRequest[] = [{ type: 'group', id: null, name, account, description: null }]
    // "Creates rules that grant full ICMP, UDP, and TCP access."
    return [
      { protocol: 'tcp', fromPort: 0, toPort: 65_535, peers },
      { protocol: 'udp', fromPort: 0, toPort: 65_535, peers },
      { protocol: 'icmp', fromPort: -1, toPort: -1, peers },
    ]
  }
  if (cidr === undefined && protocol === undefined) return []
  const peers: PeerRequest[] =
    cidr === undefined ? [] : [{ type: 'cidr', value: cidr, description: null }]
  return [{ protocol, fromPort: input.FromPort, toPort: input.ToPort, peers }]
}

/** The one peer of a rule in ModifySecurityGroupRules; null when there is not exactly one. */
export function rulePeerOf(rule: SecurityGroupRuleRequest): PeerRequest | null {
  const description = null
  const peers: PeerRequest[] = []
  if (rule.CidrIpv4) peers.push({ type: 'cidr', value: rule.CidrIpv4, description })
  if (rule.CidrIpv6) peers.push({ type: 'cidr6', value: rule.CidrIpv6, description })
  if (rule.PrefixListId) peers.push({ type: 'prefixList', value: rule.PrefixListId, description })
  if (rule.ReferencedGroupId) {
    const id = parseId('securityGroup', rule.ReferencedGroupId)
    peers.push({ type: 'group', id, name: null, account: null, description })
  }
  return peers.length === 1 ? peers[0]! : null
}
