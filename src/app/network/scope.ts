/** Look-ups within one account and region: what belongs to another is not found, exactly as on AWS. */
import { FaultError, notFound } from '../../domain/faults.ts'
import type { VpcId } from '../../domain/ids.ts'
import type { Vpc } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { ResourceTypes, StoredKind } from '../../domain/resource-types.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'

export function scopeOf(ctx: Ctx): { account: string; region: string } {
  return { account: ctx.account, region: ctx.region }
}

/** @throws Fault `NotFound`. */
export async function ownGet<K extends StoredKind>(
  ctx: Ctx,
  reader: StoreReader,
  kind: K,
  id: string,
): Promise<ResourceTypes[K]> {
  const found = await reader.get(kind, id)
  if (!found || found.account !== ctx.account || found.region !== ctx.region) {
    throw notFound(kind, id)
  }
  return found
}

/**
 * The account's resources of a kind, or those with these ids, in order of id.
 * @throws Fault `NotFound` naming the ids that are missing.
 */
export async function ownList<K extends StoredKind>(
  ctx: Ctx,
  kind: K,
  ids?: readonly string[],
  reader: StoreReader = ctx.app.store,
): Promise<ResourceTypes[K][]> {
  if (ids === undefined || ids.length === 0) return await reader.list(kind, scopeOf(ctx))
  const found = await reader.list(kind, { ...scopeOf(ctx), ids })
  const known = new Set<string>(found.map((resource) => resource.id))
  const missing = [...new Set(ids)].filter((id) => !known.has(id))
  if (missing.length > 0) throw notFound(kind, ...missing)
  return found
}

export type NewBase = {
  account: string
  region: string
  generation: 0
  createdAt: number
  tags: Tags
}

/** What every new resource of a request begins with. */
export function baseOf(ctx: Ctx, tags: Tags = {}): NewBase {
  return { ...scopeOf(ctx), generation: 0, createdAt: ctx.app.clock.now(), tags }
}

/** @throws Fault `DefaultVpcMissing` when the user deleted it. */
export async function defaultVpcOf(ctx: Ctx, reader: StoreReader): Promise<Vpc> {
  const reference = { name: 'default', value: 'yes' }
  const [vpc] = await reader.list('vpc', { ...scopeOf(ctx), reference })
  if (!vpc) throw new FaultError({ type: 'DefaultVpcMissing' })
  return vpc
}

export async function inVpc<K extends StoredKind>(
  ctx: Ctx,
  reader: StoreReader,
  kind: K,
  vpcId: VpcId,
): Promise<ResourceTypes[K][]> {
  return await reader.list(kind, { ...scopeOf(ctx), reference: { name: 'vpc', value: vpcId } })
}
