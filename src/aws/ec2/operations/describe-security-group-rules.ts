/** DescribeSecurityGroupRules: the rules of all groups, one by one. */
import { groupsList } from '../../../app/network/groups.ts'
import { notFound } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { SecurityGroup, SecurityGroupRule } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { securityGroupRuleShape } from '../present/security-group.ts'

interface RuleOfGroup {
  group: SecurityGroup
  rule: SecurityGroupRule
}

export default operation<'ec2', 'DescribeSecurityGroupRules', RuleOfGroup>({
  filters: {
    'group-id': ({ group }) => group.id,
    'security-group-rule-id': ({ rule }) => rule.id,
  },
  tagsOf: ({ rule }) => rule.tags,
  handle: async (ctx, input, call) => {
    const ids = (input.SecurityGroupRuleIds ?? []).map((id) => parseId('securityGroupRule', id))
    const groups = await groupsList(ctx, { ids: [], names: [] })
    const all = groups.flatMap((group) => group.rules.map((rule) => ({ group, rule })))
    const asked = new Set(ids)
    const chosen = ids.length === 0 ? all : all.filter(({ rule }) => asked.has(rule.id))
    const known = new Set(chosen.map(({ rule }) => rule.id))
    const missing = ids.filter((id) => !known.has(id))
    if (missing.length > 0) throw notFound('securityGroupRule', ...missing)
    const page = call.page(call.filter(chosen), { key: ({ rule }) => rule.id })
    return {
      SecurityGroupRules: page.items.map(({ group, rule }) => securityGroupRuleShape(group, rule)),
      NextToken: page.nextToken,
    }
  },
})
