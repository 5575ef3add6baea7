/**
 * Interface endpoints: made, changed, deleted. Each has an interface in a subnet a zone, guarded by groups; the host
 * serves the cloud's own port there. Source: AWS PrivateLink guide, "Access an AWS service using an interface
 * endpoint".
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import {
  newId,
  type IdOf,
  type SecurityGroupId,
  type SubnetId,
  type VpcId,
} from '../../domain/ids.ts'
import type { NetworkInterface, Vpc } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { VpcEndpoint } from '../../domain/vpc-endpoint.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { createAddressChooser } from './addresses.ts'
import type { Change } from './change.ts'
import { groupsForInterface } from './groups.ts'
import { baseOf, inVpc, ownGet, ownList } from './scope.ts'

type EndpointId = IdOf<'vpcEndpoint'>

/** AWS's quota of interface endpoints in a VPC. */
const ENDPOINTS_MAX = 50

export interface EndpointRequest {
  vpcId: VpcId
  serviceName: string
  privateDnsName: string
  hasPrivateDns: boolean
  policyDocument?: string
  subnets: readonly { subnetId: SubnetId; address: string | null }[]
  groupIds: readonly SecurityGroupId[]
  clientToken: string | null
  tags: Tags
}

export interface EndpointView {
  endpoint: VpcEndpoint
  interfaces: readonly NetworkInterface[]
  groupNames: ReadonlyMap<string, string>
}

export function endpointCreate(ctx: Ctx, request: EndpointRequest): Change<VpcEndpoint> {
  return async (tx) => {
    const make = () => insert(ctx, tx, request)
    const { result } = await onceByToken(ctx, tx, 'CreateVpcEndpoint', request.clientToken, make)
    return await ownGet(ctx, tx, 'vpcEndpoint', result)
  }
}

async function insert(ctx: Ctx, tx: StoreTransaction, request: EndpointRequest) {
  const { random } = ctx.app
  const vpc = await ownGet(ctx, tx, 'vpc', request.vpcId)
  const present = await inVpc(ctx, tx, 'vpcEndpoint', vpc.id)
  if (present.length >= ENDPOINTS_MAX) {
    const reason = 'The maximum number of interface endpoints in this VPC has been reached.'
    const kind = 'vpcEndpoint'
    throw new FaultError({ type: 'LimitExceeded', kind, limit: ENDPOINTS_MAX, reason })
  }
  if (request.hasPrivateDns) mustBeNameable(vpc, request.privateDnsName, present)
  const endpoint: VpcEndpoint = {
    ...baseOf(ctx, request.tags),
    id: newId('vpcEndpoint', random),
    vpcId: vpc.id,
    serviceName: request.serviceName,
    privateDnsName: request.privateDnsName,
    hasPrivateDns: request.hasPrivateDns,
    label: Buffer.from(random.bytes(4)).toString('hex'),
    ...(request.policyDocument !== undefined && { policyDocument: request.policyDocument }),
    groupIds: await groupsForInterface(ctx, tx, vpc.id, request.groupIds),
    interfaceIds: [],
  }
  const interfaceIds = await interfacesAdd(ctx, tx, endpoint, request.subnets)
  await tx.insert('vpcEndpoint', { ...endpoint, interfaceIds })
  return endpoint.id
}

/** "Both enableDnsHostnames and enableDnsSupport must be true", and one endpoint has the name. */
function mustBeNameable(vpc: Vpc, name: string, present: readonly VpcEndpoint[]): void {
  if (!vpc.hasDnsSupport || !vpc.hasDnsHostnames) {
    const reason =
      'Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true'
    throw invalidValue('PrivateDnsEnabled', true, `${reason} for ${vpc.id}`)
  }
  const other = present.find((each) => each.hasPrivateDns && each.privateDnsName === name)
  if (!other) return
  const reason = `there is already a conflicting DNS domain for ${name} in the VPC ${vpc.id} (${other.id})`
  throw invalidValue('PrivateDnsEnabled', true, reason)
}

async function interfacesAdd(
  ctx: Ctx,
  tx: StoreTransaction,
  endpoint: VpcEndpoint,
  wanted: EndpointRequest['subnets'],
): Promise<NetworkInterface['id'][]> {
  const { random, settings } = ctx.app
  const chooser = createAddressChooser(tx, random, settings.publicPool)
  const ids = [...endpoint.interfaceIds]
  const zones = new Set((await interfacesOf(tx, endpoint)).map((one) => one.zone))
  for (const { subnetId, address } of wanted) {
    const subnet = await ownGet(ctx, tx, 'subnet', subnetId)
    if (subnet.vpcId !== endpoint.vpcId) {
      throw new FaultError({ type: 'NetworkMismatch', ids: [subnetId, endpoint.vpcId] })
    }
    if (zones.has(subnet.zone)) {
      throw new FaultError({ type: 'Duplicate', kind: 'endpointZone', name: subnet.zone })
    }
    zones.add(subnet.zone)
    const one = await tx.insert('networkInterface', {
      ...baseOf(ctx),
      id: newId('networkInterface', random),
      vpcId: subnet.vpcId,
      subnetId: subnet.id,
      zone: subnet.zone,
      description: `VPC Endpoint Interface ${endpoint.id}`,
      mac: chooser.mac(),
      privateAddresses: [await chooser.privateAddress(subnet, address)],
      publicAddress: null,
      hasPublicOnLaunch: false,
      groupIds: endpoint.groupIds,
      isSourceDestChecked: true,
      attachment: null,
      vpcEndpointId: endpoint.id,
    })
    ids.push(one.id)
  }
  return ids
}

