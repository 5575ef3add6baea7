/** AuthorizeSecurityGroupEgress: adds rules, in force when the hosts have them (some milliseconds later). */
import type { AuthorizeSecurityGroupEgressRequest } from '@aws-sdk/client-ec2'
import { rulesAuthorize, rulesAuthorizePlan } from '../../../app/network/group-rules.ts'
import { operation } from '../../operation.ts'
import { groupTarget, permissionsOf } from '../permissions.ts'
import { securityGroupRuleShape } from '../present/security-group.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'AuthorizeSecurityGroupEgress'>({
  check: async (ctx, input) => void (await rulesAuthorizePlan(ctx, requestOf(input))),
  handle: async (ctx, input) => {
    const { group, added } = await rulesAuthorize(ctx, requestOf(input))
    return {
      Return: true,
      SecurityGroupRules: added.map((rule) => securityGroupRuleShape(group, rule)),
    }
  },
})

function requestOf(input: Readonly<AuthorizeSecurityGroupEgressRequest>) {
  return {
    group: groupTarget(input),
    isEgress: true,
    permissions: permissionsOf(input),
    tags: tagsOfSpecifications(input.TagSpecifications, 'security-group-rule'),
  }
}
