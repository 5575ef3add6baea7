/** DescribeSecurityGroups. */
import { groupsList } from '../../../app/network/groups.ts'
import { parseId } from '../../../domain/ids.ts'
import { protocolNumber } from '../../../domain/net/group-rules.ts'
import type { SecurityGroup, SecurityGroupRule } from '../../../domain/network.ts'
import type { FilterTable } from '../../filters.ts'
import { operation } from '../../operation.ts'
import { securityGroupShape } from '../present/security-group.ts'
import { tagsOf } from '../tags.ts'

/** Groups reference one another by id; a filter may ask for the name of the peer. */
type Named = SecurityGroup & { peerNames: ReadonlyMap<string, string> }

/** `ip-permission.<what>` looks at ingress, `egress.ip-permission.<what>` at egress. */
function ruleFilters(prefix: string, isEgress: boolean): FilterTable<Named> {
  const over = (read: (rule: SecurityGroupRule, group: Named) => string | number | null) => {
    return (group: Named) =>
      group.rules.filter((rule) => rule.isEgress === isEgress).map((rule) => read(rule, group))
  }
  const peer = (type: 'cidr' | 'cidr6') =>
    over((rule) => (rule.peer.type === type ? rule.peer.cidr : null))
  return {
    [`${prefix}.cidr`]: peer('cidr'),
    [`${prefix}.ipv6-cidr`]: peer('cidr6'),
    [`${prefix}.from-port`]: over((rule) => rule.fromPort),
    [`${prefix}.to-port`]: over((rule) => rule.toPort),
    [`${prefix}.protocol`]: (group) =>
      group.rules
        .filter((rule) => rule.isEgress === isEgress)
        .flatMap((rule) => [rule.protocol, protocolNumber(rule.protocol)]),
    [`${prefix}.group-id`]: over(({ peer }) => (peer.type === 'group' ? peer.groupId : null)),
    [`${prefix}.group-name`]: over(({ peer }, group) =>
      peer.type === 'group' ? (group.peerNames.get(peer.groupId) ?? null) : null,
    ),
    [`${prefix}.user-id`]: over(({ peer }) => (peer.type === 'group' ? peer.account : null)),
    [`${prefix}.prefix-list-id`]: over(({ peer }) =>
      peer.type === 'prefixList' ? peer.listId : null,
    ),
  }
}

export default operation<'ec2', 'DescribeSecurityGroups', Named>({
  filters: {
    description: (group) => group.description,
    'group-id': (group) => group.id,
    'group-name': (group) => group.name,
    'owner-id': (group) => group.account,
    'vpc-id': (group) => group.vpcId,
    ...ruleFilters('ip-permission', false),
    ...ruleFilters('egress.ip-permission', true),
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.GroupIds ?? []).map((id) => parseId('securityGroup', id))
    const groups = await groupsList(ctx, { ids, names: input.GroupNames ?? [] })
    const all = input.Filters?.some((filter) => filter.Name?.endsWith('.group-name'))
      ? await groupsList(ctx, { ids: [], names: [] })
      : []
    const peerNames = new Map(all.map((group) => [group.id as string, group.name]))
    const found = call.filter(groups.map((group) => ({ ...group, peerNames })))
    const page = call.page(found, { key: (group) => group.id })
    return { SecurityGroups: page.items.map(securityGroupShape), NextToken: page.nextToken }
  },
})
