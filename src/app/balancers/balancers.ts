/**
 * Load balancers: made with an interface in each subnet, changed, deleted with everything that is theirs. Source:
 * Elastic Load Balancing API reference, version 2015-12-01.
 */
import { balancerPath } from '../../domain/balancers/arn.ts'
import { attributeOf, BALANCER_ATTRIBUTES } from '../../domain/balancers/attributes.ts'
import type { BalancerType, BalancerZone, LoadBalancer } from '../../domain/balancers/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { newId, type IdOf, type SecurityGroupId, type SubnetId } from '../../domain/ids.ts'
import type { ElasticAssociation, NetworkInterface, Subnet } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { createAddressChooser, type AddressChooser } from '../network/addresses.ts'
import { groupsForInterface } from '../network/groups.ts'
import { baseOf, inVpc } from '../network/scope.ts'
import { elbChange, elbId } from './change.ts'
import { elbConfiguration, elbFault, elbInvalid } from './faults.ts'
import { elbGet } from './find.ts'

/** AWS's default quotas, of a region. */
const BALANCERS_MAX = 50

export interface SubnetMapping {
  subnetId: SubnetId
  allocationId: string | null
  privateAddress: string | null
}

export interface BalancerRequest {
  type: BalancerType
  name: string
  scheme: LoadBalancer['scheme']
  subnets: readonly SubnetMapping[]
  groupIds: readonly SecurityGroupId[]
  tags: Tags
}

export async function balancerCreate(ctx: Ctx, request: BalancerRequest): Promise<LoadBalancer> {
  nameCheck(request.name, 'load balancer')
  if (request.name.startsWith('internal-')) {
    throw elbInvalid("The load balancer name cannot begin with 'internal-'")
  }
  const taken = () => duplicateName(request.name)
  const make = async (tx: StoreTransaction): Promise<LoadBalancer> => {
    const { account, region, requestHash } = ctx
    const all = await tx.list('loadBalancer', { account, region })
    const known = all.find((one) => one.name === request.name)
    // "If you attempt to create multiple load balancers with the same settings, each call succeeds."
    if (known) {
      if (known.requestHash === requestHash) return known
      throw duplicateName(request.name)
    }
    const ofType = all.filter(({ type }) => type === request.type)
    if (ofType.length >= BALANCERS_MAX) {
      const text = `The maximum number of ${request.type} load balancers has been reached`
      throw elbFault('TooManyLoadBalancersException', text)
    }
    return await insert(ctx, tx, request)
  }
  return await elbChange(ctx, make, { isOfNetwork: true, taken })
}

const duplicateName = (name: string): FaultError =>
  elbFault(
    'DuplicateLoadBalancerNameException',
    `A load balancer with the same name '${name}' exists, but with different settings`,
  )

/** Of balancers and target groups. */
export function nameCheck(name: string, what: string): void {
  if (name.length < 1 || name.length > 32) {
    throw elbInvalid(`The ${what} name '${name}' must have between 1 and 32 characters`)
  }
  if (!/^[A-Za-z0-9-]+$/.test(name)) {
    const text = `The ${what} name '${name}' can only contain characters that are alphanumeric characters and hyphens(-)`
    throw elbInvalid(text)
  }
  if (name.startsWith('-') || name.endsWith('-')) {
    throw elbInvalid(`The ${what} name '${name}' cannot begin or end with a hyphen(-)`)
  }
}

async function insert(
  ctx: Ctx,
  tx: StoreTransaction,
  request: BalancerRequest,
): Promise<LoadBalancer> {
  const { random } = ctx.app
  const subnets = await subnetsFind(ctx, tx, request.type, request.subnets)
  const [{ vpcId }] = subnets as [Subnet]
  if (request.scheme === 'internet-facing') await gatewayCheck(ctx, tx, vpcId)
  const base: LoadBalancer = {
    ...baseOf(ctx, request.tags),
    id: elbId(random),
    type: request.type,
    name: request.name,
    scheme: request.scheme,
    vpcId,
    hostId: await hostFor(ctx, tx, vpcId),
    zones: [],
    groupIds: await groupsFind(ctx, tx, request.type, vpcId, request.groupIds),
    attributes: {},
    label: String(Buffer.from(random.bytes(6)).readUIntBE(0, 6) % 2 ** 31),
    activeAt: null,
    requestHash: ctx.requestHash,
  }
  const zones = await zonesAdd(ctx, tx, base, subnets, request.subnets)
  return await tx.insert('loadBalancer', { ...base, zones })
}

