/** IAM's entities in IAM's words, and its way of paging. Documents are percent-encoded in answers (RFC 3986). */
import type {
  AttachedPolicy,
  Group,
  InstanceProfile,
  Policy,
  Role,
  Tag,
  User,
} from '@aws-sdk/client-iam'
import { profileRole } from '../../app/iam/roles.ts'
import type { ManagedPolicy } from '../../app/iam/managed-policies.ts'
import type { Ctx } from '../../app/context.ts'
import {
  iamArn,
  type IamGroup,
  type IamInstanceProfile,
  type IamRole,
  type IamUser,
} from '../../domain/iam/entities.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Page } from '../operation.ts'

export const PAGE_SIZE = 100

export function marked(page: Page<unknown>): { IsTruncated: boolean; Marker: string | undefined } {
  return { IsTruncated: page.nextToken !== undefined, Marker: page.nextToken }
}

export function encodedDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

const boundaryOf = ({ boundaryArn }: { boundaryArn: string | null }) =>
  boundaryArn === null
    ? undefined
    : { PermissionsBoundaryType: 'Policy' as never, PermissionsBoundaryArn: boundaryArn }

/** What lists say of a user: no tags, no boundary. */
export function presentUserBriefly(user: IamUser): User {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: iamArn('iamUser', user),
    CreateDate: new Date(user.createdAt),
    PasswordLastUsed:
      user.passwordLastUsedAt === null ? undefined : new Date(user.passwordLastUsedAt),
  }
}

export function presentUser(user: IamUser): User {
  const tags = tagList(user.tags)
  return {
    ...presentUserBriefly(user),
    PermissionsBoundary: boundaryOf(user),
    Tags: tags.length > 0 ? tags : undefined,
  }
}

export function presentGroup(group: IamGroup): Group {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: iamArn('iamGroup', group),
    CreateDate: new Date(group.createdAt),
  }
}

export function presentRoleBriefly(role: IamRole): Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: iamArn('iamRole', role),
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodedDocument(role.trustPolicy),
    Description: role.description ?? undefined,
    MaxSessionDuration: role.sessionSecondsMax,
  }
}

export function presentRole(role: IamRole): Role {
  const tags = tagList(role.tags)
  const { lastUsed } = role
  return {
    ...presentRoleBriefly(role),
    PermissionsBoundary: boundaryOf(role),
    Tags: tags.length > 0 ? tags : undefined,
    RoleLastUsed: lastUsed ? { LastUsedDate: new Date(lastUsed.at), Region: lastUsed.region } : {},
  }
}

export async function presentProfile(
  ctx: Ctx,
  profile: IamInstanceProfile,
  isBrief = false,
): Promise<InstanceProfile> {
  const role = await profileRole(ctx, profile)
  const tags = tagList(profile.tags)
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: iamArn('iamInstanceProfile', profile),
    CreateDate: new Date(profile.createdAt),
    Roles: role ? [presentRoleBriefly(role)] : [],
    Tags: isBrief || tags.length === 0 ? undefined : tags,
  }
}

export function presentPolicy(
  policy: ManagedPolicy,
  uses: { attached: ReadonlyMap<string, number>; boundaries: ReadonlyMap<string, number> },
  isBrief = false,
): Policy {
  const tags = tagList(policy.tags)
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: uses.attached.get(policy.arn) ?? 0,
    PermissionsBoundaryUsageCount: uses.boundaries.get(policy.arn) ?? 0,
    IsAttachable: true,
    Description: isBrief ? undefined : (policy.description ?? undefined),
    CreateDate: new Date(policy.createdAt),
    UpdateDate: new Date(policy.updatedAt),
    Tags: isBrief || tags.length === 0 ? undefined : tags,
  }
}

export function presentVersion(
  policy: ManagedPolicy,
  version: ManagedPolicy['versions'][number],
  hasDocument = false,
) {
  return {
    Document: hasDocument ? encodedDocument(version.document) : undefined,
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersionId,
    CreateDate: new Date(version.createdAt),
  }
}

export function presentAttached(policy: ManagedPolicy): AttachedPolicy {
  return { PolicyName: policy.name, PolicyArn: policy.arn }
}
