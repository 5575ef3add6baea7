/**
 * Placement groups. Zones and racks are names on one host (decision 0050): what a group promises about them is kept as
 * far as it can be counted. Source: EC2 user guide, "Placement strategies for your placement groups".
 */
import { FaultError, invalidValue, notFound } from '../domain/faults.ts'
import { newId, type IdOf } from '../domain/ids.ts'
import { instanceStateOf, type Instance } from '../domain/instance.ts'
import type { PlacementGroup } from '../domain/placement-group.ts'
import type { Tags } from '../domain/resource.ts'
import type { StoreReader } from '../store/store.ts'
import type { Ctx } from './context.ts'
import type { PlacementWish } from './instances/run-wishes.ts'
import { claiming } from './network/change.ts'
import { baseOf, ownGet, ownList, scopeOf } from './network/scope.ts'

/** AWS's quotas: groups in a region, running instances of a spread group in a zone, partitions in a zone. */
const GROUPS_MAX = 500
const SPREAD_MAX = 7
export const PARTITIONS_MAX = 7
const PARTITIONS_DEFAULT = 2

export interface PlacementGroupRequest {
  name: string
  strategy: PlacementGroup['strategy']
  partitionCount: number | null
  tags: Tags
}

export async function placementGroupCreate(
  ctx: Ctx,
  request: PlacementGroupRequest,
): Promise<PlacementGroup> {
  const { name, strategy } = request
  const partitionCount = partitionsChecked(request)
  const duplicate = () => new FaultError({ type: 'Duplicate', kind: 'placementGroup', name })
  const make = () =>
    ctx.app.store.transact(async (tx) => {
      if ((await tx.count('placementGroup', scopeOf(ctx))) >= GROUPS_MAX) {
        const reason = 'The maximum number of placement groups has been reached.'
        const kind = 'placementGroup'
        throw new FaultError({ type: 'LimitExceeded', kind, limit: GROUPS_MAX, reason })
      }
      const id = newId('placementGroup', ctx.app.random)
      const group = { ...baseOf(ctx, request.tags), id, name, strategy, partitionCount }
      return await tx.insert('placementGroup', group)
    })
  return await claiming(make, duplicate)
}

function partitionsChecked({ strategy, partitionCount }: PlacementGroupRequest): number | null {
  if (strategy !== 'partition') {
    if (partitionCount === null) return null
    const reason = 'PartitionCount is valid only when Strategy is set to partition'
    const parameters = ['PartitionCount', 'Strategy']
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  const count = partitionCount ?? PARTITIONS_DEFAULT
  if (count >= 1 && count <= PARTITIONS_MAX) return count
  throw invalidValue('PartitionCount', count, `between 1 and ${PARTITIONS_MAX}`)
}

export async function placementGroupFind(
  ctx: Ctx,
  reader: StoreReader,
  named: { id: IdOf<'placementGroup'> | null; name: string | null },
): Promise<PlacementGroup> {
  if (named.id !== null) return await ownGet(ctx, reader, 'placementGroup', named.id)
  const reference = { name: 'name', value: named.name ?? '' }
  const [found] = await reader.list('placementGroup', { ...scopeOf(ctx), reference })
  if (!found) throw notFound('placementGroup', named.name ?? '')
  return found
}

export async function placementGroupsList(
  ctx: Ctx,
  ids: readonly IdOf<'placementGroup'>[],
  names: readonly string[],
): Promise<PlacementGroup[]> {
  if (names.length === 0) return await ownList(ctx, 'placementGroup', ids)
  const found = ids.length > 0 ? await ownList(ctx, 'placementGroup', ids) : []
  for (const name of names) {
    found.push(await placementGroupFind(ctx, ctx.app.store, { id: null, name }))
  }
  return [...new Map(found.map((each) => [each.id, each])).values()]
}

/** @throws Fault `InUse` while instances are in it. */
export async function placementGroupDelete(ctx: Ctx, name: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const group = await placementGroupFind(ctx, tx, { id: null, name })
    const [member] = await membersOf(ctx, tx, name)
    if (member) {
      throw new FaultError({ type: 'InUse', kind: 'placementGroup', id: name, by: member.id })
    }
    await tx.remove('placementGroup', group)
  })
}

async function membersOf(ctx: Ctx, reader: StoreReader, name: string): Promise<Instance[]> {
  const reference = { name: 'live', value: 'yes' }
  const live = await reader.list('instance', { ...scopeOf(ctx), reference })
  return live.filter((each) => each.spec.placementGroup === name)
}

/** The group of a launch or a move, and the partition. @throws Faults. */
export async function placementResolve(
  ctx: Ctx,
  reader: StoreReader,
  wish: PlacementWish,
  zone: string,
): Promise<{ placementGroup: string; partitionNumber: number | null }> {
  const group = await placementGroupFind(ctx, reader, wish.group)
  const placementGroup = group.name
  const members = (await membersOf(ctx, reader, group.name)).filter(
    (each) => each.spec.zone === zone,
  )
  if (group.strategy !== 'partition') {
    if (wish.partitionNumber !== null) {
      throw invalidValue('PartitionNumber', wish.partitionNumber, 'only in a partition group')
    }
    if (group.strategy === 'spread') mustSpread(group, members, zone)
    return { placementGroup, partitionNumber: null }
  }
  const count = group.partitionCount!
  if (wish.partitionNumber !== null) {
    const isThere = wish.partitionNumber >= 1 && wish.partitionNumber <= count
    if (!isThere) throw invalidValue('PartitionNumber', wish.partitionNumber, `1 to ${count}`)
    return { placementGroup, partitionNumber: wish.partitionNumber }
  }
  // "Amazon EC2 tries to distribute the instances evenly": the emptiest, the first of equals.
  const sizes = Array.from({ length: count }, (_, n) => {
    return members.filter((each) => each.spec.partitionNumber === n + 1).length
  })
  return { placementGroup, partitionNumber: sizes.indexOf(Math.min(...sizes)) + 1 }
}

function mustSpread(group: PlacementGroup, members: readonly Instance[], zone: string): void {
  const running = members.filter((each) => instanceStateOf(each) !== 'stopped')
  if (running.length < SPREAD_MAX) return
  throw new FaultError({
    type: 'CapacityShort',
    instanceType: 'spread placement group',
    zone,
    reason: `The spread placement group ${group.name} has ${SPREAD_MAX} running instances in ${zone}.`,
  })
}
