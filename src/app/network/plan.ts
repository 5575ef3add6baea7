/**
 * From the API's view of networks to what a host applies: for every VPC with a machine on the host, its whole plan.
 * Pure once the records are read.
 */
import { addressFormat, cidrParse } from '../../domain/net/cidr.ts'
import { instanceStateOf, resourceNamesOf, type Instance } from '../../domain/instance.ts'
import {
  hostNameOf,
  privateDomainOf,
  publicBindings,
  publicHostName,
  vpcCidrs,
  type NetworkAcl,
  type NetworkInterface,
  type SecurityGroup,
  type Subnet,
  type Vpc,
} from '../../domain/network.ts'
import type {
  AclPlan,
  AclRulePlan,
  EndpointPlan,
  GroupPlan,
  GroupRulePlan,
  PeerPlan,
  VpcDnsPlan,
  VpcNetworkPlan,
} from '../../domain/network-plan.ts'
import { endpointNames, vpceDomain } from '../../domain/vpc-endpoint.ts'
import { peeringOther } from '../../domain/peering.ts'
import type { StoreReader } from '../../store/store.ts'
import { balancerInterface, balancerNames } from './plan-balancers.ts'
import { blocksOf } from './plan-blocks.ts'
import { routesOf } from './plan-routes.ts'
import { routeTargets } from './routes.ts'
import type { LoadBalancer } from '../../domain/balancers/records.ts'
import type { RateOf, VpcRecords } from './vpc-records.ts'

/**
 * Plans of all VPCs that have a machine on this host, or had one that is still shown as terminated, in order of id: the
 * next machine then finds its network there, which takes 300 ms to make.
 */
export async function networkPlans(
  reader: StoreReader,
  hostId: string,
  rateOf: RateOf,
): Promise<VpcNetworkPlan[]> {
  const here = await reader.list('instance', { reference: { name: 'host', value: hostId } })
  const live = here.filter(hasMachine)
  const reference = { name: 'host', value: hostId }
  const balancers = await reader.list('loadBalancer', { reference })
  const ids = [...here.map((instance) => instance.spec.vpcId), ...balancers.map((b) => b.vpcId)]
  const vpcIds = [...new Set(ids)].sort()
  const found: VpcRecords[] = []
  for (const vpcId of vpcIds) {
    const records = await vpcRecords(reader, vpcId, live, balancers)
    if (records) found.push({ ...records, rateOf })
  }
  const byVpc = new Map(found.map((records) => [records.vpc.id, records]))
  const interfaces = found.flatMap((records) => records.interfaces)
  return found.map((records) =>
    planOf({
      ...records,
      peers: peersOf(records, byVpc),
      resolved: resolvedOf(records, byVpc),
      balancerNames: balancerNames(records.vpc.id, balancers, interfaces),
    }),
  )
}

/** Peered VPCs that are on this host too, with the members of their groups that rules here name. */
function peersOf(records: VpcRecords, byVpc: ReadonlyMap<string, VpcRecords>): PeerPlan[] {
  const { vpc, groups, targets } = records
  const named = new Set(
    groups.flatMap(({ rules }) =>
      rules.flatMap(({ peer }) => (peer.type === 'group' && peer.foreign ? [peer.groupId] : [])),
    ),
  )
  return [...targets.peerings.values()].flatMap((peering): PeerPlan[] => {
    const other = byVpc.get(peeringOther(peering, vpc.id).vpcId)
    if (peering.status !== 'active' || !other) return []
    return [
      {
        vpcId: other.vpc.id,
        index: other.vpc.index,
        cidrs: vpcCidrs(other.vpc),
        groups: other.groups
          .filter((group) => named.has(group.id))
          .map(({ id }) => ({ groupId: id, memberAddresses: other.members.get(id) ?? [] })),
      },
    ]
  })
}

/** "Accept DNS resolution from the peer VPC" is the side's own permission for the other. */
function resolvedOf(
  { vpc, targets }: VpcRecords,
  byVpc: ReadonlyMap<string, VpcRecords>,
): VpcRecords[] {
  return [...targets.peerings.values()].flatMap((peering) => {
    const other = peeringOther(peering, vpc.id)
    const records = byVpc.get(other.vpcId)
    return peering.status === 'active' && other.isDnsResolved && records ? [records] : []
  })
}

