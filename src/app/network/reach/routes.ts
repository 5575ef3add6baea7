/** Which route of a subnet a packet takes: the longest prefix, as the kernel and AWS choose. Pure. */
import type { Route, RouteTable, Subnet } from '../../../domain/network.ts'
import { blocksOf } from '../plan-blocks.ts'
import { tableOf } from '../plan-routes.ts'
import { isPrefixListId } from '../prefix-lists.ts'
import { routeStateOf } from '../routes.ts'
import { isIpv6, prefixOfBlock } from '../../../domain/net/blocks.ts'
import { isIn, type ReachState } from './state.ts'

export interface RouteChoice {
  table: RouteTable
  route: Route
  isActive: boolean
}

export function tableOfSubnet(state: ReachState, subnet: Subnet): RouteTable {
  const inVpc = state.routeTables.filter((table) => table.vpcId === subnet.vpcId)
  return tableOf(subnet.id, inVpc)!
}

export function routeFor(
  state: ReachState,
  subnet: Subnet,
  address: string,
): RouteChoice | { table: RouteTable; route: null } {
  const table = tableOfSubnet(state, subnet)
  let best: { route: Route; rank: number } | undefined
  for (const route of table.routes) {
    const isList = isPrefixListId(route.destination)
    const cidrs = isList ? blocksOf(route.destination, state) : [route.destination]
    for (const cidr of cidrs) {
      if (!isIn(address, cidr)) continue
      // Of the same block, the local one is before any other, a prefix list's behind.
      const rank = prefixOfBlock(cidr) * 4 + (route.target.type === 'local' ? 2 : isList ? 0 : 1)
      if (!best || rank > best.rank) best = { route, rank }
    }
  }
  if (!best) return { table, route: null }
  const isActive = routeStateOf(table, best.route, state.targets) === 'active'
  return { table, route: best.route, isActive }
}

/**
 * Whether anything of the subnet, of the address's family, goes to an internet gateway that is there: only then its
 * public addresses live.
 */
export function isPublicSubnet(state: ReachState, subnet: Subnet, address: string): boolean {
  const table = tableOfSubnet(state, subnet)
  return table.routes.some((route) => {
    if (route.target.type !== 'internetGateway') return false
    const { destination } = route
    const cidrs = isPrefixListId(destination) ? blocksOf(destination, state) : [destination]
    const isOfFamily = cidrs.some((cidr) => isIpv6(cidr) === isIpv6(address))
    return isOfFamily && routeStateOf(table, route, state.targets) === 'active'
  })
}
