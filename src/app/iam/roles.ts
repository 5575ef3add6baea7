/**
 * Roles and instance profiles. A trust policy is saved together with the unique ids that its principals have now: a
 * user deleted and made again under the same name is not trusted. Source: IAM user guide, "Principal" element; IAM API
 * reference (CreateRole, CreateServiceLinkedRole).
 */
import type { IamInstanceProfile, IamRole } from '../../domain/iam/entities.ts'
import { newIamId } from '../../domain/iam/ids.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { documentChecked, sizeCheck, SIZES } from './documents.ts'
import {
  entityChange,
  entityFind,
  entityGet,
  entityInsert,
  entityRemove,
  newEntity,
} from './entities.ts'
import {
  deleteConflict,
  invalidInput,
  malformedPolicy,
  noSuch,
  quotaExceeded,
  unmodifiable,
} from './faults.ts'
import { policyGet } from './managed-policies.ts'
import { mustBeWithoutPolicies } from './users.ts'

export const SESSION_SECONDS_DEFAULT = 3_600
const ROLES_PER_PROFILE_MAX = 1

export interface RoleCreation {
  name: string
  path?: string
  trustPolicy: string
  description?: string
  sessionSecondsMax?: number
  boundaryArn?: string
  tags: Tags
}

export async function roleCreate(ctx: Ctx, request: RoleCreation): Promise<IamRole> {
  if (request.path?.startsWith('/aws-service-role/')) {
    throw invalidInput('The path /aws-service-role/ is reserved for service-linked roles.')
  }
  return roleInsert(ctx, request, null)
}

async function roleInsert(ctx: Ctx, request: RoleCreation, linkedService: string | null) {
  const trust = await trustChecked(ctx, request.trustPolicy)
  if (request.boundaryArn) await policyGet(ctx, request.boundaryArn)
  const id = newIamId('role', ctx.app.random)
  return entityInsert(ctx, 'iamRole', {
    ...newEntity(ctx, id, request.name, request.path, request.tags),
    ...trust,
    attachedPolicyArns: [],
    inlinePolicies: {},
    description: request.description ?? null,
    sessionSecondsMax: request.sessionSecondsMax ?? SESSION_SECONDS_DEFAULT,
    boundaryArn: request.boundaryArn ?? null,
    lastUsed: null,
    linkedService,
  })
}

