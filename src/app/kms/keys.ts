/**
 * KMS keys: made, described, enabled, rotated, deleted after a while. Symmetric ones, whose material is sealed with the
 * cloud's own key and never leaves. Source: KMS API reference and developer guide.
 */
import { randomUUID } from 'node:crypto'
import { PolicyError, parsePolicy } from '../../domain/iam/document.ts'
import { decideWithResource } from '../../domain/iam/evaluate.ts'
import { kmsAliasId, kmsKeyArn, type KmsKey, type KmsMaterial } from '../../domain/kms.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { documentCompiled } from '../iam/documents.ts'
import { EVERYTHING } from '../iam/principal-policies.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { invalid, invalidState, limitExceeded, malformedKeyPolicy } from './faults.ts'
import { keyFind, usable } from './find.ts'

/** In which somebody may find out that the key is still needed. */
const DELETION_DAYS = { min: 7, max: 30 }
const DAY_MS = 86_400_000
const ROTATION_DAYS_DEFAULT = 365
const ON_DEMAND_ROTATIONS_MAX = 10
const TAGS_MAX = 50
export const EBS_ALIAS = 'alias/aws/ebs'

export interface KeyRequest {
  description: string
  /** Null: the default, which leaves it to the account's IAM policies. */
  policy: string | null
  mayLockOut: boolean
  tags: Tags
}

export function defaultPolicy(account: string): string {
  const statement = {
    Sid: 'Enable IAM User Permissions',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  }
  return JSON.stringify({ Version: '2012-10-17', Id: 'key-default-1', Statement: [statement] })
}

function materialOf(
  ctx: Pick<Ctx, 'app'>,
  keyId: string,
  origin: KmsMaterial['origin'],
): KmsMaterial {
  const bytes = Buffer.from(ctx.app.random.bytes(32))
  return {
    id: Buffer.from(ctx.app.random.bytes(16)).toString('hex'),
    sealed: ctx.app.seal.seal(`kms:${keyId}`, bytes.toString('base64')),
    createdAt: ctx.app.clock.now(),
    origin,
  }
}

function keyOf(
  ctx: Ctx,
  request: Omit<KeyRequest, 'mayLockOut'>,
  manager: KmsKey['manager'],
): KmsKey {
  const id = randomUUID({ disableEntropyCache: true })
  return {
    ...baseOf(ctx, request.tags),
    id,
    description: request.description,
    state: 'Enabled',
    manager,
    policy: request.policy ?? defaultPolicy(ctx.account),
    materials: [materialOf(ctx, id, 'first')],
    rotation: { isEnabled: false, periodDays: ROTATION_DAYS_DEFAULT, nextAt: null },
    deleteAt: null,
  }
}

export async function keyCreate(ctx: Ctx, request: KeyRequest): Promise<KmsKey> {
  if (request.policy !== null) policyCheck(ctx, request.policy, request.mayLockOut)
  const key = keyOf(ctx, { ...request, tags: tagsLimited(request.tags) }, 'CUSTOMER')
  return ctx.app.store.transact((tx) => tx.insert('kmsKey', key))
}

/** The account's key for volumes, made when it is first needed, as AWS does. */
export async function ebsKeyEnsure(ctx: Ctx, tx: StoreTransaction): Promise<KmsKey> {
  const description = 'Default key that protects my EBS volumes when no other key is defined'
  return serviceKeyEnsure(ctx, tx, EBS_ALIAS, description)
}

/** The account's key for what a service keeps, made when it is first needed. */
export async function serviceKeyEnsure(
  ctx: Ctx,
  tx: StoreTransaction,
  name: string,
  description: string,
): Promise<KmsKey> {
  const id = kmsAliasId(ctx.account, ctx.region, name)
  const alias = await tx.get('kmsAlias', id)
  const known = alias && (await tx.get('kmsKey', alias.keyId))
  if (known) return known
  const key = await tx.insert('kmsKey', keyOf(ctx, { description, policy: null, tags: {} }, 'AWS'))
  const updatedAt = ctx.app.clock.now()
  await tx.insert('kmsAlias', { ...baseOf(ctx), id, name, keyId: key.id, updatedAt })
  return key
}

/** @throws MalformedPolicyDocumentException, also when its maker could not change it any more. */
export function policyCheck(ctx: Ctx, document: string, mayLockOut: boolean): void {
  let policy
  try {
    policy = parsePolicy(document, 'resource')
  } catch (error) {
    if (error instanceof PolicyError) throw malformedKeyPolicy(error.message)
    throw error
  }
  if (mayLockOut) return
  const { account, principal } = ctx
  const request = { action: 'kms:PutKeyPolicy', resource: '*', keys: new Map() }
  const resource = { account, policy, ids: {} }
  const who = { account, arn: principal.arn }
  const decision = decideWithResource(request, who, { identity: [EVERYTHING] }, resource)
  if (decision.result === 'allowed') return
  throw malformedKeyPolicy(
    'The new key policy will not allow you to update the key policy in the future.',
  )
}

