/** The routes of a subnet as a host needs them: what each leads to, seen through gateways. Pure. */
import { blocksOverlap, blockWithin, isIpv6, prefixOfBlock } from '../../domain/net/blocks.ts'
import {
  natAddresses,
  type NatGateway,
  type Route,
  type RouteTable,
  type Subnet,
} from '../../domain/network.ts'
import type { InnerTarget, RoutePlan } from '../../domain/network-plan.ts'
import { peeringOther } from '../../domain/peering.ts'
import type { VpcRecords } from './vpc-records.ts'
import { blocksOf } from './plan-blocks.ts'
import { isPrefixListId } from './prefix-lists.ts'
import { routeStateOf } from './routes.ts'

/** The subnet's own table, or the main one. */
export function tableOf(subnetId: string, tables: readonly RouteTable[]): RouteTable | undefined {
  const own = tables.find((table) => table.associations.some((a) => a.subnetId === subnetId))
  return own ?? tables.find((table) => table.associations.some((a) => a.subnetId === null))
}

/** Those within the VPC are the namespace's affair. The longest prefix first. */
export function routesOf(subnet: Pick<Subnet, 'id' | 'vpcId'>, records: VpcRecords): RoutePlan[] {
  return (tableOf(subnet.id, records.routeTables)?.routes ?? [])
    .filter((route) => route.target.type !== 'local')
    .sort((a, b) => Number(isPrefixListId(a.destination)) - Number(isPrefixListId(b.destination)))
    .flatMap((route) => routePlans(subnet, route, records))
    .sort((a, b) => prefixOfBlock(b.cidr) - prefixOfBlock(a.cidr))
}

/** "If a route with a prefix list overlaps with another of the same block, the other takes priority": it is first. */
function routePlans(subnet: Pick<Subnet, 'vpcId'>, route: Route, records: VpcRecords): RoutePlan[] {
  const { destination } = route
  const cidrs = isPrefixListId(destination) ? blocksOf(destination, records) : [destination]
  return cidrs.flatMap((cidr) => targetsOf(subnet, route, records, cidr))
}

function targetsOf(
  subnet: Pick<Subnet, 'vpcId'>,
  route: Route,
  records: VpcRecords,
  cidr: string,
): RoutePlan[] {
  const { target } = route
  const nowhere: RoutePlan = { cidr, target: { type: 'nowhere' } }
  if (routeStateOf(subnet, route, records.targets) !== 'active') return [nowhere]
  if (target.type === 'internetGateway') return [{ cidr, target: { type: 'internet' } }]
  if (target.type === 'egressOnlyGateway') {
    return [isIpv6(cidr) ? { cidr, target: { type: 'egressOnly' } } : nowhere]
  }
  if (target.type === 'natGateway') {
    // A list may have blocks of IPv6, which no NAT gateway takes.
    if (isIpv6(cidr)) return [nowhere]
    return throughNat(records.targets.natGateways.get(target.id)!, records, nowhere)
  }
  const inner = innerOf(route, records, isIpv6(cidr))
  return [inner ? { cidr, target: inner } : nowhere]
}

function innerOf({ target }: Route, records: VpcRecords, is6: boolean): InnerTarget | null {
  if (target.type === 'networkInterface') {
    const one = records.targets.interfaces.get(target.id)
    const address = is6 ? one?.ipv6Addresses?.[0] : one?.privateAddresses[0]
    return one && address ? { type: 'interface', interfaceId: one.id, address } : null
  }
  if (target.type !== 'peering') return null
  const peering = records.targets.peerings.get(target.id)
  const other = peering && peeringOther(peering, records.vpc.id).vpcId
  const peer = records.peers.find((each) => each.vpcId === other)
  return peer ? { type: 'peer', index: peer.index } : null
}

/** A NAT gateway is no better off than the subnet it is in: where that leads, it leads. */
function throughNat(gateway: NatGateway, records: VpcRecords, asked: RoutePlan): RoutePlan[] {
  const own = (tableOf(gateway.subnetId, records.routeTables)?.routes ?? []).filter(
    ({ target }) => target.type !== 'natGateway' && target.type !== 'local',
  )
  const { address } = gateway
  if (address) {
    const hasWayOut = own.some(
      (each) =>
        each.target.type === 'internetGateway' &&
        !isIpv6(each.destination) &&
        routeStateOf(gateway, each, records.targets) === 'active',
    )
    if (!hasWayOut) return [asked]
    const all = natAddresses(gateway).map(({ association }) => association!.publicAddress)
    return [{ ...asked, target: { type: 'nat', publicAddresses: all } }]
  }
  const onward = own.flatMap((route) => routePlans(gateway, route, records))
  const within = onward.flatMap(({ cidr, target }): RoutePlan[] => {
    const both = intersection(cidr, asked.cidr)
    if (!both || (target.type !== 'interface' && target.type !== 'peer')) return []
    const addresses = natAddresses(gateway).map(({ privateAddress }) => privateAddress)
    const to = { type: 'privateNat', addresses, next: target } as const
    return [{ cidr: both, target: to }]
  })
  return within.some(({ cidr }) => cidr === asked.cidr) ? within : [...within, asked]
}

/** Of two blocks one lies in the other, or they have nothing in common. */
function intersection(a: string, b: string): string | null {
  if (!blocksOverlap(a, b)) return null
  return blockWithin(a, b) ? a : b
}
