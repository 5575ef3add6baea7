/** Virtual machines of hypervisors, as they were last listed; and tags of everything that the Backup gateway keeps. */
import {
  tagsOfMachine,
  type GatewayKind,
  type GatewayMachine,
  type Hypervisor,
} from '../../domain/gateway.ts'
import type { ListedMachine } from '../../domain/hypervisor.ts'
import type { Tags } from '../../domain/resource.ts'
import type { ResourceTypes } from '../../domain/resource-types.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { scopeOf } from '../network/scope.ts'
import { absent, invalid } from './faults.ts'
import { arnParse, find, mustFind, newGatewayId } from './find.ts'

const TAGS_MAX = 50

export async function machineList(ctx: Ctx, hypervisorArn: string | undefined) {
  const hypervisor =
    hypervisorArn === undefined ? undefined : await mustFind(ctx, 'hypervisor', hypervisorArn)
  const reference = hypervisor && { name: 'hypervisor', value: hypervisor.id }
  const all = await ctx.app.store.list('gatewayMachine', {
    ...scopeOf(ctx),
    ...(reference && { reference }),
  })
  return all.filter(({ goneAt }) => goneAt === null)
}

export const machineGet = (ctx: Ctx, arn: string): Promise<GatewayMachine> =>
  find(ctx, 'gatewayMachine', arn)

/** A machine that no record names yet. */
export function machineInsert(
  app: App,
  tx: StoreTransaction,
  { id, account, region }: Hypervisor,
  seen: ListedMachine & { mapped: Tags },
): Promise<GatewayMachine> {
  return tx.insert('gatewayMachine', {
    ...seen,
    id: newGatewayId(app, 'gatewayMachine'),
    account,
    region,
    generation: 0,
    createdAt: app.clock.now(),
    tags: {},
    hypervisorId: id,
    lastBackupAt: null,
    goneAt: null,
  })
}

/** Pairs of a request, checked. @throws ValidationException */
export function gatewayTags(
  pairs: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): Tags {
  const tags = new Map<string, string>()
  for (const { Key: key = '', Value: value = '' } of pairs ?? []) {
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalid(`The tag key ${key} is reserved: keys do not begin with aws:.`)
    }
    if (tags.has(key)) throw invalid(`The tag key ${key} is given twice.`)
    tags.set(key, value)
  }
  return limited(Object.fromEntries(tags))
}

function limited(tags: Tags): Tags {
  if (Object.keys(tags).length <= TAGS_MAX) return tags
  throw invalid(`A resource has at most ${TAGS_MAX} tags.`)
}

/** @throws ResourceNotFoundException */
async function tagged(ctx: Ctx, arn: string, reader = ctx.app.store as Parameters<typeof find>[3]) {
  const kind = arnParse(arn)?.kind
  if (kind === undefined) throw absent(arn)
  return { kind, resource: await find(ctx, kind, arn, reader) }
}

export async function tagsList(ctx: Ctx, arn: string): Promise<Tags> {
  const { resource } = await tagged(ctx, arn)
  return 'mapped' in resource ? tagsOfMachine(resource) : resource.tags
}

export async function tagsChange(
  ctx: Ctx,
  arn: string,
  added: Tags,
  removed: readonly string[],
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const { kind, resource } = await tagged(ctx, arn, tx)
    const kept = Object.entries(resource.tags).filter(([key]) => !removed.includes(key))
    const tags = limited({ ...Object.fromEntries(kept), ...added })
    await tx.update(kind, { ...resource, tags } as ResourceTypes[GatewayKind] as never)
  })
}