export async function keyChange(
  ctx: Ctx,
  text: string,
  change: (key: KmsKey) => KmsKey,
): Promise<KmsKey> {
  return ctx.app.store.transact(async (tx) => {
    const key = await keyFind(ctx, text, tx)
    if (key.manager === 'AWS') throw invalid(`${kmsKeyArn(key)} is managed by AWS`)
    return tx.update('kmsKey', change(key))
  })
}

const notGoing = (key: KmsKey): KmsKey => {
  if (key.state === 'PendingDeletion') throw invalidState(key, 'is pending deletion.')
  return key
}

export const keyEnable = (ctx: Ctx, text: string, isEnabled: boolean): Promise<KmsKey> =>
  keyChange(ctx, text, (key) => ({ ...notGoing(key), state: isEnabled ? 'Enabled' : 'Disabled' }))

export const keyDescribe = (ctx: Ctx, text: string, description: string): Promise<KmsKey> =>
  keyChange(ctx, text, (key) => ({ ...notGoing(key), description }))

export const keyPolicyPut = (ctx: Ctx, text: string, policy: string, mayLockOut: boolean) =>
  keyChange(ctx, text, (key) => {
    policyCheck(ctx, policy, mayLockOut)
    return { ...notGoing(key), policy }
  })

/** @throws ValidationException: AWS's own page says 7 to 30 days, where its model has 1 to 365. */
export const keyDeleteLater = async (ctx: Ctx, text: string, days: number): Promise<KmsKey> => {
  if (days < DELETION_DAYS.min || days > DELETION_DAYS.max) {
    throw invalid(`PendingWindowInDays must be ${DELETION_DAYS.min} to ${DELETION_DAYS.max}.`)
  }
  return keyChange(ctx, text, (key) => {
    const deleteAt = ctx.app.clock.now() + days * DAY_MS
    return { ...notGoing(key), state: 'PendingDeletion', deleteAt }
  })
}

export const keyDeleteNot = (ctx: Ctx, text: string): Promise<KmsKey> =>
  keyChange(ctx, text, (key) => {
    if (key.state !== 'PendingDeletion') throw invalidState(key, 'is not pending deletion.')
    return { ...key, state: 'Disabled', deleteAt: null }
  })

export const keyRotationSet = (ctx: Ctx, text: string, periodDays: number | null) =>
  keyChange(ctx, text, (key) => {
    usable(key)
    if (periodDays === null) {
      return { ...key, rotation: { ...key.rotation, isEnabled: false, nextAt: null } }
    }
    const last = key.materials.at(-1)!.createdAt
    const nextAt = Math.max(ctx.app.clock.now(), last + periodDays * DAY_MS)
    return { ...key, rotation: { isEnabled: true, periodDays, nextAt } }
  })

export const keyRotateNow = (ctx: Ctx, text: string): Promise<KmsKey> =>
  keyChange(ctx, text, (key) => {
    usable(key)
    const count = key.materials.filter((one) => one.origin === 'ON_DEMAND').length
    if (count >= ON_DEMAND_ROTATIONS_MAX) {
      throw limitExceeded(`at most ${ON_DEMAND_ROTATIONS_MAX} on-demand rotations of a key`)
    }
    return keyRotated(ctx, key, 'ON_DEMAND')
  })

/** With new material that enciphers from now on. */
export function keyRotated(
  ctx: Pick<Ctx, 'app'>,
  key: KmsKey,
  origin: KmsMaterial['origin'],
): KmsKey {
  return { ...key, materials: [...key.materials, materialOf(ctx, key.id, origin)] }
}

export async function keyTag(ctx: Ctx, text: string, tags: Tags, removed: readonly string[]) {
  await keyChange(ctx, text, (key) => {
    const kept = Object.entries(key.tags).filter(([name]) => !removed.includes(name))
    return { ...notGoing(key), tags: tagsLimited({ ...Object.fromEntries(kept), ...tags }) }
  })
}

function tagsLimited(tags: Tags): Tags {
  if (Object.keys(tags).length <= TAGS_MAX) return tags
  throw limitExceeded(`a key has at most ${TAGS_MAX} tags`)
}

export async function keyList(ctx: Ctx, reader: StoreReader = ctx.app.store): Promise<KmsKey[]> {
  return reader.list('kmsKey', scopeOf(ctx))
}

export function keyPolicyCompiled(key: KmsKey) {
  return documentCompiled(key.policy, 'resource')
}
