/** The interfaces of a launch: which subnet and groups they are in, and their records. */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { newId, type InstanceId, type SecurityGroupId } from '../../domain/ids.ts'
import { managerOf, type NetworkInterface, type Subnet } from '../../domain/network.ts'
import type { StandbyNames } from '../../domain/standby.ts'
import { zonesOf } from '../../domain/zones.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { groupNamed, groupsForInterface } from '../network/groups.ts'
import type { InstanceType } from '../../domain/instance-type.ts'
import { privateAddressesChoose, type AddressChooser } from '../network/addresses.ts'
import { addressCount, addressesMustFit } from '../network/address-limits.ts'
import { ipv6Choose } from '../network/interface-ipv6.ts'
import type { InterfaceRequest, RunRequest } from './run-request.ts'

export interface ResolvedInterface {
  request: InterfaceRequest
  subnet: Subnet
  groupIds: SecurityGroupId[]
  existing: NetworkInterface | null
  hasPublicAddress: boolean
}

/** Finds subnets and groups and checks them against each other and the type. No effects. */
export async function interfacesResolve(
  ctx: Ctx,
  tx: StoreTransaction,
  request: RunRequest,
  type: InstanceType,
): Promise<ResolvedInterface[]> {
  const { interfaces } = request
  if (interfaces.length > type.interfacesMax) {
    throw new FaultError({
      type: 'LimitExceeded',
      kind: 'attachment',
      limit: type.interfacesMax,
      reason: `Interface count ${interfaces.length} exceeds the limit for ${type.name}`,
    })
  }
  const indexes = new Set(interfaces.map((networkInterface) => networkInterface.deviceIndex))
  if (indexes.size !== interfaces.length || !indexes.has(0)) {
    throw invalidValue('DeviceIndex', [...indexes], 'each once, and 0 among them')
  }
  const resolved: ResolvedInterface[] = []
  for (const one of [...interfaces].sort((a, b) => a.deviceIndex - b.deviceIndex)) {
    const found = await interfaceResolve(ctx, tx, request, one)
    addressesMustFit(type, countOf(found))
    resolved.push(found)
  }
  const [first] = resolved
  const stray = resolved.find((other) => other.subnet.zone !== first!.subnet.zone)
  if (stray) throw invalidValue('SubnetId', stray.subnet.id, 'all interfaces lie in one zone')
  if (request.maxCount > 1 && resolved.some(isForOne)) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['MaxCount', 'PrivateIpAddress'],
      reason: 'a private address or an existing interface can be given to one instance only',
    })
  }
  return resolved
}

function countOf({ existing, request }: ResolvedInterface) {
  if (existing) return addressCount(existing)
  const { secondaryAddresses = [], ipv6 } = request
  return { ipv4: 1 + secondaryAddresses.length, ipv6: ipv6?.addresses.length ?? 0 }
}

/** Whether it can be given to one instance only. */
function isForOne({ existing, request }: ResolvedInterface): boolean {
  const { privateAddress, secondaryAddresses = [], ipv6 } = request
  const named = [...secondaryAddresses, ...(ipv6?.addresses ?? [])]
  return Boolean(existing ?? privateAddress) || named.some((each) => each !== null)
}

async function interfaceResolve(
  ctx: Ctx,
  tx: StoreTransaction,
  request: RunRequest,
  one: InterfaceRequest,
): Promise<ResolvedInterface> {
  if (one.interfaceId !== null) {
    const existing = await tx.get('networkInterface', one.interfaceId)
    if (!existing || existing.account !== ctx.account || existing.region !== ctx.region) {
      throw notFound('networkInterface', one.interfaceId)
    }
    const by = existing.attachment?.instanceId ?? managerOf(existing)
    if (by) {
      throw new FaultError({ type: 'InUse', kind: 'networkInterface', id: existing.id, by })
    }
    const subnet = await tx.get('subnet', existing.subnetId)
    return {
      request: one,
      subnet: subnet!,
      groupIds: [...existing.groupIds],
      existing,
      hasPublicAddress: false,
    }
  }
  const subnet = await subnetOf(ctx, tx, one.subnetId, request.zone)
  return {
    request: one,
    subnet,
    groupIds: await groupsOf(ctx, tx, subnet, one),
    existing: null,
    hasPublicAddress: one.hasPublicAddress ?? (one.deviceIndex === 0 && subnet.mapPublicIpOnLaunch),
  }
}