/** Where DNS host names are on, a public name leads to the private address from within. */
function publicNames({ vpc, publicAddresses }: VpcRecords): { name: string; address: string }[] {
  if (!vpc.hasDnsHostnames) return []
  return publicAddresses.map(({ publicAddress, privateAddress }) => {
    return { name: publicHostName(publicAddress, vpc.region), address: privateAddress }
  })
}

function endpointPlans({ interfaces }: VpcRecords): EndpointPlan[] {
  return interfaces
    .filter((one) => one.vpcEndpointId)
    .map((one) => ({
      interfaceId: one.id,
      subnetId: one.subnetId,
      address: one.privateAddresses[0]!,
      groupIds: one.groupIds,
    }))
}

/** Of each endpoint: its own name, its service's when that is wanted, and one a zone. */
function endpointHosts(records: VpcRecords): { name: string; address: string }[] {
  return records.endpoints.flatMap((endpoint) =>
    records.interfaces
      .filter((one) => one.vpcEndpointId === endpoint.id)
      .flatMap((one) => {
        const zonal = `${endpoint.id}-${endpoint.label}-${one.zone}.${vpceDomain(endpoint)}`
        const names = [...endpointNames(endpoint), zonal]
        return names.map((name) => ({ name, address: one.privateAddresses[0]! }))
      }),
  )
}

/** `i-….ec2.internal`, of the families that its options say. */
function resourceHosts({ instances, interfaces }: VpcRecords): { name: string; address: string }[] {
  const byId = new Map(interfaces.map((one) => [one.id, one]))
  return instances.flatMap(({ id, region, spec }) => {
    const { hasA, hasAaaa } = resourceNamesOf(spec)
    const one = hasA || hasAaaa ? byId.get(spec.interfaceIds[0]!) : undefined
    const addresses = [
      ...(hasA && one ? [one.privateAddresses[0]!] : []),
      ...(hasAaaa && one?.ipv6Addresses?.[0] ? [one.ipv6Addresses[0]] : []),
    ]
    return addresses.map((address) => ({ name: `${id}.${privateDomainOf(region)}`, address }))
  })
}

/** Whether a process of it may exist, so that its interfaces must be there. */
function hasMachine(instance: Instance): boolean {
  const state = instanceStateOf(instance)
  return state !== 'stopped' && state !== 'terminated'
}

async function vpcRecords(
  reader: StoreReader,
  vpcId: string,
  live: readonly Instance[],
  balancers: readonly LoadBalancer[],
): Promise<Omit<VpcRecords, 'rateOf'> | undefined> {
  const vpc = await reader.get('vpc', vpcId)
  if (!vpc) return undefined
  const inVpc = { reference: { name: 'vpc', value: vpcId } }
  const dhcp = await reader.get('dhcpOptions', vpc.dhcpOptionsId)
  const instances = live.filter((instance) => instance.spec.vpcId === vpcId)
  const endpoints = await reader.list('vpcEndpoint', inVpc)
  const routeTables = await reader.list('routeTable', inVpc)
  const zones = balancers.flatMap((one) => (one.vpcId === vpcId ? one.zones : []))
  const interfaces = await interfacesOf(reader, vpcId, instances, [
    ...zones.map(({ interfaceId }) => interfaceId),
    ...endpoints.flatMap(({ interfaceIds }) => interfaceIds),
    ...routeTables.flatMap(({ routes }) =>
      routes.flatMap(({ target }) => (target.type === 'networkInterface' ? [target.id] : [])),
    ),
  ])
  const groups = await reader.list('securityGroup', inVpc)
  return {
    vpc,
    subnets: await reader.list('subnet', inVpc),
    routeTables,
    targets: await routeTargets(reader, inVpc, interfaces),
    acls: await reader.list('networkAcl', inVpc),
    groups,
    interfaces,
    members: new Map(
      await Promise.all(
        groups.map(
          async ({ id }) => [id as string, await tallied(reader, `member:${id}`)] as const,
        ),
      ),
    ),
    publicAddresses: vpc.hasDnsHostnames ? await publicAddressesOf(reader, vpcId) : [],
    instances,
    dhcpOptions: dhcp?.options ?? {},
    prefixLists: await prefixListsOf(reader, vpc),
    endpoints,
    namedAddresses: await reader.list('elasticAddress', {
      account: vpc.account,
      reference: { name: 'named', value: 'yes' },
    }),
    peers: [],
    resolved: [],
    balancerNames: [],
  }
}

