/** DescribeNetworkAcls. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { NetworkAcl } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { networkAclShape } from '../present/vpc.ts'
import { tagsOf } from '../tags.ts'

const NONE = (): [] => []

export default operation<'ec2', 'DescribeNetworkAcls', NetworkAcl>({
  filters: {
    'association.association-id': (acl) => acl.associations.map((each) => each.id),
    'association.network-acl-id': (acl) => acl.associations.map(() => acl.id),
    'association.subnet-id': (acl) => acl.associations.map((each) => each.subnetId),
    default: (acl) => acl.isDefault,
    'entry.cidr': (acl) => acl.entries.map((entry) => entry.cidrBlock),
    'entry.egress': (acl) => acl.entries.map((entry) => entry.isEgress),
    'entry.protocol': (acl) => acl.entries.map((entry) => entry.protocol),
    'entry.rule-action': (acl) => acl.entries.map((entry) => (entry.isAllow ? 'allow' : 'deny')),
    'entry.rule-number': (acl) => acl.entries.map((entry) => entry.ruleNumber),
    'network-acl-id': (acl) => acl.id,
    'owner-id': (acl) => acl.account,
    'vpc-id': (acl) => acl.vpcId,
    // The entries there are know no ports, no ICMP types and no IPv6.
    'entry.icmp.code': NONE,
    'entry.icmp.type': NONE,
    'entry.ipv6-cidr': NONE,
    'entry.port-range.from': NONE,
    'entry.port-range.to': NONE,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.NetworkAclIds ?? []).map((id) => parseId('networkAcl', id))
    const found = call.filter(await ownList(ctx, 'networkAcl', ids))
    const page = call.page(found, { key: (acl) => acl.id })
    return { NetworkAcls: page.items.map(networkAclShape), NextToken: page.nextToken }
  },
})