async function subnetOf(
  ctx: Ctx,
  tx: StoreTransaction,
  subnetId: string | null,
  zone: string | null,
): Promise<Subnet> {
  if (subnetId !== null) {
    const subnet = await tx.get('subnet', subnetId)
    if (!subnet || subnet.account !== ctx.account || subnet.region !== ctx.region) {
      throw notFound('subnet', subnetId)
    }
    if (zone !== null && subnet.zone !== zone) {
      throw invalidValue('AvailabilityZone', zone, `${subnetId} lies in ${subnet.zone}`)
    }
    return subnet
  }
  const zones = zonesOf(ctx.region, ctx.app.settings.zones).map((one) => one.name)
  if (zone !== null && !zones.includes(zone)) {
    const reason = `Invalid availability zone: [${zone}]; there are ${zones.join(', ')}`
    throw invalidValue('AvailabilityZone', zone, reason)
  }
  const scope = { account: ctx.account, region: ctx.region }
  const subnets = await tx.list('subnet', scope)
  const defaults = subnets
    .filter((subnet) => subnet.isDefaultForZone && (zone === null || subnet.zone === zone))
    .sort((a, b) => (a.zone < b.zone ? -1 : 1))
  if (defaults[0]) return defaults[0]
  throw new FaultError({
    type: 'MissingParameter',
    parameter: 'SubnetId',
    hint: zone
      ? `there is no default subnet in ${zone}`
      : 'No default VPC for this user; name a subnet',
  })
}

async function groupsOf(
  ctx: Ctx,
  tx: StoreTransaction,
  subnet: Subnet,
  one: InterfaceRequest,
): Promise<SecurityGroupId[]> {
  const ids = [...one.groupIds]
  for (const name of one.groupNames) {
    ids.push((await groupNamed(ctx, tx, subnet.vpcId, name)).id)
  }
  return await groupsForInterface(ctx, tx, subnet.vpcId, ids)
}

/** Records the interfaces of one instance, or attaches those that exist. */
export async function interfacesCreate(
  ctx: Ctx,
  tx: StoreTransaction,
  request: RunRequest,
  resolved: readonly ResolvedInterface[],
  chooser: AddressChooser,
  instanceId: InstanceId,
  /** Of the machine that was made ahead. */
  names: Pick<StandbyNames, 'interfaceId' | 'mac'> | null,
): Promise<NetworkInterface[]> {
  const { app } = ctx
  const now = app.clock.now()
  const created: NetworkInterface[] = []
  for (const one of resolved) {
    const attachment = {
      id: newId('networkInterfaceAttachment', app.random),
      instanceId,
      deviceIndex: one.request.deviceIndex,
      deleteOnTermination: one.request.deleteOnTermination,
      attachedAt: now,
    }
    if (one.existing) {
      created.push(await tx.update('networkInterface', { ...one.existing, attachment }))
      continue
    }
    const { privateAddress, secondaryAddresses = [] } = one.request
    const wanted = [privateAddress, ...secondaryAddresses]
    const addresses = await privateAddressesChoose(chooser, one.subnet, wanted)
    created.push(
      await tx.insert('networkInterface', {
        id: names?.interfaceId ?? newId('networkInterface', app.random),
        account: ctx.account,
        region: ctx.region,
        generation: 0,
        createdAt: now,
        tags: request.tags.networkInterface,
        vpcId: one.subnet.vpcId,
        subnetId: one.subnet.id,
        zone: one.subnet.zone,
        description: one.request.description,
        mac: names?.mac ?? chooser.mac(),
        privateAddresses: addresses,
        ...(await ipv6Choose(chooser, one.subnet, one.request.ipv6 ?? null)),
        publicAddress: one.hasPublicAddress ? await chooser.publicAddress() : null,
        hasPublicOnLaunch: one.hasPublicAddress,
        groupIds: one.groupIds,
        isSourceDestChecked: true,
        attachment,
      }),
    )
  }
  return created
}
