/**
 * Routes that lead to an interface or to a peered VPC, as routing tables. Pure. Everything else about routes is a
 * question of what may leave (routes.ts); here the kernel has to choose another way, so a subnet with such routes has
 * a table of its own that packets from its TAPs ask first. What the table does not know (`throw`: the VPC's own
 * blocks, the internet) goes on to the main table. Neighbours of one subnet always meet directly, as on AWS.
 */
import {
  tapNameOf,
  type InnerTarget,
  type RoutePlan,
  type SubnetPlan,
  type VpcNetworkPlan,
} from '../../domain/network-plan.ts'
import { linkOf, peerLinkOf } from '../names.ts'
import { elements } from './text.ts'

/** Before the main table's; how our rules are known. */
export const RULE_PRIORITY = 1_000
/** Below are the kernel's own tables and those that administrators number by hand. */
const TABLE_FIRST = 100_000

export function ruleText(tap: string, table: string): string {
  return `iif ${tap} lookup ${table} pref ${RULE_PRIORITY}`
}

/** From the id, so that a subnet keeps its table whatever comes and goes beside it. */
function tableOf({ subnetId }: SubnetPlan): string {
  const [digits = '0'] = /[0-9a-f]{7}$/.exec(subnetId) ?? []
  return String(TABLE_FIRST + Number.parseInt(digits, 16))
}

const innerOf = ({ target }: RoutePlan): InnerTarget | null => {
  if (target.type === 'privateNat') return target.next
  return target.type === 'interface' || target.type === 'peer' ? target : null
}

export function subnetTables(plan: VpcNetworkPlan): { routes: string[]; rules: string[] } {
  const routes: string[] = []
  const rules: string[] = []
  const live = plan.interfaces.filter((nic) => nic.isLive)
  for (const subnet of plan.subnets) {
    if (!subnet.routes.some((route) => innerOf(route))) continue
    const taps = live.filter((nic) => nic.subnetId === subnet.subnetId)
    if (taps.length === 0) continue
    const table = tableOf(subnet)
    routes.push(...tableRoutes(plan, subnet).map((route) => `${route} table ${table}`))
    rules.push(...taps.map((nic) => ruleText(tapNameOf(nic.interfaceId), table)))
  }
  return { routes, rules }
}

function tableRoutes(plan: VpcNetworkPlan, subnet: SubnetPlan): string[] {
  const byCidr = new Map<string, string>()
  for (const cidr of [subnet.cidr, ...plan.cidrs]) byCidr.set(cidr, `throw ${cidr}`)
  for (const route of subnet.routes) {
    const cidr = route.cidr === '0.0.0.0/0' ? 'default' : route.cidr
    if (!byCidr.has(cidr)) byCidr.set(cidr, routeLine(plan, cidr, route))
  }
  return [...byCidr.values()]
}

function routeLine(plan: VpcNetworkPlan, cidr: string, route: RoutePlan): string {
  const inner = innerOf(route)
  if (inner?.type === 'interface') {
    const nic = plan.interfaces.find((each) => each.interfaceId === inner.interfaceId)
    if (!nic?.isLive) return `blackhole ${cidr}`
    return `${cidr} via ${inner.address} dev ${tapNameOf(inner.interfaceId)} onlink`
  }
  if (inner?.type === 'peer') {
    if (!plan.peers?.some((peer) => peer.index === inner.index)) return `blackhole ${cidr}`
    const { namespaceAddress } = linkOf(inner.index)
    return `${cidr} via ${namespaceAddress} dev ${peerLinkOf(inner.index)} onlink`
  }
  return `${route.target.type === 'nowhere' ? 'blackhole' : 'throw'} ${cidr}`
}

/** From a peered VPC only its own addresses may come, and only to ours: a peering is no way to anywhere else. */
export function peerInRules(plan: VpcNetworkPlan): string[] {
  return (plan.peers ?? []).map(
    ({ index, cidrs }) =>
      `iifname "${peerLinkOf(index)}" ip saddr ${elements(cidrs)} ip daddr ${elements(plan.cidrs)} accept`,
  )
}

/** The other side judges what comes in there. */
export function peerOutRules(plan: VpcNetworkPlan): string[] {
  return (plan.peers ?? []).map(
    ({ index, cidrs }) => `oifname "${peerLinkOf(index)}" ip daddr ${elements(cidrs)} accept`,
  )
}

/** Translation to a private NAT gateway's address, by the subnet's longest route. */
export function privateNatRules(plan: VpcNetworkPlan): string[] {
  return plan.subnets.flatMap((subnet) => {
    if (!subnet.routes.some(({ target }) => target.type === 'privateNat')) return []
    return subnet.routes.flatMap(({ cidr, target }) => {
      const head = `ip saddr ${subnet.cidr} ip daddr ${cidr}`
      if (target.type === 'privateNat')
        return [`${head} ${outLinks(target)} snat ip to ${target.address}`]
      // A longer route without translation stands before a shorter one with it.
      return target.type === 'interface' || target.type === 'peer' ? [`${head} accept`] : []
    })
  })
}

function outLinks({ next }: { next: InnerTarget }): string {
  const link = next.type === 'peer' ? peerLinkOf(next.index) : tapNameOf(next.interfaceId)
  return `oifname "${link}"`
}
