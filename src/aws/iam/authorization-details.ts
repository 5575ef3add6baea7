/** Everything that says who may do what in an account, for GetAccountAuthorizationDetails: one list, in pages. */
import type {
  EntityType,
  GroupDetail,
  ManagedPolicyDetail,
  PolicyDetail,
  RoleDetail,
  UserDetail,
} from '@aws-sdk/client-iam'
import type { Ctx } from '../../app/context.ts'
import { policiesList, policyFind, policyUses } from '../../app/iam/managed-policies.ts'
import { profilesOfRole } from '../../app/iam/roles.ts'
import { groupsOf } from '../../app/iam/users.ts'
import type { IamGroup, IamRole, IamUser } from '../../domain/iam/entities.ts'
import type { ManagedPolicy } from '../../app/iam/managed-policies.ts'
import {
  encodedDocument,
  presentAttached,
  presentGroup,
  presentPolicy,
  presentProfile,
  presentRole,
  presentUser,
  presentVersion,
  tagList,
} from './present.ts'

export type Detail =
  | { type: 'User'; key: string; entity: IamUser }
  | { type: 'Group'; key: string; entity: IamGroup }
  | { type: 'Role'; key: string; entity: IamRole }
  | { type: 'Policy'; key: string; entity: ManagedPolicy }

/** AWS's own policies only where they are in use. */
export async function detailsOf(ctx: Ctx, filter: readonly EntityType[] | undefined) {
  const { store } = ctx.app
  const scope = { account: ctx.account }
  const wants = (type: EntityType): boolean => !filter?.length || filter.includes(type)
  const uses = await policyUses(ctx)
  const isUsed = ({ arn }: ManagedPolicy) => uses.attached.has(arn) || uses.boundaries.has(arn)
  const policies = [
    ...(wants('LocalManagedPolicy') ? await policiesList(ctx, 'Local') : []),
    ...(wants('AWSManagedPolicy') ? (await policiesList(ctx, 'AWS')).filter(isUsed) : []),
  ]
  const details: Detail[] = [
    ...(wants('User') ? await store.list('iamUser', scope) : []).map((entity): Detail => {
      return { type: 'User', key: `1${entity.id}`, entity }
    }),
    ...(wants('Group') ? await store.list('iamGroup', scope) : []).map((entity): Detail => {
      return { type: 'Group', key: `2${entity.id}`, entity }
    }),
    ...(wants('Role') ? await store.list('iamRole', scope) : []).map((entity): Detail => {
      return { type: 'Role', key: `3${entity.id}`, entity }
    }),
    ...policies.map((entity): Detail => ({ type: 'Policy', key: `4${entity.id}`, entity })),
  ]
  return { details, uses }
}

function inlineOf(policies: Readonly<Record<string, string>>): PolicyDetail[] {
  return Object.entries(policies).map(([PolicyName, document]) => {
    return { PolicyName, PolicyDocument: encodedDocument(document) }
  })
}

async function attachedOf(ctx: Ctx, arns: readonly string[]) {
  const found = await Promise.all(arns.map((arn) => policyFind(ctx.account, ctx.app.store, arn)))
  return found.filter((policy) => policy !== undefined).map(presentAttached)
}

export async function presentUserDetail(ctx: Ctx, user: IamUser): Promise<UserDetail> {
  const { PasswordLastUsed: _unlisted, ...detail } = presentUser(user)
  return {
    ...detail,
    UserPolicyList: inlineOf(user.inlinePolicies),
    GroupList: (await groupsOf(ctx, user)).map(({ name }) => name),
    AttachedManagedPolicies: await attachedOf(ctx, user.attachedPolicyArns),
    Tags: tagList(user.tags),
  }
}

export async function presentGroupDetail(ctx: Ctx, group: IamGroup): Promise<GroupDetail> {
  return {
    ...presentGroup(group),
    GroupPolicyList: inlineOf(group.inlinePolicies),
    AttachedManagedPolicies: await attachedOf(ctx, group.attachedPolicyArns),
  }
}

export async function presentRoleDetail(ctx: Ctx, role: IamRole): Promise<RoleDetail> {
  const { Description: _d, MaxSessionDuration: _m, ...detail } = presentRole(role)
  const profiles = await profilesOfRole(ctx, role)
  return {
    ...detail,
    InstanceProfileList: await Promise.all(profiles.map((one) => presentProfile(ctx, one, true))),
    RolePolicyList: inlineOf(role.inlinePolicies),
    AttachedManagedPolicies: await attachedOf(ctx, role.attachedPolicyArns),
    Tags: tagList(role.tags),
  }
}

export function presentPolicyDetail(
  policy: ManagedPolicy,
  uses: Awaited<ReturnType<typeof policyUses>>,
): ManagedPolicyDetail {
  const { Tags: _unlisted, ...detail } = presentPolicy(policy, uses)
  return {
    ...detail,
    PolicyVersionList: policy.versions.map((version) => presentVersion(policy, version, true)),
  }
}
