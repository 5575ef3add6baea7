/**
 * UpdateSecurityGroupRuleDescriptionsIngress: by rule id, or by what a rule allows; an absent description clears
 * it.
 */
import type { UpdateSecurityGroupRuleDescriptionsIngressRequest } from '@aws-sdk/client-ec2'
import { ruleDescriptionsPlan, ruleDescriptionsUpdate } from '../../../app/network/group-rules.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { groupTarget, permissionsOf } from '../permissions.ts'

export default operation<'ec2', 'UpdateSecurityGroupRuleDescriptionsIngress'>({
  check: async (ctx, input) => void (await ruleDescriptionsPlan(ctx, requestOf(input))),
  handle: async (ctx, input) => {
    await ruleDescriptionsUpdate(ctx, requestOf(input))
    return { Return: true }
  },
})

function requestOf(input: Readonly<UpdateSecurityGroupRuleDescriptionsIngressRequest>) {
  return {
    group: groupTarget(input),
    isEgress: false,
    permissions: permissionsOf({ IpPermissions: input.IpPermissions }),
    byId: (input.SecurityGroupRuleDescriptions ?? []).map((rule) => ({
      id: parseId('securityGroupRule', rule.SecurityGroupRuleId ?? ''),
      description: rule.Description ?? null,
    })),
  }
}
