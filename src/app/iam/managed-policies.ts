/**
 * Managed policies: the account's own with up to five versions, and AWS's. Which entities use them is read from the
 * entities themselves. Source: IAM API reference (CreatePolicy, CreatePolicyVersion, DeletePolicy).
 */
import type { IamPolicy, PermittedKind } from '../../domain/iam/entities.ts'
import { iamArn } from '../../domain/iam/entities.ts'
import { newIamId } from '../../domain/iam/ids.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { AWS_POLICY_PREFIX, awsManagedPolicies } from './aws-managed.ts'
import { documentChecked, sizeCheck, sizeOf, SIZES } from './documents.ts'
import { entityChange, entityInsert, entityRemove, newEntity, wholeSecond } from './entities.ts'
import { deleteConflict, invalidInput, limitExceeded, noSuch } from './faults.ts'

const VERSIONS_MAX = 5

/** A managed policy, whoever manages it. */
export interface ManagedPolicy {
  arn: string
  id: string
  name: string
  path: string
  description: string | null
  defaultVersionId: string
  versions: readonly { id: string; document: string; createdAt: number }[]
  createdAt: number
  updatedAt: number
  tags: Tags
  isAws: boolean
}

export async function policyFind(
  account: string,
  reader: StoreReader,
  arn: string,
): Promise<ManagedPolicy | undefined> {
  if (arn.startsWith(AWS_POLICY_PREFIX)) {
    const aws = awsManagedPolicies().get(arn)
    return aws && ofAws(aws)
  }
  const [own] = await reader.list('iamPolicy', { account, reference: { name: 'arn', value: arn } })
  return own && { ...own, isAws: false }
}

function ofAws(
  aws: NonNullable<ReturnType<ReturnType<typeof awsManagedPolicies>['get']>>,
): ManagedPolicy {
  return {
    ...aws,
    description: null,
    defaultVersionId: aws.versionId,
    versions: [{ id: aws.versionId, document: aws.document, createdAt: aws.updatedAt }],
    tags: {},
    isAws: true,
  }
}

/** @throws NoSuchEntity */
export async function policyGet(ctx: Ctx, arn: string, reader: StoreReader = ctx.app.store) {
  const found = await policyFind(ctx.account, reader, arn)
  if (!found) throw noSuch(`Policy ${arn} was not found.`)
  return found
}

export function documentOf(policy: ManagedPolicy): string {
  return policy.versions.find(({ id }) => id === policy.defaultVersionId)!.document
}

export async function policiesList(ctx: Ctx, scope: string | undefined): Promise<ManagedPolicy[]> {
  const own = scope === 'AWS' ? [] : await ctx.app.store.list('iamPolicy', { account: ctx.account })
  const aws = scope === 'Local' ? [] : [...awsManagedPolicies().values()]
  return [...own.map((policy) => ({ ...policy, isAws: false })), ...aws.map(ofAws)]
}

const PERMITTED: readonly PermittedKind[] = ['iamUser', 'iamGroup', 'iamRole']

/** How often each policy is attached, and used as a boundary, in the account. */
export async function policyUses(ctx: Ctx) {
  const attached = new Map<string, number>()
  const boundaries = new Map<string, number>()
  const count = (counts: Map<string, number>, arn: string): void =>
    void counts.set(arn, (counts.get(arn) ?? 0) + 1)
  for (const kind of PERMITTED) {
    for (const entity of await ctx.app.store.list(kind, { account: ctx.account })) {
      for (const arn of entity.attachedPolicyArns) count(attached, arn)
      if ('boundaryArn' in entity && entity.boundaryArn !== null)
        count(boundaries, entity.boundaryArn)
    }
  }
  return { attached, boundaries }
}

export async function policyEntities(ctx: Ctx, reader: StoreReader, arn: string, name = 'policy') {
  const query = { account: ctx.account, reference: { name, value: arn } }
  const [users, groups, roles] = await Promise.all([
    reader.list('iamUser', query),
    reader.list('iamGroup', query),
    reader.list('iamRole', query),
  ])
  return { users, groups, roles }
}

