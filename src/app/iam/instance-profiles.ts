/**
 * Instance profiles on instances: associated at launch or later, one an instance; what the instance's metadata service
 * hands out for them. Source: EC2 API reference (AssociateIamInstanceProfile and its relatives).
 */
import type { IamInstanceProfile, IamRole, ProfileAssociation } from '../../domain/iam/entities.ts'
import { iamArn } from '../../domain/iam/entities.ts'
import { decideWithResource } from '../../domain/iam/evaluate.ts'
import type { InstanceId } from '../../domain/ids.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import { FaultError, notFound } from '../../domain/faults.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App, Ctx, RoleDelivery } from '../context.ts'
import { instancesGet } from '../instances/lifecycle.ts'
import { assumedPrincipal } from './assume-role.ts'
import { documentCompiled } from './documents.ts'
import { entityFind } from './entities.ts'
import { sessionIssue, type IssuedCredentials } from './sessions.ts'

export interface ProfileName {
  Arn?: string | undefined
  Name?: string | undefined
}

export interface FoundProfile {
  profile: IamInstanceProfile
  arn: string
  role: IamRole | undefined
}

/** By ARN or by name. @throws Fault `NotFound` */
export async function profileFind(
  ctx: Ctx,
  wanted: ProfileName,
  reader: StoreReader = ctx.app.store,
): Promise<FoundProfile> {
  const { Arn: arn, Name: name } = wanted
  if (arn !== undefined && name !== undefined) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['iamInstanceProfile.name', 'iamInstanceProfile.arn'],
      reason:
        "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    })
  }
  if (arn === undefined && name === undefined) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'IamInstanceProfile.Name' })
  }
  const shown = arn ?? name!
  const profile = await entityFind(
    ctx.account,
    reader,
    'iamInstanceProfile',
    name ?? arn!.split('/').at(-1)!,
  )
  if (!profile || (arn !== undefined && iamArn('iamInstanceProfile', profile) !== arn)) {
    throw notFound('iamInstanceProfile', shown)
  }
  const role = profile.roleId === null ? undefined : await reader.get('iamRole', profile.roleId)
  return { profile, arn: iamArn('iamInstanceProfile', profile), role }
}

export async function associationInsert(
  ctx: Ctx,
  tx: StoreTransaction,
  instanceId: string,
  found: FoundProfile,
): Promise<ProfileAssociation> {
  const digits = Buffer.from(ctx.app.random.bytes(9)).toString('hex').slice(0, 17)
  return tx.insert('profileAssociation', {
    id: `iip-assoc-${digits}`,
    account: ctx.account,
    region: ctx.region,
    generation: 0,
    createdAt: ctx.app.clock.now(),
    tags: {},
    instanceId,
    profileArn: found.arn,
    profileId: found.profile.id,
    state: 'associated',
  })
}

export async function associationOf(
  reader: StoreReader,
  instanceId: string,
): Promise<ProfileAssociation | undefined> {
  const [found] = await reader.list('profileAssociation', {
    reference: { name: 'instance', value: instanceId },
  })
  return found
}

/** @throws Faults `NotFound`, `IncorrectState`, `InUse` */
export async function profileAssociate(
  ctx: Ctx,
  instanceId: InstanceId,
  wanted: ProfileName,
): Promise<ProfileAssociation> {
  return ctx.app.store.transact(async (tx) => {
    const [instance] = await instancesGet(ctx, [instanceId], tx)
    const found = await profileFind(ctx, wanted, tx)
    mustBeThere(instance!)
    if (await associationOf(tx, instanceId)) {
      const message = `There is an existing association for instance ${instanceId}`
      throw new FaultError({ type: 'Service', code: 'IncorrectState', message })
    }
    await profileNote(tx, instance!, found.arn)
    return associationInsert(ctx, tx, instanceId, found)
  })
}

/** Another profile on the same instance, under a new association. */
export async function profileReplace(
  ctx: Ctx,
  associationId: string,
  wanted: ProfileName,
): Promise<ProfileAssociation> {
  return ctx.app.store.transact(async (tx) => {
    const association = await associationGet(ctx, tx, associationId)
    const found = await profileFind(ctx, wanted, tx)
    const [instance] = await instancesGet(ctx, [association.instanceId as InstanceId], tx)
    await tx.remove('profileAssociation', association)
    await profileNote(tx, instance!, found.arn)
    return associationInsert(ctx, tx, association.instanceId, found)
  })
}

export async function profileDisassociate(
  ctx: Ctx,
  associationId: string,
): Promise<ProfileAssociation> {
  return ctx.app.store.transact(async (tx) => {
    const association = await associationGet(ctx, tx, associationId)
    const instance = await tx.get('instance', association.instanceId)
    if (instance) await profileNote(tx, instance, null)
    await tx.remove('profileAssociation', association)
    return { ...association, state: 'disassociating' }
  })
}

