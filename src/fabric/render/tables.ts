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
import { EVERYWHERE_6, isIpv6, ofFamily4, ofFamily6 } from '../../domain/net/blocks.ts'
import { linkOf, peerLinkOf } from '../names.ts'
import { hasIpv6 } from './families.ts'
import { snatTo } from './routes.ts'
import { elements } from './text.ts'

/** Before the main table's; how our rules are known. */
export const RULE_PRIORITY = 1_000
/** Below are the kernel's own tables and those that administrators number by hand. */
const TABLE_FIRST = 100_000

/** What is not said to be of IPv6 is of IPv4. */
export function ruleText(tap: string, table: string, is6: boolean): string {
  return `${is6 ? `from ${EVERYWHERE_6} ` : ''}iif ${tap} lookup ${table} pref ${RULE_PRIORITY}`
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
    const taps = live.filter((nic) => nic.subnetId === subnet.subnetId)
    if (taps.length === 0) continue
    const table = tableOf(subnet)
    for (const is6 of hasIpv6(plan) ? [false, true] : [false]) {
      const own = subnet.routes.filter(({ cidr }) => isIpv6(cidr) === is6)
      if (!own.some((route) => innerOf(route))) continue
      routes.push(...tableRoutes(plan, subnet, own, is6).map((route) => `${route} table ${table}`))
      rules.push(...taps.map((nic) => ruleText(tapNameOf(nic.interfaceId), table, is6)))
    }
  }
  return { routes, rules }
}

function tableRoutes(
  plan: VpcNetworkPlan,
  subnet: SubnetPlan,
  own: readonly RoutePlan[],
  is6: boolean,
): string[] {
  const byCidr = new Map<string, string>()
  const inner = [subnet.cidr, ...(subnet.cidr6 ? [subnet.cidr6] : []), ...plan.cidrs]
  for (const cidr of inner.filter((each) => isIpv6(each) === is6)) {
    byCidr.set(cidr, `throw ${cidr}`)
  }
  for (const route of own) {
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
    const { namespaceAddress, namespaceAddress6 } = linkOf(inner.index)
    const next = isIpv6(cidr) ? namespaceAddress6 : namespaceAddress
    return `${cidr} via ${next} dev ${peerLinkOf(inner.index)} onlink`
  }
  return `${route.target.type === 'nowhere' ? 'blackhole' : 'throw'} ${cidr}`
}

/** From a peered VPC only its own addresses may come, and only to ours: a peering is no way to anywhere else. */
export function peerInRules(plan: VpcNetworkPlan): string[] {
  return (plan.peers ?? []).flatMap(({ index, cidrs }) =>
    familiesOf(plan).flatMap(([header, pick]) => {
      const [theirs, ours] = [pick(cidrs), pick(plan.cidrs)]
      if (theirs.length === 0 || ours.length === 0) return []
      const link = `iifname "${peerLinkOf(index)}"`
      return [
        `${link} ${header} saddr ${elements(theirs)} ${header} daddr ${elements(ours)} accept`,
      ]
    }),
  )
}

/** The other side judges what comes in there. */
export function peerOutRules(plan: VpcNetworkPlan): string[] {
  return (plan.peers ?? []).flatMap(({ index, cidrs }) =>
    familiesOf(plan).flatMap(([header, pick]) => {
      const theirs = pick(cidrs)
      if (theirs.length === 0) return []
      return [`oifname "${peerLinkOf(index)}" ${header} daddr ${elements(theirs)} accept`]
    }),
  )
}

function familiesOf(plan: VpcNetworkPlan) {
  const four = ['ip', ofFamily4] as const
  return hasIpv6(plan) ? [four, ['ip6', ofFamily6] as const] : [four]
}

/** Translation to a private NAT gateway's address, by the subnet's longest route. */
export function privateNatRules(plan: VpcNetworkPlan): string[] {
  return plan.subnets.flatMap((subnet) => {
    if (!subnet.routes.some(({ target }) => target.type === 'privateNat')) return []
    return subnet.routes.flatMap(({ cidr, target }) => {
      if (isIpv6(cidr)) return []
      const head = `ip saddr ${subnet.cidr} ip daddr ${cidr}`
      if (target.type === 'privateNat')
        return [`${head} ${outLinks(target)} ${snatTo(target.addresses)}`]
      // A longer route without translation stands before a shorter one with it.
      return target.type === 'interface' || target.type === 'peer' ? [`${head} accept`] : []
    })
  })
}

function outLinks({ next }: { next: InnerTarget }): string {
  const link = next.type === 'peer' ? peerLinkOf(next.index) : tapNameOf(next.interfaceId)
  return `oifname "${link}"`
}
