/** ListPoliciesGrantingServiceAccess: by service, the policies of somebody that allow anything of it. */
import type { PolicyGrantingServiceAccess } from '@aws-sdk/client-iam'
import type { Ctx } from '../../../app/context.ts'
import { documentCompiled } from '../../../app/iam/documents.ts'
import { documentOf, policyFind } from '../../../app/iam/managed-policies.ts'
import { entityByArn, grantsService } from '../../../app/iam/service-use.ts'
import { groupsOf } from '../../../app/iam/users.ts'
import type { IamGroup, IamRole, IamUser } from '../../../domain/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'ListPoliciesGrantingServiceAccess'>({
  handle: async (ctx, input) => {
    const { entity, type } = await entityByArn(ctx, input.Arn!)
    const groups = type === 'user' ? await groupsOf(ctx, entity as IamUser) : []
    const entries = await Promise.all(
      input.ServiceNamespaces!.map(async (namespace) => {
        const own = await granting(ctx, entity, type, namespace)
        const ofGroups = groups.map((group) => granting(ctx, group, 'group', namespace))
        const Policies = [...own, ...(await Promise.all(ofGroups)).flat()]
        return { ServiceNamespace: namespace, Policies }
      }),
    )
    return { PoliciesGrantingServiceAccess: entries, IsTruncated: false }
  },
})

async function granting(
  ctx: Ctx,
  entity: IamUser | IamGroup | IamRole,
  type: 'user' | 'group' | 'role',
  namespace: string,
): Promise<PolicyGrantingServiceAccess[]> {
  const isGranting = (document: string) =>
    grantsService(documentCompiled(document, 'identity'), namespace)
  const inline = Object.entries(entity.inlinePolicies)
    .filter(([, document]) => isGranting(document))
    .map(([PolicyName]) => ({
      PolicyName,
      PolicyType: 'INLINE' as const,
      EntityType: type.toUpperCase() as 'USER',
      EntityName: entity.name,
    }))
  const arns = entity.attachedPolicyArns
  const found = await Promise.all(arns.map((arn) => policyFind(ctx.account, ctx.app.store, arn)))
  const managed = found
    .filter((policy) => policy !== undefined)
    .filter((policy) => isGranting(documentOf(policy)))
    .map(({ name, arn }) => ({ PolicyName: name, PolicyType: 'MANAGED' as const, PolicyArn: arn }))
  return [...inline, ...managed]
}