/** All of the account's in the region, or those named. Ended instances have none. */
export async function associationsList(
  ctx: Ctx,
  ids: readonly string[] | undefined,
): Promise<ProfileAssociation[]> {
  const scope = { account: ctx.account, region: ctx.region }
  const all = await ctx.app.store.list('profileAssociation', scope)
  const missing = ids?.find((id) => !all.some((one) => one.id === id))
  if (missing !== undefined) throw notFound('iamInstanceProfileAssociation', missing)
  const wanted = ids ? all.filter((one) => ids.includes(one.id)) : all
  const instances = await ctx.app.store.list('instance', {
    ids: wanted.map((one) => one.instanceId),
  })
  const living = new Set<string>(
    instances.filter((one) => instanceStateOf(one) !== 'terminated').map((one) => one.id),
  )
  return wanted.filter((one) => living.has(one.instanceId))
}

async function associationGet(
  ctx: Ctx,
  reader: StoreReader,
  id: string,
): Promise<ProfileAssociation> {
  const found = await reader.get('profileAssociation', id)
  if (!found || found.account !== ctx.account || found.region !== ctx.region) {
    throw notFound('iamInstanceProfileAssociation', id)
  }
  return found
}

async function profileNote(tx: StoreTransaction, instance: Instance, arn: string | null) {
  const spec = { ...instance.spec, iamInstanceProfileArn: arn }
  await tx.update('instance', { ...instance, spec })
}

function mustBeThere(instance: Instance): void {
  const { id } = instance
  const state = instanceStateOf(instance)
  if (state !== 'terminated' && state !== 'shutting-down') return
  const operation = 'associate an instance profile'
  throw new FaultError({ type: 'IncorrectState', kind: 'instance', id, state, operation })
}

/** What the metadata service of an instance hands out: credentials of the role in its profile. */
export interface RoleCredentials extends IssuedCredentials {
  roleName: string
  issuedAt: number
}

export interface InstanceRole {
  profileArn: string
  profileId: string
  /** Null: the profile has no role, or it is gone. */
  credentials: RoleCredentials | null
  /** The same for a guest that asked without a token: `ec2:RoleDelivery` tells them apart. */
  older: RoleCredentials | null
}

/** As on EC2: good for about six hours, renewed well before they end. */
const ROLE_SECONDS = 6 * 3_600
const RENEW_BEFORE_MS = 3_600_000
const CACHED_MAX = 10_000
const issued = new WeakMap<App, Map<string, RoleCredentials>>()

export async function instanceRoleOf(app: App, instance: Instance): Promise<InstanceRole | null> {
  const association = await associationOf(app.store, instance.id)
  if (!association) return null
  const { profileArn, profileId } = association
  const profile = await app.store.get('iamInstanceProfile', profileId)
  const role = profile?.roleId ? await app.store.get('iamRole', profile.roleId) : undefined
  if (!role || !trustsEc2(role)) return { profileArn, profileId, credentials: null, older: null }
  const interfaces = await app.store.list('networkInterface', {
    reference: { name: 'instance', value: instance.id },
  })
  const primary = interfaces.find((one) => one.attachment?.deviceIndex === 0)
  const privateAddress = primary?.privateAddresses[0] ?? ''
  const place = { vpcId: instance.spec.vpcId, privateAddress, region: instance.region }
  return {
    profileArn,
    profileId,
    credentials: credentialsOf(app, instance, role, '2.0', place),
    older: credentialsOf(app, instance, role, '1.0', place),
  }
}

/** Kept between requests, so that a guest that polls sees the same until they are renewed. */
function credentialsOf(
  app: App,
  instance: Instance,
  role: IamRole,
  roleDelivery: RoleDelivery,
  instancePlace: { vpcId: string; privateAddress: string; region: string },
): RoleCredentials {
  let cache = issued.get(app)
  if (!cache) issued.set(app, (cache = new Map()))
  const key = `${instance.id} ${role.id} ${roleDelivery}`
  const now = app.clock.now()
  const known = cache.get(key)
  if (known && known.expiresAt - now >= RENEW_BEFORE_MS) return known
  const session = { instanceId: instance.id, instancePlace, roleDelivery }
  const principal = assumedPrincipal(role, instance.id)
  const fresh = sessionIssue(app, role.account, principal, ROLE_SECONDS, session)
  const credentials = { ...fresh, roleName: role.name, issuedAt: now }
  if (cache.size >= CACHED_MAX) cache.delete(cache.keys().next().value!)
  cache.set(key, credentials)
  return credentials
}

/** EC2 assumes the role for the instance: the trust policy must let it. */
function trustsEc2(role: IamRole): boolean {
  const decision = decideWithResource(
    { action: 'sts:AssumeRole', resource: iamArn('iamRole', role), keys: new Map() },
    { account: role.account, arn: 'ec2.amazonaws.com', service: 'ec2.amazonaws.com' },
    { identity: [] },
    {
      account: role.account,
      policy: documentCompiled(role.trustPolicy, 'trust'),
      ids: role.trustIds,
    },
  )
  return decision.result === 'allowed'
}
