/** Users, groups, and who is in which. Source: IAM API reference (CreateUser, DeleteUser, UpdateGroup, …). */
import { FaultError } from '../../domain/faults.ts'
import type { IamGroup, IamUser } from '../../domain/iam/entities.ts'
import { newIamId } from '../../domain/iam/ids.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Ctx } from '../context.ts'
import { entityChange, entityGet, entityInsert, entityRemove, newEntity } from './entities.ts'
import { deleteConflict, quotaExceeded } from './faults.ts'
import { policyGet } from './managed-policies.ts'

const GROUPS_PER_USER_MAX = 10

export async function userCreate(
  ctx: Ctx,
  request: { name: string; path?: string; tags: Tags; boundaryArn?: string },
): Promise<IamUser> {
  if (request.boundaryArn) await policyGet(ctx, request.boundaryArn)
  const id = newIamId('user', ctx.app.random)
  return entityInsert(ctx, 'iamUser', {
    ...newEntity(ctx, id, request.name, request.path, request.tags),
    attachedPolicyArns: [],
    inlinePolicies: {},
    groupIds: [],
    boundaryArn: request.boundaryArn ?? null,
    login: null,
    mfaSerials: [],
    passwordLastUsedAt: null,
  })
}

/**
 * Who a request without a user's name means: the user that calls. A session's name is anybody's choice and names no
 * user. @throws ValidationError for whoever is no user
 */
export async function userOrSelf(ctx: Ctx, name: string | undefined): Promise<IamUser> {
  if (name !== undefined) return entityGet(ctx, 'iamUser', name)
  const { type, entityId = '' } = ctx.principal
  const self = type === 'user' ? await ctx.app.store.get('iamUser', entityId) : undefined
  if (self) return self
  const message = 'Must specify userName when calling with non-User credentials'
  throw new FaultError({ type: 'Service', code: 'ValidationError', message })
}

export async function userRemove(ctx: Ctx, name: string): Promise<void> {
  await entityRemove(ctx, 'iamUser', name, async (user, tx) => {
    if (user.login) throw deleteConflict('Cannot delete entity, must delete login profile first.')
    const keys = await tx.count('iamAccessKey', {
      account: ctx.account,
      reference: { name: 'user', value: user.id },
    })
    if (keys > 0) throw deleteConflict('Cannot delete entity, must delete access keys first.')
    const uploaded = await tx.list('iamUserKey', {
      account: ctx.account,
      reference: { name: 'user', value: user.id },
    })
    if (uploaded.some(({ type }) => type === 'signing')) {
      throw deleteConflict('Cannot delete entity, must delete signing certificate first.')
    }
    if (uploaded.length > 0) {
      throw deleteConflict('Cannot delete entity, must delete SSH public keys first.')
    }
    if (user.mfaSerials.length > 0) {
      throw deleteConflict('Cannot delete entity, must delete MFA device first.')
    }
    if (user.groupIds.length > 0) {
      throw deleteConflict('Cannot delete entity, must remove users from group first.')
    }
    mustBeWithoutPolicies(user)
  })
}

export function mustBeWithoutPolicies(entity: {
  inlinePolicies: object
  attachedPolicyArns: readonly string[]
}): void {
  if (Object.keys(entity.inlinePolicies).length > 0) {
    throw deleteConflict('Cannot delete entity, must delete policies first.')
  }
  if (entity.attachedPolicyArns.length > 0) {
    throw deleteConflict('Cannot delete entity, must detach all policies first.')
  }
}

/** Another name, another path: the same user, with the same id and keys. */
export async function userRename(ctx: Ctx, name: string, newName?: string, newPath?: string) {
  await entityChange(ctx, 'iamUser', name, async (user, tx) => {
    const renamed = { ...user, name: newName ?? user.name, path: newPath ?? user.path }
    const keys = { account: ctx.account, reference: { name: 'user', value: user.id } }
    for (const key of await tx.list('iamAccessKey', keys)) {
      await tx.update('iamAccessKey', { ...key, userName: renamed.name })
    }
    return renamed
  })
}

export async function groupCreate(ctx: Ctx, name: string, path?: string): Promise<IamGroup> {
  const id = newIamId('group', ctx.app.random)
  return entityInsert(ctx, 'iamGroup', {
    ...newEntity(ctx, id, name, path, {}),
    attachedPolicyArns: [],
    inlinePolicies: {},
  })
}

export async function groupRename(ctx: Ctx, name: string, newName?: string, newPath?: string) {
  await entityChange(ctx, 'iamGroup', name, (group) => {
    return { ...group, name: newName ?? group.name, path: newPath ?? group.path }
  })
}

export async function groupRemove(ctx: Ctx, name: string): Promise<void> {
  await entityRemove(ctx, 'iamGroup', name, async (group, tx) => {
    const members = { account: ctx.account, reference: { name: 'group', value: group.id } }
    if ((await tx.count('iamUser', members)) > 0) {
      throw deleteConflict('Cannot delete entity, must remove users from group first.')
    }
    mustBeWithoutPolicies(group)
  })
}

export async function groupMembers(ctx: Ctx, name: string) {
  const group = await entityGet(ctx, 'iamGroup', name)
  const reference = { name: 'group', value: group.id }
  return { group, users: await ctx.app.store.list('iamUser', { account: ctx.account, reference }) }
}

export async function groupsOf(ctx: Ctx, user: IamUser): Promise<IamGroup[]> {
  return ctx.app.store.list('iamGroup', { account: ctx.account, ids: user.groupIds })
}

export async function membershipAdd(ctx: Ctx, groupName: string, userName: string): Promise<void> {
  await entityChange(ctx, 'iamUser', userName, async (user, tx) => {
    const group = await entityGet(ctx, 'iamGroup', groupName, tx)
    if (user.groupIds.includes(group.id)) return user
    if (user.groupIds.length >= GROUPS_PER_USER_MAX) {
      throw quotaExceeded('GroupsPerUser', GROUPS_PER_USER_MAX)
    }
    return { ...user, groupIds: [...user.groupIds, group.id] }
  })
}

export async function membershipRemove(ctx: Ctx, groupName: string, userName: string) {
  await entityChange(ctx, 'iamUser', userName, async (user, tx) => {
    const group = await entityGet(ctx, 'iamGroup', groupName, tx)
    return { ...user, groupIds: user.groupIds.filter((id) => id !== group.id) }
  })
}