/** @throws MalformedPolicyDocument */
async function trustChecked(ctx: Ctx, trustPolicy: string) {
  const policy = documentChecked(trustPolicy, 'trust')
  sizeCheck('ACLSizePerRole', trustPolicy.length, SIZES.trust)
  const trustIds: Record<string, string> = {}
  for (const { principals, actions } of policy.statements) {
    const wrong = actions.find(({ source }) => source !== '*' && !/^sts:/i.test(source))
    if (wrong) throw malformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.')
    for (const { type, value } of principals!.list) {
      if (type === 'AWS') {
        const id = await idOfPrincipal(ctx.app.store, value)
        if (id === null) throw malformedPolicy(`Invalid principal in policy: "AWS":"${value}"`)
        if (id !== undefined) trustIds[value] = id
      } else if (type === 'Service' && !/^[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?$/.test(value)) {
        throw malformedPolicy(`Invalid principal in policy: "SERVICE":"${value}"`)
      }
    }
  }
  return { trustPolicy, trustIds }
}

/** The id that a name has now; undefined where no id stands behind it; null when it names nobody. */
async function idOfPrincipal(
  reader: StoreReader,
  value: string,
): Promise<string | null | undefined> {
  if (value === '*' || /^\d{12}$/.test(value)) return undefined
  const found =
    /^arn:aws:(iam|sts)::(\d{12}):(root|user|role|assumed-role|federated-user)(?:\/(.+))?$/.exec(
      value,
    )
  if (!found) return null
  const [, service, account = '', type, path = ''] = found
  if (type === 'root') return path === '' ? undefined : null
  if (service === 'sts') return undefined
  if (type !== 'user' && type !== 'role') return null
  const kind = type === 'user' ? 'iamUser' : 'iamRole'
  const entity = await entityFind(account, reader, kind, path.split('/').at(-1)!)
  return entity && `${entity.path}${entity.name}` === `/${path}` ? entity.id : null
}

export async function roleTrust(ctx: Ctx, name: string, trustPolicy: string): Promise<void> {
  const trust = await trustChecked(ctx, trustPolicy)
  await entityChange(ctx, 'iamRole', name, (role) => {
    mustNotBeLinked(role)
    return { ...role, ...trust }
  })
}

export function mustNotBeLinked(role: IamRole): void {
  if (role.linkedService === null) return
  throw unmodifiable(
    `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS`,
  )
}

export async function roleRemove(ctx: Ctx, name: string, isLinked = false): Promise<void> {
  await entityRemove(ctx, 'iamRole', name, async (role, tx) => {
    if (!isLinked) mustNotBeLinked(role)
    const reference = { name: 'role', value: role.id }
    if ((await tx.count('iamInstanceProfile', { account: ctx.account, reference })) > 0) {
      throw deleteConflict('Cannot delete entity, must remove roles from instance profile first.')
    }
    if (!isLinked) mustBeWithoutPolicies(role)
  })
}

/** Name and policy of the roles that services make for themselves; others are not known here. */
const LINKED: Readonly<Record<string, { name: string; policyArn: string }>> = {
  'backup.amazonaws.com': {
    name: 'AWSServiceRoleForBackup',
    policyArn: 'arn:aws:iam::aws:policy/aws-service-role/AWSBackupServiceLinkedRolePolicyForBackup',
  },
  'autoscaling.amazonaws.com': {
    name: 'AWSServiceRoleForAutoScaling',
    policyArn: 'arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy',
  },
  'spot.amazonaws.com': {
    name: 'AWSServiceRoleForEC2Spot',
    policyArn: 'arn:aws:iam::aws:policy/aws-service-role/AWSEC2SpotServiceRolePolicy',
  },
  'spotfleet.amazonaws.com': {
    name: 'AWSServiceRoleForEC2SpotFleet',
    policyArn: 'arn:aws:iam::aws:policy/aws-service-role/AWSEC2SpotFleetServiceRolePolicy',
  },
  'ec2fleet.amazonaws.com': {
    name: 'AWSServiceRoleForEC2Fleet',
    policyArn: 'arn:aws:iam::aws:policy/aws-service-role/AWSEC2FleetServiceRolePolicy',
  },
  'ssm.amazonaws.com': {
    name: 'AWSServiceRoleForAmazonSSM',
    policyArn: 'arn:aws:iam::aws:policy/aws-service-role/AmazonSSMServiceRolePolicy',
  },
}

export async function linkedRoleCreate(
  ctx: Ctx,
  service: string,
  description?: string,
  suffix?: string,
): Promise<IamRole> {
  const known = Object.hasOwn(LINKED, service) ? LINKED[service] : undefined
  if (!known) throw invalidInput(`Service-linked roles of ${service} are not known here.`)
  if (suffix !== undefined) {
    throw invalidInput(`Custom suffix is not allowed for ${service}`)
  }
  if (await entityFind(ctx.account, ctx.app.store, 'iamRole', known.name)) {
    throw invalidInput(
      `Service role name ${known.name} has been taken in this account, please try a different suffix.`,
    )
  }
  await policyGet(ctx, known.policyArn)
  const trustPolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: [service] }, Action: ['sts:AssumeRole'] }],
  })
  const path = `/aws-service-role/${service}/`
  const request = { name: known.name, path, trustPolicy, tags: {} }
  const role = await roleInsert(ctx, { ...request, ...(description && { description }) }, service)
  return entityChange(ctx, 'iamRole', role.name, (made) => {
    return { ...made, attachedPolicyArns: [known.policyArn] }
  })
}

export async function profileCreate(ctx: Ctx, name: string, path: string | undefined, tags: Tags) {
  const id = newIamId('instanceProfile', ctx.app.random)
  return entityInsert(ctx, 'iamInstanceProfile', {
    ...newEntity(ctx, id, name, path, tags),
    roleId: null,
  })
}

export async function profileRole(
  ctx: Ctx,
  profile: IamInstanceProfile,
): Promise<IamRole | undefined> {
  return profile.roleId === null ? undefined : ctx.app.store.get('iamRole', profile.roleId)
}

export async function profileAddRole(ctx: Ctx, profileName: string, roleName: string) {
  await entityChange(ctx, 'iamInstanceProfile', profileName, async (profile, tx) => {
    const role = await entityGet(ctx, 'iamRole', roleName, tx)
    mustNotBeLinked(role)
    if (profile.roleId !== null) {
      throw quotaExceeded('InstanceSessionsPerInstanceProfile', ROLES_PER_PROFILE_MAX)
    }
    return { ...profile, roleId: role.id }
  })
}

export async function profileRemoveRole(ctx: Ctx, profileName: string, roleName: string) {
  await entityChange(ctx, 'iamInstanceProfile', profileName, async (profile, tx) => {
    const role = await entityGet(ctx, 'iamRole', roleName, tx)
    if (profile.roleId !== role.id) {
      throw noSuch(
        `The role with name ${roleName} cannot be found in instance profile ${profileName}.`,
      )
    }
    return { ...profile, roleId: null }
  })
}

/** Instances that have it keep running, without new credentials, as on AWS. */
export async function profileRemove(ctx: Ctx, name: string): Promise<void> {
  await entityRemove(ctx, 'iamInstanceProfile', name, (profile) => {
    if (profile.roleId !== null) {
      throw deleteConflict('Cannot delete entity, must remove roles from instance profile first.')
    }
  })
}

export async function profilesOfRole(ctx: Ctx, role: IamRole): Promise<IamInstanceProfile[]> {
  const reference = { name: 'role', value: role.id }
  return ctx.app.store.list('iamInstanceProfile', { account: ctx.account, reference })
}