/** Where machines of the VPC are; the first host when there are none. */
async function hostFor(ctx: Ctx, reader: StoreReader, vpcId: string): Promise<string> {
  const reference = { name: 'vpc', value: vpcId }
  const instances = await reader.list('instance', { reference })
  const counts = new Map<string, number>()
  for (const { hostId } of instances) {
    if (hostId !== null) counts.set(hostId, (counts.get(hostId) ?? 0) + 1)
  }
  const balancers = await reader.list('loadBalancer', { reference })
  for (const { hostId } of balancers) counts.set(hostId, (counts.get(hostId) ?? 0) + 1)
  const [most] = [...counts].toSorted((a, b) => b[1] - a[1])
  const first = most?.[0] ?? ctx.app.hosts[0]?.description.hostId
  if (first === undefined) {
    throw elbFault('OperationNotPermittedException', 'there is no host to run a load balancer')
  }
  return first
}

async function subnetsFind(
  ctx: Ctx,
  reader: StoreReader,
  type: BalancerType,
  wanted: readonly SubnetMapping[],
): Promise<Subnet[]> {
  if (wanted.length === 0) throw elbInvalid('At least one subnet must be specified')
  const subnets: Subnet[] = []
  for (const { subnetId } of wanted) {
    const subnet = await reader.get('subnet', subnetId)
    if (subnet?.account !== ctx.account || subnet.region !== ctx.region) {
      throw elbFault('SubnetNotFoundException', `The subnet ID '${subnetId}' does not exist`)
    }
    subnets.push(subnet)
  }
  if (new Set(subnets.map(({ vpcId }) => vpcId)).size > 1) {
    throw elbConfiguration('All subnets must belong to the same VPC')
  }
  if (new Set(subnets.map(({ zone }) => zone)).size < subnets.length) {
    const text =
      'A load balancer cannot be attached to multiple subnets in the same Availability Zone'
    throw elbConfiguration(text)
  }
  if (type === 'application' && subnets.length < 2) {
    const text = 'At least two subnets in two different Availability Zones must be specified'
    throw elbInvalid(text)
  }
  return subnets
}

async function gatewayCheck(ctx: Ctx, reader: StoreReader, vpcId: Subnet['vpcId']): Promise<void> {
  if ((await inVpc(ctx, reader, 'internetGateway', vpcId)).length > 0) return
  throw elbFault('InvalidSubnetException', `VPC ${vpcId} has no internet gateway`)
}

async function groupsFind(
  ctx: Ctx,
  reader: StoreReader,
  type: BalancerType,
  vpcId: Subnet['vpcId'],
  ids: readonly SecurityGroupId[],
): Promise<readonly SecurityGroupId[]> {
  if (type === 'network' && ids.length === 0) return []
  try {
    return await groupsForInterface(ctx, reader, vpcId, ids)
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    if (error.fault.type === 'LimitExceeded') throw elbConfiguration(error.fault.reason)
    const text = `One or more security groups are invalid: ${ids.join(', ')}`
    throw elbFault('InvalidSecurityGroupException', text)
  }
}

async function zonesAdd(
  ctx: Ctx,
  tx: StoreTransaction,
  balancer: LoadBalancer,
  subnets: readonly Subnet[],
  mappings: readonly SubnetMapping[],
): Promise<BalancerZone[]> {
  const { random, settings } = ctx.app
  const chooser = createAddressChooser(tx, random, settings.publicPool)
  const zones: BalancerZone[] = []
  for (const subnet of subnets) {
    const mapping = mappings.find(({ subnetId }) => subnetId === subnet.id)!
    const one = await interfaceMake(ctx, tx, { balancer, subnet, mapping, chooser })
    const made = await tx.insert('networkInterface', one)
    const { allocationId } = mapping
    zones.push({ subnetId: subnet.id, zone: subnet.zone, interfaceId: made.id, allocationId })
  }
  return zones
}

async function interfaceMake(
  ctx: Ctx,
  tx: StoreTransaction,
  one: {
    balancer: LoadBalancer
    subnet: Subnet
    mapping: SubnetMapping
    chooser: AddressChooser
  },
): Promise<NetworkInterface> {
  const { balancer, subnet, mapping, chooser } = one
  const privateAddress = await addressTake(chooser, subnet, mapping.privateAddress)
  const isPublic = balancer.scheme === 'internet-facing'
  const elastic = await elasticTake(ctx, tx, mapping.allocationId, privateAddress)
  return {
    ...baseOf(ctx),
    id: newId('networkInterface', ctx.app.random),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    zone: subnet.zone,
    description: `ELB ${balancerPath(balancer)}`,
    mac: chooser.mac(),
    privateAddresses: [privateAddress],
    publicAddress: isPublic && !elastic ? await chooser.publicAddress() : null,
    ...(elastic && { elasticAddresses: [elastic] }),
    hasPublicOnLaunch: false,
    groupIds: balancer.groupIds,
    isSourceDestChecked: true,
    attachment: null,
    loadBalancer: { id: balancer.id, type: balancer.type },
  }
}

async function addressTake(chooser: AddressChooser, subnet: Subnet, wanted: string | null) {
  try {
    return await chooser.privateAddress(subnet, wanted)
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    if (error.fault.type === 'NoFreeAddress') {
      const text = `Not enough IP space available in ${subnet.id}. ELB requires at least 1 free IP address`
      throw elbFault('InvalidSubnetException', text)
    }
    throw elbConfiguration(`The private IPv4 address '${wanted}' cannot be used in ${subnet.id}`)
  }
}

