/** Network interfaces as resources of their own: made, changed, deleted. Launches make theirs in instances/run.ts. */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import {
  newId,
  type InstanceId,
  type NetworkInterfaceId,
  type SecurityGroupId,
  type SubnetId,
} from '../../domain/ids.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import {
  managerOf,
  publicAddressOf,
  type NetworkInterface,
  type Subnet,
  type Vpc,
} from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { tooMany } from './address-limits.ts'
import { ADDRESSES_MAX, createAddressChooser, privateAddressesChoose } from './addresses.ts'
import { groupsForInterface } from './groups.ts'
import type { Ipv6Wish } from '../instances/run-wishes.ts'
import { ipv6Choose } from './interface-ipv6.ts'
import { ownGet, ownList, scopeOf } from './scope.ts'

const DESCRIPTION_MAX = 255

export interface InterfaceView {
  networkInterface: NetworkInterface
  vpc: Vpc | undefined
  groupNames: ReadonlyMap<string, string>
}

/** All of the account's interfaces, or those named. @throws Fault `NotFound`. */
export async function interfaceViews(
  ctx: Ctx,
  ids: readonly NetworkInterfaceId[],
): Promise<InterfaceView[]> {
  const [interfaces, vpcs, groups] = await Promise.all([
    ownList(ctx, 'networkInterface', ids),
    ownList(ctx, 'vpc'),
    ownList(ctx, 'securityGroup'),
  ])
  const vpcById = new Map<string, Vpc>(vpcs.map((vpc) => [vpc.id, vpc]))
  const groupNames = new Map<string, string>(groups.map((group) => [group.id, group.name]))
  return interfaces.map((networkInterface) => ({
    networkInterface,
    vpc: vpcById.get(networkInterface.vpcId),
    groupNames,
  }))
}

/** The only interface of an instance. @throws Fault `InterfaceAmbiguous` when it has several. */
export async function interfaceOfInstance(
  ctx: Ctx,
  reader: StoreReader,
  instanceId: InstanceId,
): Promise<NetworkInterface> {
  await ownGet(ctx, reader, 'instance', instanceId)
  const reference = { name: 'instance', value: instanceId }
  const found = await reader.list('networkInterface', { reference })
  if (found.length === 1) return found[0]!
  throw new FaultError({ type: 'InterfaceAmbiguous', instanceId, count: found.length })
}

export interface InterfaceCreateRequest {
  subnetId: SubnetId
  description: string
  groupIds: readonly SecurityGroupId[]
  /** Primary first; null: any free one. */
  addresses: readonly (string | null)[]
  /** Absent: as the subnet says. */
  ipv6?: Ipv6Wish
  clientToken: string | null
  tags: Tags
}

interface InterfacePlan {
  subnet: Subnet
  groupIds: SecurityGroupId[]
  addresses: string[]
  ipv6: Pick<NetworkInterface, 'ipv6Addresses' | 'hasPrimaryIpv6'>
  mac: string
}

/** What would be made; no effects. */
export async function interfaceCreatePlan(
  ctx: Ctx,
  request: InterfaceCreateRequest,
  reader: StoreReader = ctx.app.store,
): Promise<InterfacePlan> {
  const { app } = ctx
  descriptionMustFit(request.description)
  if (request.addresses.length > ADDRESSES_MAX) {
    throw new FaultError({
      type: 'LimitExceeded',
      kind: 'privateAddress',
      limit: ADDRESSES_MAX,
      reason: `An interface has at most ${ADDRESSES_MAX} private addresses`,
    })
  }
  const subnet = await ownGet(ctx, reader, 'subnet', request.subnetId)
  const groupIds = await groupsForInterface(ctx, reader, subnet.vpcId, request.groupIds)
  const chooser = createAddressChooser(reader, app.random, app.settings.publicPool)
  const addresses = await privateAddressesChoose(chooser, subnet, request.addresses)
  const { ipv6: wish = null } = request
  if ((wish?.addresses.length ?? 0) > ADDRESSES_MAX) throw tooMany('IPv6', ADDRESSES_MAX)
  const ipv6 = await ipv6Choose(chooser, subnet, wish)
  return { subnet, groupIds, addresses, ipv6, mac: chooser.mac() }
}

export async function interfaceCreate(
  ctx: Ctx,
  request: InterfaceCreateRequest,
): Promise<NetworkInterfaceId> {
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'CreateNetworkInterface', request.clientToken, async () => {
      const { subnet, groupIds, addresses, ipv6, mac } = await interfaceCreatePlan(ctx, request, tx)
      const created = await tx.insert('networkInterface', {
        id: newId('networkInterface', ctx.app.random),
        ...scopeOf(ctx),
        generation: 0,
        createdAt: ctx.app.clock.now(),
        tags: request.tags,
        vpcId: subnet.vpcId,
        subnetId: subnet.id,
        zone: subnet.zone,
        description: request.description,
        mac,
        privateAddresses: addresses,
        ...ipv6,
        publicAddress: null,
        hasPublicOnLaunch: false,
        groupIds,
        isSourceDestChecked: true,
        attachment: null,
      })
      return created.id
    }),
  )
  return result
}

