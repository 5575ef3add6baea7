/** Entries of network ACLs in requests. */
import type { CreateNetworkAclEntryRequest } from '@aws-sdk/client-ec2'
import type { AclEntryRequest } from '../../app/network/network-acls.ts'
import { parseId } from '../../domain/ids.ts'

export function aclEntryRequestOf(input: Readonly<CreateNetworkAclEntryRequest>): AclEntryRequest {
  const { PortRange: ports, IcmpTypeCode: icmp } = input
  return {
    aclId: parseId('networkAcl', input.NetworkAclId!),
    ruleNumber: input.RuleNumber!,
    isEgress: input.Egress!,
    isAllow: input.RuleAction === 'allow',
    protocol: input.Protocol!,
    cidrBlock: input.CidrBlock ?? null,
    cidrBlock6: input.Ipv6CidrBlock ?? null,
    ports: ports ? { from: ports.From, to: ports.To } : null,
    icmp: icmp ? { type: icmp.Type, code: icmp.Code } : null,
  }
}
