/**
 * What users, groups and roles may do: policies attached, policies of their own, boundaries. The same for all three
 * but for the quotas. Source: IAM user guide, "IAM and AWS STS quotas".
 */
import type { PermittedKind } from '../../domain/iam/entities.ts'
import type { Ctx } from '../context.ts'
import { documentChecked, sizeCheck, sizeOf, SIZES } from './documents.ts'
import { entityChange, entityGet } from './entities.ts'
import { noSuch, quotaExceeded, unmodifiable } from './faults.ts'
import { policyGet } from './managed-policies.ts'

const ATTACHED_MAX: Record<PermittedKind, number> = { iamUser: 10, iamGroup: 10, iamRole: 10 }
const NOUN = { iamUser: 'User', iamGroup: 'Group', iamRole: 'Role' } as const
const INLINE_SIZE = { iamUser: SIZES.user, iamGroup: SIZES.group, iamRole: SIZES.role } as const

/** Service-linked roles are their service's. */
function mustBeOwn(kind: PermittedKind, entity: { name: string }): void {
  const linked = kind === 'iamRole' && (entity as { linkedService?: string | null }).linkedService
  if (!linked) return
  throw unmodifiable(
    `Cannot perform the operation on the protected role '${entity.name}' - this role is only ` +
      `modifiable by AWS`,
  )
}

export async function policyAttach(ctx: Ctx, kind: PermittedKind, name: string, arn: string) {
  await entityChange(ctx, kind, name, async (entity, tx) => {
    mustBeOwn(kind, entity)
    await policyGet(ctx, arn, tx)
    if (entity.attachedPolicyArns.includes(arn)) return entity
    const limit = ATTACHED_MAX[kind]
    if (entity.attachedPolicyArns.length >= limit) {
      throw quotaExceeded(`PoliciesPer${NOUN[kind]}`, limit)
    }
    return { ...entity, attachedPolicyArns: [...entity.attachedPolicyArns, arn] }
  })
}

export async function policyDetach(ctx: Ctx, kind: PermittedKind, name: string, arn: string) {
  await entityChange(ctx, kind, name, (entity) => {
    mustBeOwn(kind, entity)
    if (!entity.attachedPolicyArns.includes(arn)) {
      throw noSuch(`Policy ${arn} was not found.`)
    }
    const attachedPolicyArns = entity.attachedPolicyArns.filter((one) => one !== arn)
    return { ...entity, attachedPolicyArns }
  })
}

export async function policyPut(
  ctx: Ctx,
  kind: PermittedKind,
  name: string,
  policy: { name: string; document: string },
) {
  documentChecked(policy.document, 'identity')
  await entityChange(ctx, kind, name, (entity) => {
    mustBeOwn(kind, entity)
    const inlinePolicies = { ...entity.inlinePolicies, [policy.name]: policy.document }
    const size = Object.values(inlinePolicies).reduce((sum, one) => sum + sizeOf(one), 0)
    sizeCheck(`InlinePolicySizePer${NOUN[kind]}`, size, INLINE_SIZE[kind])
    return { ...entity, inlinePolicies }
  })
}

export async function policyRemove(ctx: Ctx, kind: PermittedKind, name: string, policy: string) {
  await entityChange(ctx, kind, name, (entity) => {
    mustBeOwn(kind, entity)
    mustHaveInline(kind, entity, policy)
    const { [policy]: _removed, ...inlinePolicies } = entity.inlinePolicies
    return { ...entity, inlinePolicies }
  })
}

export async function inlineGet(ctx: Ctx, kind: PermittedKind, name: string, policy: string) {
  const entity = await entityGet(ctx, kind, name)
  return { entity, document: mustHaveInline(kind, entity, policy) }
}

function mustHaveInline(
  kind: PermittedKind,
  entity: { inlinePolicies: Readonly<Record<string, string>> },
  policy: string,
): string {
  if (!Object.hasOwn(entity.inlinePolicies, policy)) {
    const noun = NOUN[kind].toLowerCase()
    throw noSuch(`The ${noun} policy with name ${policy} cannot be found.`)
  }
  return entity.inlinePolicies[policy]!
}

export async function boundaryPut(
  ctx: Ctx,
  kind: 'iamUser' | 'iamRole',
  name: string,
  arn: string | null,
) {
  await entityChange(ctx, kind, name, async (entity, tx) => {
    mustBeOwn(kind, entity)
    if (arn !== null) await policyGet(ctx, arn, tx)
    else if (entity.boundaryArn === null) {
      throw noSuch(`${NOUN[kind]} ${name} does not have a permissions boundary.`)
    }
    return { ...entity, boundaryArn: arn }
  })
}

/** For answers: the policies that are attached. */
export async function attachedPolicies(ctx: Ctx, kind: PermittedKind, name: string, path?: string) {
  const entity = await entityGet(ctx, kind, name)
  const policies = await Promise.all(entity.attachedPolicyArns.map((arn) => policyGet(ctx, arn)))
  return policies.filter((policy) => policy.path.startsWith(path ?? '/'))
}
