/** RevokeSecurityGroupEgress: removes rules by id or by what they allow. */
import type { RevokeSecurityGroupEgressRequest } from '@aws-sdk/client-ec2'
import { rulesRevoke, rulesRevokePlan } from '../../../app/network/group-rules.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { groupTarget, permissionsOf } from '../permissions.ts'
import { permissionShapes, revokedRuleShape } from '../present/security-group.ts'

export default operation<'ec2', 'RevokeSecurityGroupEgress'>({
  check: async (ctx, input) => void (await rulesRevokePlan(ctx, requestOf(input))),
  handle: async (ctx, input) => {
    const { group, removed, unknown } = await rulesRevoke(ctx, requestOf(input))
    return {
      Return: true,
      RevokedSecurityGroupRules: removed.map((rule) => revokedRuleShape(group, rule)),
      UnknownIpPermissions: permissionShapes(unknown),
    }
  },
})

function requestOf(input: Readonly<RevokeSecurityGroupEgressRequest>) {
  const ids = input.SecurityGroupRuleIds ?? []
  return {
    group: groupTarget(input),
    isEgress: true,
    permissions: permissionsOf(input),
    ruleIds: ids.map((id) => parseId('securityGroupRule', id)),
  }
}
