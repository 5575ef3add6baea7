/** Security groups: made, found, deleted. Their rules are in group-rules.ts. */
import { FaultError, notFound } from '../../domain/faults.ts'
import { newId, type SecurityGroupId, type VpcId } from '../../domain/ids.ts'
import { groupName, groupText } from '../../domain/net/group-rules.ts'
import type { SecurityGroup, Vpc } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import { ClaimTakenError, type StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { defaultVpcOf, inVpc, ownGet, ownList, scopeOf } from './scope.ts'
import { everythingOut } from './vpc-parts.ts'

/** AWS's default quota of groups in a region. */
const GROUPS_MAX = 2_500

export interface GroupRequest {
  name: string
  description: string
  /** null: the default VPC. */
  vpcId: VpcId | null
  tags: Tags
}

/** A group by id, or by name in the default VPC: what older parameters name it by. */
export interface GroupTarget {
  id: SecurityGroupId | null
  name: string | null
}

export async function groupOf(
  ctx: Ctx,
  reader: StoreReader,
  target: GroupTarget,
): Promise<SecurityGroup> {
  if (target.id !== null) return await ownGet(ctx, reader, 'securityGroup', target.id)
  if (target.name === null) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'groupId' })
  }
  const vpc = await defaultVpcOf(ctx, reader)
  return await groupNamed(ctx, reader, vpc.id, target.name)
}

export async function groupNamed(
  ctx: Ctx,
  reader: StoreReader,
  vpcId: VpcId,
  name: string,
): Promise<SecurityGroup> {
  const groups = await inVpc(ctx, reader, 'securityGroup', vpcId)
  const group = groups.find((candidate) => candidate.name === name)
  if (!group) throw notFound('securityGroup', name)
  return group
}

/**
 * The account's groups, or those named. Names are looked up in the default VPC only, as on AWS; a name filter
 * finds them anywhere. @throws Fault `NotFound`.
 */
export async function groupsList(
  ctx: Ctx,
  asked: { ids: readonly SecurityGroupId[]; names: readonly string[] },
): Promise<SecurityGroup[]> {
  const { store } = ctx.app
  if (asked.names.length === 0) return await ownList(ctx, 'securityGroup', asked.ids)
  const groups = asked.ids.length > 0 ? await ownList(ctx, 'securityGroup', asked.ids) : []
  for (const name of asked.names) groups.push(await groupOf(ctx, store, { id: null, name }))
  return [...new Map(groups.map((group) => [group.id, group])).values()]
}

/** Everything that can be refused beforehand; the VPC it will be in. */
export async function groupCreateCheck(
  ctx: Ctx,
  request: GroupRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Vpc> {
  const name = groupName(request.name)
  groupText('GroupDescription', request.description)
  if (name === 'default') {
    const reason = "Cannot use reserved security group name: 'default'"
    throw new FaultError({ type: 'ReservedName', kind: 'securityGroup', name, reason })
  }
  const { vpcId } = request
  const vpc = vpcId ? await ownGet(ctx, reader, 'vpc', vpcId) : await defaultVpcOf(ctx, reader)
  const groups = await inVpc(ctx, reader, 'securityGroup', vpc.id)
  if (groups.some((group) => group.name === name)) {
    throw new FaultError({ type: 'Duplicate', kind: 'securityGroup', name })
  }
  if ((await reader.count('securityGroup', scopeOf(ctx))) >= GROUPS_MAX) {
    throw new FaultError({
      type: 'LimitExceeded',
      kind: 'securityGroup',
      limit: GROUPS_MAX,
      reason: 'The maximum number of security groups for this account has been reached.',
    })
  }
  return vpc
}

export async function groupCreate(ctx: Ctx, request: GroupRequest): Promise<SecurityGroup> {
  const { app } = ctx
  try {
    return await app.store.transact(async (tx) => {
      const vpc = await groupCreateCheck(ctx, request, tx)
      return await tx.insert('securityGroup', {
        id: newId('securityGroup', app.random),
        ...scopeOf(ctx),
        generation: 0,
        createdAt: app.clock.now(),
        tags: request.tags,
        vpcId: vpc.id,
        name: request.name,
        description: request.description,
        // It lets nothing in.
        rules: everythingOut(app, vpc),
      })
    })
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error
    throw new FaultError({ type: 'Duplicate', kind: 'securityGroup', name: request.name })
  }
}

/** The group, if nothing stands against deleting it. */
export async function groupDeleteCheck(
  ctx: Ctx,
  target: GroupTarget,
  reader: StoreReader = ctx.app.store,
): Promise<SecurityGroup> {
  const group = await groupOf(ctx, reader, target)
  const { id } = group
  if (group.name === 'default') {
    const reason = `the specified group: "${id}" name: "default" cannot be deleted by a user`
    throw new FaultError({ type: 'DefaultResource', kind: 'securityGroup', id, reason })
  }
  const interfaces = await reader.list('networkInterface', {
    reference: { name: 'group', value: id },
  })
  // Rules of a peered VPC do not hold it: they become stale.
  const all = await reader.list('securityGroup', { reference: { name: 'names', value: id } })
  const naming = all.filter((each) => each.vpcId === group.vpcId)
  const dependents = [...interfaces, ...naming].map((each) => each.id).filter((each) => each !== id)
  if (dependents.length > 0) {
    throw new FaultError({ type: 'DependencyViolation', kind: 'securityGroup', id, dependents })
  }
  return group
}

export async function groupDelete(ctx: Ctx, target: GroupTarget): Promise<SecurityGroupId> {
  const id = await ctx.app.store.transact(async (tx) => {
    const group = await groupDeleteCheck(ctx, target, tx)
    await tx.remove('securityGroup', group)
    return group.id
  })
  await ctx.app.networkInForce()
  return id
}

/**
 * The groups for an interface in a VPC: ids checked, the VPC's default group when none is named.
 * @throws Faults `NotFound`, `LimitExceeded`, `NetworkMismatch`.
 */
export async function groupsForInterface(
  ctx: Ctx,
  reader: StoreReader,
  vpcId: VpcId,
  ids: readonly SecurityGroupId[],
): Promise<SecurityGroupId[]> {
  const groups = await inVpc(ctx, reader, 'securityGroup', vpcId)
  if (ids.length === 0) {
    return groups.filter((group) => group.name === 'default').map((group) => group.id)
  }
  const wanted = [...new Set(ids)]
  if (wanted.length > GROUPS_PER_INTERFACE_MAX) {
    throw new FaultError({
      type: 'LimitExceeded',
      kind: 'securityGroupsPerInterface',
      limit: GROUPS_PER_INTERFACE_MAX,
      reason: 'The maximum number of security groups per interface has been reached.',
    })
  }
  for (const id of wanted) {
    if (groups.some((group) => group.id === id)) continue
    await ownGet(ctx, reader, 'securityGroup', id)
    throw new FaultError({ type: 'NetworkMismatch', ids: [id, vpcId] })
  }
  return wanted
}

/** AWS's default quota. */
export const GROUPS_PER_INTERFACE_MAX = 5
