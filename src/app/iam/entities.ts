/**
 * Users, groups, roles, policies and instance profiles as named things: found by name whatever its case, made once,
 * changed by compare-and-set, tagged. Source of the quotas: IAM user guide, "IAM and AWS STS quotas".
 */
import { iamArn, type IamResourceTypes, type NamedKind } from '../../domain/iam/entities.ts'
import type { Tags } from '../../domain/resource.ts'
import type { ResourceTypes } from '../../domain/resource-types.ts'
import { ClaimTakenError, type StoreReader, type StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { invalidInput, limitExceeded, nameTaken, noSuchEntity, quotaExceeded } from './faults.ts'

export type Entity<K extends NamedKind> = IamResourceTypes[K]

const QUOTAS: Record<NamedKind, [what: string, limit: number]> = {
  iamUser: ['UsersPerAccount', 5_000],
  iamGroup: ['GroupsPerAccount', 300],
  iamRole: ['RolesPerAccount', 1_000],
  iamPolicy: ['PoliciesPerAccount', 1_500],
  iamInstanceProfile: ['InstanceProfilesPerAccount', 1_000],
  iamServerCertificate: ['ServerCertificatesPerAccount', 20],
}

export const QUOTA_OF = (kind: NamedKind): number => QUOTAS[kind][1]

/** Undefined when there is none in the account. */
export async function entityFind<K extends NamedKind>(
  account: string,
  reader: StoreReader,
  kind: K,
  name: string,
): Promise<Entity<K> | undefined> {
  const reference = { name: 'name', value: `${account}/${name.toLowerCase()}` }
  const [found] = await reader.list(kind, { account, reference })
  return found as Entity<K> | undefined
}

/** @throws NoSuchEntity */
export async function entityGet<K extends NamedKind>(
  ctx: Ctx,
  kind: K,
  name: string,
  reader: StoreReader = ctx.app.store,
): Promise<Entity<K>> {
  const found = await entityFind(ctx.account, reader, kind, name)
  if (!found) throw noSuchEntity(kind, name)
  return found
}

/** Of the account, below a path. */
export async function entitiesList<K extends NamedKind>(
  ctx: Ctx,
  kind: K,
  pathPrefix: string | undefined,
): Promise<Entity<K>[]> {
  const all = (await ctx.app.store.list(kind, { account: ctx.account })) as Entity<K>[]
  return all.filter((one) => one.path.startsWith(pathPrefix ?? '/'))
}

/** What is the same about everything new. */
export function newEntity(
  ctx: Ctx,
  id: string,
  name: string,
  path: string | undefined,
  tags: Tags,
) {
  return {
    id,
    account: ctx.account,
    region: '*',
    generation: 0,
    createdAt: wholeSecond(ctx.app.clock.now()),
    tags,
    name,
    path: path ?? '/',
  }
}

/** IAM's times have no fractions. */
export function wholeSecond(time: number): number {
  return Math.floor(time / 1_000) * 1_000
}

/** @throws EntityAlreadyExists, LimitExceeded */
export async function entityInsert<K extends NamedKind>(
  ctx: Ctx,
  kind: K,
  entity: Entity<K>,
): Promise<Entity<K>> {
  const [what, limit] = QUOTAS[kind]
  try {
    return await ctx.app.store.transact(async (tx) => {
      const count = await tx.count(kind, { account: ctx.account })
      if (count >= limit) throw quotaExceeded(what, limit)
      return (await tx.insert(kind, entity as ResourceTypes[K])) as Entity<K>
    })
  } catch (error) {
    if (error instanceof ClaimTakenError) throw nameTaken(kind, entity.name)
    throw error
  }
}

/** Reads, changes, writes in one transaction. @throws NoSuchEntity, EntityAlreadyExists */
export async function entityChange<K extends NamedKind>(
  ctx: Ctx,
  kind: K,
  name: string,
  change: (entity: Entity<K>, tx: StoreTransaction) => Entity<K> | Promise<Entity<K>>,
): Promise<Entity<K>> {
  let wanted = name
  try {
    return await ctx.app.store.transact(async (tx) => {
      const changed = await change(await entityGet(ctx, kind, name, tx), tx)
      wanted = changed.name
      return (await tx.update(kind, changed as ResourceTypes[K])) as Entity<K>
    })
  } catch (error) {
    if (error instanceof ClaimTakenError) throw nameTaken(kind, wanted)
    throw error
  }
}

/** Deletes it unless `check` refuses. */
export function entityRemove<K extends NamedKind>(
  ctx: Ctx,
  kind: K,
  name: string,
  check: (entity: Entity<K>, tx: StoreTransaction) => void | Promise<void>,
): Promise<void> {
  return ctx.app.store.transact(async (tx) => {
    const entity = await entityGet(ctx, kind, name, tx)
    await check(entity, tx)
    await tx.remove(kind, entity as ResourceTypes[K])
  })
}

export function arnOf<K extends NamedKind>(kind: K, entity: Entity<K>): string {
  return iamArn(kind, entity)
}

const TAGS_MAX = 50

export interface TagPair {
  Key: string | undefined
  Value: string | undefined
}

/** The tags of a request, checked. Keys differ only by more than case. */
export function tagsOf(pairs: readonly TagPair[] | undefined): Tags {
  const tags: Record<string, string> = Object.create(null) as Record<string, string>
  const seen = new Set<string>()
  for (const { Key: key = '', Value: value = '' } of pairs ?? []) {
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalidInput('The tag key prefix aws: is reserved for internal use.')
    }
    if (seen.has(key.toLowerCase())) {
      throw invalidInput(
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      )
    }
    seen.add(key.toLowerCase())
    tags[key] = value
  }
  if (seen.size > TAGS_MAX) throw quotaExceeded('TagsPerResource', TAGS_MAX)
  return { ...tags }
}

/** New values replace those of the same key, whatever its case. */
export function tagsMerged(before: Tags, added: Tags): Tags {
  const folded = new Set(Object.keys(added).map((key) => key.toLowerCase()))
  const kept = Object.entries(before).filter(([key]) => !folded.has(key.toLowerCase()))
  const after = { ...Object.fromEntries(kept), ...added }
  if (Object.keys(after).length > TAGS_MAX) {
    throw limitExceeded(`The number of tags has reached the maximum limit: ${TAGS_MAX}`)
  }
  return after
}

export function tagsWithout(before: Tags, keys: readonly string[]): Tags {
  const folded = new Set(keys.map((key) => key.toLowerCase()))
  return Object.fromEntries(
    Object.entries(before).filter(([key]) => !folded.has(key.toLowerCase())),
  )
}