/** @throws Faults `NotFound`, `InUse` while it is attached. */
export async function interfaceDeleteCheck(
  ctx: Ctx,
  id: NetworkInterfaceId,
  reader: StoreReader = ctx.app.store,
): Promise<NetworkInterface> {
  const networkInterface = await ownGet(ctx, reader, 'networkInterface', id)
  const { attachment } = networkInterface
  const manager = managerOf(networkInterface)
  if (manager) {
    throw new FaultError({
      type: 'InUse',
      kind: 'networkInterface',
      id,
      by: manager,
      isDeletion: true,
    })
  }
  if (attachment) {
    const by = attachment.instanceId
    throw new FaultError({ type: 'InUse', kind: 'networkInterface', id, by, isDeletion: true })
  }
  return networkInterface
}

export async function interfaceDelete(ctx: Ctx, id: NetworkInterfaceId): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.remove('networkInterface', await interfaceDeleteCheck(ctx, id, tx))
  })
}

/** What is absent stays. */
export interface InterfaceChange {
  description?: string | undefined
  groupIds?: readonly SecurityGroupId[] | undefined
  isSourceDestChecked?: boolean | undefined
  /** Whether it has a public address of the pool: now, if it is the first of a running machine, and at each start. */
  hasPublic?: boolean | undefined
  /** It stays so. */
  hasPrimaryIpv6?: true | undefined
  attachment?: { id: string; deleteOnTermination: boolean } | undefined
}

export async function interfaceModifyPlan(
  ctx: Ctx,
  id: NetworkInterfaceId,
  change: InterfaceChange,
  reader: StoreReader = ctx.app.store,
): Promise<NetworkInterface> {
  const before = await ownGet(ctx, reader, 'networkInterface', id)
  const { description, groupIds, isSourceDestChecked } = change
  if (description !== undefined) descriptionMustFit(description)
  if (change.hasPrimaryIpv6 && (before.ipv6Addresses ?? []).length === 0) {
    throw invalidValue('enablePrimaryIpv6', true, `${id} has no IPv6 address`)
  }
  return {
    ...before,
    ...(change.hasPrimaryIpv6 && { hasPrimaryIpv6: true }),
    ...(change.hasPublic !== undefined &&
      (await publicChanged(ctx, reader, before, change.hasPublic))),
    ...(description !== undefined && { description }),
    ...(isSourceDestChecked !== undefined && { isSourceDestChecked }),
    ...(groupIds && {
      groupIds: await groupsForInterface(ctx, reader, before.vpcId, groupIds),
    }),
    attachment: attachmentChanged(before, change),
  }
}

async function publicChanged(
  ctx: Ctx,
  reader: StoreReader,
  one: NetworkInterface,
  hasPublicOnLaunch: boolean,
): Promise<Pick<NetworkInterface, 'hasPublicOnLaunch' | 'publicAddress'>> {
  if (!hasPublicOnLaunch) return { hasPublicOnLaunch, publicAddress: null }
  const { attachment } = one
  const isFirst = attachment !== null && attachment.deviceIndex === 0
  const instance = isFirst && (await reader.get('instance', attachment.instanceId))
  const state = instance ? instanceStateOf(instance) : null
  const isDue = (state === 'running' || state === 'pending') && publicAddressOf(one) === null
  const chooser = createAddressChooser(reader, ctx.app.random, ctx.app.settings.publicPool)
  return {
    hasPublicOnLaunch,
    publicAddress: isDue ? await chooser.publicAddress() : one.publicAddress,
  }
}

function attachmentChanged(
  { attachment }: NetworkInterface,
  { attachment: wish }: InterfaceChange,
) {
  if (!wish) return attachment
  if (attachment?.id !== wish.id) {
    throw new FaultError({ type: 'NotFound', kind: 'networkInterfaceAttachment', ids: [wish.id] })
  }
  return { ...attachment, deleteOnTermination: wish.deleteOnTermination }
}

export async function interfaceModify(
  ctx: Ctx,
  id: NetworkInterfaceId,
  change: InterfaceChange,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.update('networkInterface', await interfaceModifyPlan(ctx, id, change, tx))
  })
  await ctx.app.networkInForce()
}

function descriptionMustFit(text: string): void {
  if (text.length <= DESCRIPTION_MAX) return
  throw invalidValue('description', text, `must be at most ${DESCRIPTION_MAX} characters long`)
}
