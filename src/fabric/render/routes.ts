/**
 * Routes of subnets as nftables text. Pure. Every packet that leaves a VPC leaves by one link, so a route table is a
 * question of what may: packet by packet, without regard to connections, before any other judgement. A subnet that
 * leads everything to the internet gateway, or nothing, needs no chain: the rules about public addresses do.
 */
import {
  tapNameOf,
  type InterfacePlan,
  type RoutePlan,
  type SubnetPlan,
  type VpcNetworkPlan,
} from '../../domain/network-plan.ts'
import { isIpv6 } from '../../domain/net/blocks.ts'
import { LINK_UPLINK } from '../names.ts'
import { blockMatch, hasIpv6, isEverywhere } from './families.ts'
import { chain, elements } from './text.ts'

export function routeChains(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]): string[] {
  const has6 = hasIpv6(plan)
  const chosen = plan.subnets.filter((subnet) => !isPlain(subnet, has6))
  const taps = chosen.flatMap((subnet) =>
    nics
      .filter((nic) => nic.subnetId === subnet.subnetId)
      .map((nic) => `"${tapNameOf(nic.interfaceId)}" : jump ${chainOf(subnet)}`),
  )
  if (taps.length === 0) return []
  return [
    ...chosen.flatMap((subnet) => chain(chainOf(subnet), leavingRules(subnet, has6))),
    ...chain('routes', [
      'type filter hook forward priority -20; policy accept;',
      `oifname "${LINK_UPLINK}" iifname vmap ${elements(taps)}`,
    ]),
  ]
}

function isPlain({ routes }: SubnetPlan, has6: boolean): boolean {
  const families = has6 ? [false, true] : [false]
  return families.every((is6) => {
    const [first, ...others] = routes.filter(({ cidr }) => isIpv6(cidr) === is6)
    return !first || (others.length === 0 && isEverywhere(first.cidr))
  })
}

function chainOf(subnet: SubnetPlan): string {
  return `${subnet.subnetId}-routes`
}

const LEAVING: readonly RoutePlan['target']['type'][] = ['internet', 'nat', 'egressOnly']

function leavingRules(subnet: SubnetPlan, has6: boolean): string[] {
  const rules = subnet.routes.flatMap(({ cidr, target }) => {
    const match = blockMatch('daddr', cidr, has6)
    const verdict = LEAVING.includes(target.type) ? 'return' : 'drop'
    return match === null ? [] : [`${match} ${verdict}`.trim()]
  })
  const isWhole = !has6 && rules.some((rule) => rule === 'return' || rule === 'drop')
  return [...rules, ...(isWhole ? [] : ['drop'])]
}

/** The TAPs of the subnets that a NAT gateway leads out, with their subnet. */
function natSubnets(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]) {
  return plan.subnets
    .filter(({ routes }) => routes.some(({ target }) => target.type === 'nat'))
    .map((subnet) => ({
      subnet,
      taps: nics
        .filter((nic) => nic.subnetId === subnet.subnetId)
        .map((nic) => `"${tapNameOf(nic.interfaceId)}"`),
    }))
    .filter(({ taps }) => taps.length > 0)
}

/** What leaves by a NAT gateway needs no public address of its own. Which destinations: `routes` has judged. */
export function natAcceptRules(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]): string[] {
  return natSubnets(plan, nics).map(
    ({ subnet, taps }) =>
      `iifname ${elements(taps)} oifname "${LINK_UPLINK}" ip saddr ${subnet.cidr} accept`,
  )
}

/** Of several addresses each new connection takes the next. */
export function snatTo(addresses: readonly string[]): string {
  const [only, ...others] = addresses
  if (others.length === 0) return `snat ip to ${only}`
  const numbered = addresses.map((address, n) => `${n} : ${address}`)
  return `snat ip to numgen inc mod ${addresses.length} map ${elements(numbered)}`
}

/** Translation to the gateway's address, by the subnet's longest route; before that of public addresses. */
export function natChains(
  plan: VpcNetworkPlan,
  nics: readonly InterfacePlan[],
): { chains: string[]; jumps: string[] } {
  const chosen = natSubnets(plan, nics).map(({ subnet }) => subnet)
  const name = (subnet: SubnetPlan): string => `${subnet.subnetId}-nat`
  const rules = (subnet: SubnetPlan): string[] =>
    subnet.routes
      .filter(({ cidr }) => !isIpv6(cidr))
      .map(({ cidr, target }) => {
        const verdict = target.type === 'nat' ? snatTo(target.publicAddresses) : 'return'
        return isEverywhere(cidr) ? verdict : `ip daddr ${cidr} ${verdict}`
      })
  return {
    chains: chosen.flatMap((subnet) => chain(name(subnet), rules(subnet))),
    jumps: chosen.map(
      (subnet) => `oifname "${LINK_UPLINK}" ip saddr ${subnet.cidr} jump ${name(subnet)}`,
    ),
  }
}
