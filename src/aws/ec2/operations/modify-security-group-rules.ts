/** ModifySecurityGroupRules: each rule becomes what the request says, whole. */
import type { ModifySecurityGroupRulesRequest } from '@aws-sdk/client-ec2'
import { rulesModify, rulesModifyPlan, type RuleChange } from '../../../app/network/group-rules.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { groupTarget, rulePeerOf } from '../permissions.ts'

export default operation<'ec2', 'ModifySecurityGroupRules'>({
  check: async (ctx, input) =>
    void (await rulesModifyPlan(ctx, groupTarget(input), changesOf(input))),
  handle: async (ctx, input) => {
    await rulesModify(ctx, groupTarget(input), changesOf(input))
    return { Return: true }
  },
})

function changesOf(input: Readonly<ModifySecurityGroupRulesRequest>): RuleChange[] {
  return (input.SecurityGroupRules ?? []).map((update) => {
    const rule = update.SecurityGroupRule ?? {}
    return {
      id: parseId('securityGroupRule', update.SecurityGroupRuleId ?? ''),
      protocol: rule.IpProtocol,
      fromPort: rule.FromPort,
      toPort: rule.ToPort,
      peer: rulePeerOf(rule),
      description: rule.Description ?? null,
    }
  })
}