export async function policyCreate(
  ctx: Ctx,
  request: { name: string; path?: string; description?: string; document: string; tags: Tags },
): Promise<IamPolicy> {
  documentChecked(request.document, 'identity')
  sizeCheck('PolicySize', sizeOf(request.document), SIZES.managed)
  const base = newEntity(
    ctx,
    newIamId('policy', ctx.app.random),
    request.name,
    request.path,
    request.tags,
  )
  return entityInsert(ctx, 'iamPolicy', {
    ...base,
    arn: iamArn('iamPolicy', base),
    description: request.description ?? null,
    versions: [{ id: 'v1', document: request.document, createdAt: base.createdAt }],
    defaultVersionId: 'v1',
    nextVersion: 2,
    updatedAt: base.createdAt,
  })
}

/** The name of a policy of the account's own. @throws NoSuchEntity, or AccessDenied for AWS's. */
export async function ownPolicyName(ctx: Ctx, arn: string): Promise<string> {
  const policy = await policyGet(ctx, arn)
  if (policy.isAws) throw invalidInput('Policies managed by AWS cannot be changed.')
  return policy.name
}

export async function policyDelete(ctx: Ctx, arn: string): Promise<void> {
  const name = await ownPolicyName(ctx, arn)
  await entityRemove(ctx, 'iamPolicy', name, async (policy, tx) => {
    for (const reference of ['policy', 'boundary']) {
      const { users, groups, roles } = await policyEntities(ctx, tx, arn, reference)
      if (users.length + groups.length + roles.length > 0) {
        throw deleteConflict('Cannot delete a policy attached to entities.')
      }
    }
    if (policy.versions.length > 1) {
      throw deleteConflict(
        'This policy has more than one version. Before you delete a policy, you must delete the ' +
          "policy's versions. The default version is deleted with the policy.",
      )
    }
  })
}

export async function versionCreate(ctx: Ctx, arn: string, document: string, isDefault: boolean) {
  const name = await ownPolicyName(ctx, arn)
  documentChecked(document, 'identity')
  sizeCheck('PolicySize', sizeOf(document), SIZES.managed)
  const policy = await entityChange(ctx, 'iamPolicy', name, (before) => {
    if (before.versions.length >= VERSIONS_MAX) {
      throw limitExceeded(
        `A managed policy can have up to ${VERSIONS_MAX} versions. Before you create a new version, ` +
          'you must delete an existing version.',
      )
    }
    const now = wholeSecond(ctx.app.clock.now())
    const id = `v${before.nextVersion}`
    return {
      ...before,
      versions: [...before.versions, { id, document, createdAt: now }],
      nextVersion: before.nextVersion + 1,
      defaultVersionId: isDefault ? id : before.defaultVersionId,
      updatedAt: now,
    }
  })
  return { policy, version: policy.versions.at(-1)! }
}

export async function versionDelete(ctx: Ctx, arn: string, versionId: string): Promise<void> {
  await entityChange(ctx, 'iamPolicy', await ownPolicyName(ctx, arn), (policy) => {
    mustHaveVersion(policy, versionId)
    if (policy.defaultVersionId === versionId) {
      throw deleteConflict('Cannot delete the default version of a policy.')
    }
    return { ...policy, versions: policy.versions.filter(({ id }) => id !== versionId) }
  })
}

export async function versionSetDefault(ctx: Ctx, arn: string, versionId: string): Promise<void> {
  await entityChange(ctx, 'iamPolicy', await ownPolicyName(ctx, arn), (policy) => {
    mustHaveVersion(policy, versionId)
    const updatedAt = wholeSecond(ctx.app.clock.now())
    return { ...policy, defaultVersionId: versionId, updatedAt }
  })
}

export function mustHaveVersion(
  policy: { arn: string; versions: readonly { id: string; document: string; createdAt: number }[] },
  versionId: string,
) {
  const version = policy.versions.find(({ id }) => id === versionId)
  if (!version)
    throw noSuch(`Policy ${policy.arn} version ${versionId} does not exist or is not attachable.`)
  return version
}
