/**
 * From the API's view of networks to what a host applies: for every VPC with a machine on the host, its whole plan.
 * Pure once the records are read.
 */
import { addressFormat, cidrParse } from '../../domain/net/cidr.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import {
  hostNameOf,
  privateDomainOf,
  type NetworkInterface,
  type RouteTable,
  type SecurityGroup,
  type Subnet,
  type Vpc,
} from '../../domain/network.ts'
import type { GroupPlan, GroupRulePlan, VpcNetworkPlan } from '../../domain/network-plan.ts'
import type { StoreReader } from '../../store/store.ts'

/** Everything of one VPC that its plan is made from. */
export interface VpcRecords {
  vpc: Vpc
  subnets: readonly Subnet[]
  routeTables: readonly RouteTable[]
  groups: readonly SecurityGroup[]
  interfaces: readonly NetworkInterface[]
  instances: readonly Instance[]
  dhcpOptions: Readonly<Record<string, readonly string[]>>
}

/** Plans of all VPCs that have a machine on this host, in order of id. */
export async function networkPlans(reader: StoreReader, hostId: string): Promise<VpcNetworkPlan[]> {
  const here = await reader.list('instance', { reference: { name: 'host', value: hostId } })
  const live = here.filter(hasMachine)
  const vpcIds = [...new Set(live.map((instance) => instance.spec.vpcId))].sort()
  const plans: VpcNetworkPlan[] = []
  for (const vpcId of vpcIds) {
    const records = await vpcRecords(reader, vpcId, live)
    if (records) plans.push(planOf(records))
  }
  return plans
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
): Promise<VpcRecords | undefined> {
  const vpc = await reader.get('vpc', vpcId)
  if (!vpc) return undefined
  const inVpc = { reference: { name: 'vpc', value: vpcId } }
  const dhcp = await reader.get('dhcpOptions', vpc.dhcpOptionsId)
  return {
    vpc,
    subnets: await reader.list('subnet', inVpc),
    routeTables: await reader.list('routeTable', inVpc),
    groups: await reader.list('securityGroup', inVpc),
    interfaces: await reader.list('networkInterface', inVpc),
    instances: live.filter((instance) => instance.spec.vpcId === vpcId),
    dhcpOptions: dhcp?.options ?? {},
  }
}

export function planOf(records: VpcRecords): VpcNetworkPlan {
  const { vpc } = records
  const instances = new Map(records.instances.map((instance) => [instance.id, instance]))
  const servers = records.dhcpOptions['domain-name-servers'] ?? ['AmazonProvidedDNS']
  const ntpServers = records.dhcpOptions['ntp-servers']
  return {
    vpcId: vpc.id,
    account: vpc.account as VpcNetworkPlan['account'],
    region: vpc.region,
    cidrs: [vpc.cidrBlock],
    index: vpc.index,
    dns: {
      isServed: vpc.hasDnsSupport,
      domain: records.dhcpOptions['domain-name']?.[0] ?? privateDomainOf(vpc.region),
      servers: servers.includes('AmazonProvidedDNS') ? null : [...servers],
      ntpServers: ntpServers ? [...ntpServers] : null,
    },
    subnets: records.subnets.map((subnet) => ({
      subnetId: subnet.id,
      cidr: subnet.cidrBlock,
      gateway: addressFormat(cidrParse(subnet.cidrBlock).base + 1),
      hasInternetRoute: hasInternetRoute(subnet, records.routeTables),
    })),
    interfaces: records.interfaces
      .filter((networkInterface) => networkInterface.attachment)
      .flatMap((networkInterface) => interfacePlan(networkInterface, instances)),
    groups: records.groups.map((group) => groupPlan(group, records.interfaces)),
  }
}

function interfacePlan(
  networkInterface: NetworkInterface,
  instances: ReadonlyMap<string, Instance>,
): VpcNetworkPlan['interfaces'] {
  const instance = instances.get(networkInterface.attachment!.instanceId)
  if (!instance) return []
  const [primary] = networkInterface.privateAddresses
  const { publicAddress } = networkInterface
  const byResource = instance.spec.privateDnsHostnameType === 'resource-name'
  return [
    {
      interfaceId: networkInterface.id,
      instanceId: instance.id,
      subnetId: networkInterface.subnetId,
      mac: networkInterface.mac,
      privateAddresses: networkInterface.privateAddresses,
      publicAddresses: publicAddress ? [{ privateAddress: primary!, publicAddress }] : [],
      groupIds: networkInterface.groupIds,
      isSourceDestChecked: networkInterface.isSourceDestChecked,
      hostName: byResource ? instance.id : hostNameOf(primary!),
      metadata: {
        isEnabled: instance.spec.metadata.isEnabled,
        hopLimit: instance.spec.metadata.hopLimit,
      },
      isLive: true,
    },
  ]
}

function hasInternetRoute(subnet: Subnet, tables: readonly RouteTable[]): boolean {
  const own = tables.find((table) => table.associations.some((a) => a.subnetId === subnet.id))
  const main = tables.find((table) => table.associations.some((a) => a.subnetId === null))
  const table = own ?? main
  return Boolean(
    table?.routes.some(
      (route) => route.destination === '0.0.0.0/0' && route.target.type === 'internetGateway',
    ),
  )
}

function groupPlan(group: SecurityGroup, interfaces: readonly NetworkInterface[]): GroupPlan {
  const rules = (isEgress: boolean): GroupRulePlan[] =>
    group.rules
      .filter((rule) => rule.isEgress === isEgress)
      .flatMap((rule): GroupRulePlan[] => {
        const { protocol, fromPort, toPort, peer } = rule
        // There is no IPv6 in guests yet, so its rules allow nothing that exists.
        if (peer.type === 'cidr6') return []
        return [{ protocol, fromPort, toPort, peer }]
      })
  return {
    groupId: group.id,
    ingress: rules(false),
    egress: rules(true),
    memberAddresses: interfaces
      .filter((networkInterface) => networkInterface.groupIds.includes(group.id))
      .flatMap((networkInterface) => networkInterface.privateAddresses)
      .sort(),
  }
}
