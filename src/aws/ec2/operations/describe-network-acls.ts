/** DescribeNetworkAcls. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { NetworkAcl } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { networkAclShape } from '../present/vpc.ts'
import { tagsOf } from '../tags.ts'

function blocksOf({ entries }: NetworkAcl, isIpv6: boolean): string[] {
  return entries.map((entry) => entry.cidrBlock).filter((block) => block.includes(':') === isIpv6)
}

export default operation<'ec2', 'DescribeNetworkAcls', NetworkAcl>({
  filters: {
    'association.association-id': (acl) => acl.associations.map((each) => each.id),
    'association.network-acl-id': (acl) => acl.associations.map(() => acl.id),
    'association.subnet-id': (acl) => acl.associations.map((each) => each.subnetId),
    default: (acl) => acl.isDefault,
    'entry.cidr': (acl) => blocksOf(acl, false),
    'entry.ipv6-cidr': (acl) => blocksOf(acl, true),
    'entry.egress': (acl) => acl.entries.map((entry) => entry.isEgress),
    'entry.protocol': (acl) => acl.entries.map((entry) => entry.protocol),
    'entry.rule-action': (acl) => acl.entries.map((entry) => (entry.isAllow ? 'allow' : 'deny')),
    'entry.rule-number': (acl) => acl.entries.map((entry) => entry.ruleNumber),
    'network-acl-id': (acl) => acl.id,
    'owner-id': (acl) => acl.account,
    'vpc-id': (acl) => acl.vpcId,
    'entry.icmp.code': (acl) => acl.entries.map((entry) => entry.icmp?.code),
    'entry.icmp.type': (acl) => acl.entries.map((entry) => entry.icmp?.type),
    'entry.port-range.from': (acl) => acl.entries.map((entry) => entry.ports?.from),
    'entry.port-range.to': (acl) => acl.entries.map((entry) => entry.ports?.to),
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.NetworkAclIds ?? []).map((id) => parseId('networkAcl', id))
    const found = call.filter(await ownList(ctx, 'networkAcl', ids))
    const page = call.page(found, { key: (acl) => acl.id })
    return { NetworkAcls: page.items.map(networkAclShape), NextToken: page.nextToken }
  },
})
