/** Everything that decides who can reach whom, as records: what the explanation of a path is made from. */
import { instanceStateOf, type Instance } from '../../../domain/instance.ts'
import { blockHas, isIpv6 } from '../../../domain/net/blocks.ts'
import { addressParse } from '../../../domain/net/cidr.ts'
import { address6Parse } from '../../../domain/net/cidr6.ts'
import {
  addressesOf,
  publicBindings,
  type NetworkAcl,
  type NetworkInterface,
  type RouteTable,
  type SecurityGroup,
  type Subnet,
  type Vpc,
} from '../../../domain/network.ts'
import type { PrefixList } from '../../../domain/prefix-list.ts'
import type { SettingsOfCloud } from '../../settings.ts'
import type { StoreReader } from '../../../store/store.ts'
import { routeTargets, type RouteTargets } from '../routes.ts'

export interface ReachState {
  vpcs: ReadonlyMap<string, Vpc>
  subnets: ReadonlyMap<string, Subnet>
  routeTables: readonly RouteTable[]
  acls: readonly NetworkAcl[]
  groups: ReadonlyMap<string, SecurityGroup>
  interfaces: readonly NetworkInterface[]
  instances: ReadonlyMap<string, Instance>
  prefixLists: ReadonlyMap<string, PrefixList>
  targets: RouteTargets
  publicPool: string
  ipv6Pool: string
}

/** Of the whole cloud: addresses and peerings know no accounts. */
export async function reachState(
  reader: StoreReader,
  { publicPool, ipv6Pool }: Pick<SettingsOfCloud, 'publicPool' | 'ipv6Pool'>,
): Promise<ReachState> {
  const byId = <R extends { id: string }>(all: readonly R[]) =>
    new Map(all.map((each) => [each.id as string, each]))
  const [vpcs, subnets, routeTables, acls, groups, interfaces, instances, lists, targets] =
    await Promise.all([
      reader.list('vpc', {}),
      reader.list('subnet', {}),
      reader.list('routeTable', {}),
      reader.list('networkAcl', {}),
      reader.list('securityGroup', {}),
      reader.list('networkInterface', {}),
      reader.list('instance', { reference: { name: 'live', value: 'yes' } }),
      reader.list('prefixList', {}),
      routeTargets(reader, {}),
    ])
  return {
    vpcs: byId(vpcs),
    subnets: byId(subnets),
    routeTables,
    acls,
    groups: byId(groups),
    interfaces,
    instances: byId(instances),
    prefixLists: byId(lists),
    targets,
    publicPool,
    ipv6Pool,
  }
}

export function isAddress(text: string): boolean {
  if (text.includes(':')) return address6Parse(text) !== undefined
  try {
    addressParse(text)
    return true
  } catch {
    return false
  }
}

/** Of one family: an IPv4 address is in no IPv6 block. */
export function isIn(address: string, cidr: string): boolean {
  return blockHas(cidr, address)
}

/** Whether packets get to whoever has it: its machine runs. */
export function isLive(state: ReachState, one: NetworkInterface): boolean {
  if (one.vpcEndpointId || one.loadBalancer) return true
  const instance = state.instances.get(one.attachment?.instanceId ?? '')
  return instance !== undefined && instanceStateOf(instance) === 'running'
}

export function interfaceWith(
  state: ReachState,
  vpcId: string,
  address: string,
): NetworkInterface | undefined {
  return state.interfaces.find((one) => one.vpcId === vpcId && addressesOf(one).includes(address))
}

export function publicOf(one: NetworkInterface, privateAddress: string): string | undefined {
  return publicBindings(one).find((each) => each.privateAddress === privateAddress)?.publicAddress
}

/** Who is meant by an address of the internet; an IPv6 one is the interface's own. */
export function interfaceOfPublic(state: ReachState, address: string) {
  if (isIpv6(address)) {
    const one = state.interfaces.find((each) => each.ipv6Addresses?.includes(address))
    return one && { one, privateAddress: address }
  }
  for (const one of state.interfaces) {
    const binding = publicBindings(one).find((each) => each.publicAddress === address)
    if (binding) return { one, privateAddress: binding.privateAddress }
  }
  return undefined
}