/** Those of machines and those named; whole records of all others, thousands perhaps, are not read for one host. */
async function interfacesOf(
  reader: StoreReader,
  vpcId: string,
  instances: readonly Instance[],
  named: readonly string[],
): Promise<NetworkInterface[]> {
  const value = instances.map(({ id }) => id as string)
  const found = [
    ...(await reader.list('networkInterface', { reference: { name: 'instance', value } })),
    ...(await reader.list('networkInterface', { ids: [...new Set(named)] })),
  ].filter((one) => one.vpcId === vpcId)
  const byId = new Map(found.map((one) => [one.id, one]))
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** The values of a reference (store/kinds.ts, networkInterface), in order. */
async function tallied(reader: StoreReader, name: string): Promise<string[]> {
  const rows = await reader.tally('networkInterface', name)
  return rows.map(({ value }) => value).sort()
}

async function publicAddressesOf(reader: StoreReader, vpcId: string) {
  return (await tallied(reader, `public:${vpcId}`)).map((value) => {
    const [publicAddress, privateAddress] = value.split(' ') as [string, string]
    return { publicAddress, privateAddress }
  })
}

async function prefixListsOf(reader: StoreReader, { account, region }: Vpc) {
  const lists = await reader.list('prefixList', { account, region })
  return new Map(lists.map((list) => [list.id as string, list]))
}

export function planOf(records: VpcRecords): VpcNetworkPlan {
  const { vpc } = records
  const instances = new Map(records.instances.map((instance) => [instance.id, instance]))
  return {
    vpcId: vpc.id,
    account: vpc.account as VpcNetworkPlan['account'],
    region: vpc.region,
    cidrs: vpcCidrs(vpc),
    index: vpc.index,
    dns: dnsPlan(records),
    subnets: records.subnets.map((subnet) => ({
      subnetId: subnet.id,
      cidr: subnet.cidrBlock,
      gateway: addressFormat(cidrParse(subnet.cidrBlock).base + 1),
      ...(subnet.ipv6Block && { cidr6: subnet.ipv6Block.cidrBlock }),
      routes: routesOf(subnet, records),
      ...aclOf(subnet, records.acls),
    })),
    interfaces: records.interfaces
      .filter((one) => one.attachment ?? one.loadBalancer)
      .flatMap((one) =>
        one.loadBalancer ? [balancerInterface(one)] : interfacePlan(one, instances, records.rateOf),
      ),
    groups: records.groups.map((group) => groupPlan(group, records)),
    ...(records.peers.length > 0 && { peers: records.peers }),
    ...(records.endpoints.length > 0 && { endpoints: endpointPlans(records) }),
  }
}

function dnsPlan(records: VpcRecords): VpcDnsPlan {
  const { vpc, dhcpOptions: options } = records
  const others = [records, ...records.resolved].flatMap(publicNames)
  const names = [...others, ...endpointHosts(records)]
  const own = resourceHosts(records)
  const named = records.namedAddresses.map(({ publicAddress, reverseName }) => {
    return { name: reverseName!.slice(0, -1), address: publicAddress }
  })
  // Without the option guests are told no server, as with AWS's `default` set.
  const servers = options['domain-name-servers'] ?? []
  const ntpServers = options['ntp-servers']
  const nodeType = options['netbios-node-type']?.[0]
  const lease6 = options['ipv6-address-preferred-lease-time']?.[0]
  const netbiosServers = options['netbios-name-servers'] ?? []
  const hasNetbios = nodeType !== undefined || netbiosServers.length > 0
  return {
    isServed: vpc.hasDnsSupport,
    domain: options['domain-name']?.[0] ?? privateDomainOf(vpc.region),
    servers: servers.includes('AmazonProvidedDNS') ? null : [...servers],
    ntpServers: ntpServers ? [...ntpServers] : null,
    ...(lease6 !== undefined && { ipv6LeaseSeconds: Number(lease6) }),
    ...(names.length > 0 && { publicNames: names }),
    ...(own.length > 0 && { resourceNames: own }),
    ...(named.length > 0 && { reverseNames: named }),
    ...(records.balancerNames.length > 0 && { balancerNames: records.balancerNames }),
    ...(hasNetbios && {
      netbios: { servers: netbiosServers, nodeType: nodeType ? Number(nodeType) : null },
    }),
  }
}

function interfacePlan(
  networkInterface: NetworkInterface,
  instances: ReadonlyMap<string, Instance>,
  rateOf: RateOf,
): VpcNetworkPlan['interfaces'] {
  const instance = instances.get(networkInterface.attachment!.instanceId)
  if (!instance) return []
  const rateMbps = rateOf(instance)
  const [primary] = networkInterface.privateAddresses
  const byResource = instance.spec.privateDnsHostnameType === 'resource-name'
  return [
    {
      interfaceId: networkInterface.id,
      instanceId: instance.id,
      subnetId: networkInterface.subnetId,
      mac: networkInterface.mac,
      privateAddresses: networkInterface.privateAddresses,
      ...(networkInterface.ipv6Addresses?.length && {
        ipv6Addresses: networkInterface.ipv6Addresses,
      }),
      publicAddresses: publicBindings(networkInterface).map((each) => {
        return { privateAddress: each.privateAddress, publicAddress: each.publicAddress }
      }),
      groupIds: networkInterface.groupIds,
      isSourceDestChecked: networkInterface.isSourceDestChecked,
      hostName: byResource ? instance.id : hostNameOf(primary!),
      ...(byResource && !resourceNamesOf(instance.spec).hasA && { isUnnamed: true }),
      metadata: {
        isEnabled: instance.spec.metadata.isEnabled,
        hopLimit: instance.spec.metadata.hopLimit,
      },
      ...(rateMbps !== null && { rateMbps }),
      isLive: true,
    },
  ]
}

function aclOf(subnet: Subnet, acls: readonly NetworkAcl[]): { acl?: AclPlan } {
  const acl = acls.find((each) => each.associations.some((one) => one.subnetId === subnet.id))
  if (!acl) return {}
  const rules = (isEgress: boolean): AclRulePlan[] =>
    acl.entries
      .filter((entry) => entry.isEgress === isEgress)
      .sort((a, b) => a.ruleNumber - b.ruleNumber)
      .map(({ isAllow, protocol, cidrBlock: cidr, ports = null, icmp = null }) => {
        return { isAllow, protocol, cidr, ports, icmp }
      })
  return { acl: { ingress: rules(false), egress: rules(true) } }
}

function groupPlan(group: SecurityGroup, records: VpcRecords): GroupPlan {
  const rules = (isEgress: boolean): GroupRulePlan[] =>
    group.rules
      .filter((rule) => rule.isEgress === isEgress)
      .flatMap((rule): GroupRulePlan[] => {
        const { protocol, fromPort, toPort, peer } = rule
        const ofBlock = (cidr: string): GroupRulePlan => {
          return { protocol, fromPort, toPort, peer: { type: 'cidr', cidr } }
        }
        if (peer.type === 'prefixList') return blocksOf(peer.listId, records).map(ofBlock)
        if (peer.type === 'cidr' || peer.type === 'cidr6') return [ofBlock(peer.cidr)]
        const { groupId } = peer
        return [{ protocol, fromPort, toPort, peer: { type: 'group', groupId } }]
      })
  return {
    groupId: group.id,
    ingress: rules(false),
    egress: rules(true),
    memberAddresses: records.members.get(group.id) ?? [],
  }
}