async function elasticTake(
  ctx: Ctx,
  tx: StoreTransaction,
  allocationId: string | null,
  privateAddress: string,
): Promise<ElasticAssociation | null> {
  if (allocationId === null) return null
  const found = await tx.get('elasticAddress', allocationId)
  const holders = await tx.list('networkInterface', {
    reference: { name: 'elastic', value: allocationId },
  })
  const isOwn = found?.account === ctx.account && found.region === ctx.region
  if (!found || !isOwn || holders.length > 0) {
    const text = `The allocation IDs '${allocationId}' are not available for use`
    throw elbFault('AllocationIdNotFoundException', text)
  }
  return {
    id: newId('elasticAddressAssociation', ctx.app.random),
    allocationId: allocationId as IdOf<'elasticAddress'>,
    publicAddress: found.publicAddress,
    privateAddress,
  }
}

/** Everything that is its own goes with it; target groups stay. One that is not there is no error. */
export async function balancerDelete(ctx: Ctx, arn: string): Promise<void> {
  const remove = async (tx: StoreTransaction): Promise<void> => {
    const balancer = await elbGet(ctx, 'loadBalancer', arn, tx).catch((error: unknown) => {
      const isGone = error instanceof FaultError && error.fault.type === 'Service'
      if (isGone && error.fault.code === 'LoadBalancerNotFoundException') return null
      throw error
    })
    if (!balancer) return
    const table = BALANCER_ATTRIBUTES[balancer.type]
    if (attributeOf(table, balancer.attributes, 'deletion_protection.enabled') === 'true') {
      const text = `Load balancer '${arn}' cannot be deleted because deletion protection is enabled`
      throw elbFault('OperationNotPermittedException', text)
    }
    const reference = { name: 'balancer', value: balancer.id }
    for (const rule of await tx.list('listenerRule', { reference })) {
      await tx.remove('listenerRule', rule)
    }
    for (const one of await tx.list('listener', { reference })) await tx.remove('listener', one)
    for (const group of await tx.list('targetGroup', { reference })) {
      await tx.update('targetGroup', { ...group, balancerId: null })
    }
    for (const { interfaceId } of balancer.zones) await interfaceRemove(tx, interfaceId)
    await tx.remove('loadBalancer', balancer)
  }
  await elbChange(ctx, remove, { isOfNetwork: true })
}

async function interfaceRemove(tx: StoreTransaction, id: string): Promise<void> {
  const one = await tx.get('networkInterface', id)
  if (one) await tx.remove('networkInterface', one)
}

/** Zones that stay keep their interface and address. */
export async function balancerSetSubnets(
  ctx: Ctx,
  arn: string,
  wanted: readonly SubnetMapping[],
): Promise<LoadBalancer> {
  return await elbChange(
    ctx,
    async (tx) => {
      const balancer = await elbGet(ctx, 'loadBalancer', arn, tx)
      const subnets = await subnetsFind(ctx, tx, balancer.type, wanted)
      if (subnets[0]!.vpcId !== balancer.vpcId) {
        throw elbConfiguration(`The subnets are not in the VPC '${balancer.vpcId}'`)
      }
      const kept = balancer.zones.filter((zone) => subnets.some(({ id }) => id === zone.subnetId))
      for (const zone of balancer.zones) {
        if (!kept.includes(zone)) await interfaceRemove(tx, zone.interfaceId)
      }
      const added = subnets.filter(({ id }) => !kept.some((zone) => zone.subnetId === id))
      const zones = [...kept, ...(await zonesAdd(ctx, tx, balancer, added, wanted))]
      return await tx.update('loadBalancer', { ...balancer, zones })
    },
    { isOfNetwork: true },
  )
}

export async function balancerSetGroups(
  ctx: Ctx,
  arn: string,
  wanted: readonly SecurityGroupId[],
): Promise<LoadBalancer> {
  return await elbChange(
    ctx,
    async (tx) => {
      const balancer = await elbGet(ctx, 'loadBalancer', arn, tx)
      if (wanted.length === 0) throw elbInvalid('At least one security group must be specified')
      if (balancer.type === 'network' && balancer.groupIds.length === 0) {
        const text =
          'Security groups cannot be added to a network load balancer that was created without any'
        throw elbConfiguration(text)
      }
      const groupIds = await groupsFind(ctx, tx, balancer.type, balancer.vpcId, wanted)
      for (const { interfaceId } of balancer.zones) {
        const one = await tx.get('networkInterface', interfaceId)
        if (one) await tx.update('networkInterface', { ...one, groupIds })
      }
      return await tx.update('loadBalancer', { ...balancer, groupIds })
    },
    { isOfNetwork: true },
  )
}