async function interfacesOf(
  reader: StoreReader,
  { interfaceIds }: VpcEndpoint,
): Promise<NetworkInterface[]> {
  return await reader.list('networkInterface', { ids: interfaceIds })
}

export interface EndpointChange {
  addSubnets: EndpointRequest['subnets']
  removeSubnets: readonly SubnetId[]
  addGroups: readonly SecurityGroupId[]
  removeGroups: readonly SecurityGroupId[]
  hasPrivateDns: boolean | null
  /** null: it stays; without a document: full access. */
  policy: { document: string | undefined } | null
}

export function endpointModify(ctx: Ctx, id: EndpointId, change: EndpointChange): Change<void> {
  return async (tx) => {
    let endpoint = await ownGet(ctx, tx, 'vpcEndpoint', id)
    if (change.hasPrivateDns && !endpoint.hasPrivateDns) {
      const vpc = await ownGet(ctx, tx, 'vpc', endpoint.vpcId)
      const present = await inVpc(ctx, tx, 'vpcEndpoint', vpc.id)
      mustBeNameable(vpc, endpoint.privateDnsName, present)
    }
    endpoint = { ...endpoint, hasPrivateDns: change.hasPrivateDns ?? endpoint.hasPrivateDns }
    endpoint = withPolicy(endpoint, change.policy)
    endpoint = { ...endpoint, groupIds: await groupsChanged(ctx, tx, endpoint, change) }
    for (const one of await interfacesOf(tx, endpoint)) {
      if (change.removeSubnets.includes(one.subnetId)) {
        const interfaceIds = endpoint.interfaceIds.filter((each) => each !== one.id)
        endpoint = { ...endpoint, interfaceIds }
        await tx.remove('networkInterface', one)
      } else {
        await tx.update('networkInterface', { ...one, groupIds: endpoint.groupIds })
      }
    }
    const interfaceIds = await interfacesAdd(ctx, tx, endpoint, change.addSubnets)
    await tx.update('vpcEndpoint', { ...endpoint, interfaceIds })
  }
}

function withPolicy(endpoint: VpcEndpoint, policy: EndpointChange['policy']): VpcEndpoint {
  if (!policy) return endpoint
  const { policyDocument: _, ...bare } = endpoint
  return policy.document === undefined ? bare : { ...bare, policyDocument: policy.document }
}

async function groupsChanged(
  ctx: Ctx,
  tx: StoreTransaction,
  { vpcId, groupIds }: VpcEndpoint,
  { addGroups, removeGroups }: EndpointChange,
): Promise<readonly SecurityGroupId[]> {
  if (addGroups.length === 0 && removeGroups.length === 0) return groupIds
  const kept = groupIds.filter((each) => !removeGroups.includes(each))
  const wanted = [...kept, ...addGroups]
  if (wanted.length > 0) return await groupsForInterface(ctx, tx, vpcId, wanted)
  throw invalidValue('RemoveSecurityGroupIds', removeGroups.join(', '), 'one group must remain')
}

/** Their interfaces go with them. Those that are not there are answered by their ids. */
export function endpointsDelete(ctx: Ctx, ids: readonly EndpointId[]): Change<EndpointId[]> {
  return async (tx) => {
    const missing: EndpointId[] = []
    for (const id of new Set(ids)) {
      const endpoint = await tx.get('vpcEndpoint', id)
      if (endpoint?.account !== ctx.account || endpoint.region !== ctx.region) {
        missing.push(id)
        continue
      }
      for (const one of await interfacesOf(tx, endpoint)) await tx.remove('networkInterface', one)
      await tx.remove('vpcEndpoint', endpoint)
    }
    return missing
  }
}

export async function endpointViews(ctx: Ctx, ids: readonly EndpointId[]): Promise<EndpointView[]> {
  const { store } = ctx.app
  const endpoints = await ownList(ctx, 'vpcEndpoint', ids)
  const interfaces = await store.list('networkInterface', {
    ids: endpoints.flatMap((each) => each.interfaceIds),
  })
  const groups = await store.list('securityGroup', {
    ids: [...new Set(endpoints.flatMap((each) => each.groupIds))],
  })
  const groupNames = new Map(groups.map((group) => [group.id as string, group.name]))
  return endpoints.map((endpoint) => {
    const own = interfaces.filter((one) => one.vpcEndpointId === endpoint.id)
    return { endpoint, interfaces: own, groupNames }
  })
}
