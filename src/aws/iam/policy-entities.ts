/** Who uses a policy, in one list for paging: groups, roles and users. */
import type { Ctx } from '../../app/context.ts'
import { policyEntities, policyGet } from '../../app/iam/managed-policies.ts'

export interface PolicyEntity {
  type: 'Group' | 'Role' | 'User'
  name: string
  id: string
}

export async function entitiesOfPolicy(
  ctx: Ctx,
  input: {
    PolicyArn: string | undefined
    EntityFilter?: string | undefined
    PathPrefix?: string | undefined
    PolicyUsageFilter?: string | undefined
  },
): Promise<PolicyEntity[]> {
  const arn = input.PolicyArn!
  await policyGet(ctx, arn)
  const reference = input.PolicyUsageFilter === 'PermissionsBoundary' ? 'boundary' : 'policy'
  const { users, groups, roles } = await policyEntities(ctx, ctx.app.store, arn, reference)
  const entities = [
    ...groups.map((one) => ({ ...one, type: 'Group' as const })),
    ...roles.map((one) => ({ ...one, type: 'Role' as const })),
    ...users.map((one) => ({ ...one, type: 'User' as const })),
  ]
  const { EntityFilter: filter, PathPrefix: prefix = '/' } = input
  return entities.filter(
    ({ type, path }) => path.startsWith(prefix) && (filter === undefined || filter === type),
  )
}
