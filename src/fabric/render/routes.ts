/**
 * Routes of subnets as nftables text. Pure. Every packet that leaves a VPC leaves by one link, so a route table is a
 * question of what may: packet by packet, without regard to connections, before any other judgement. A subnet that
 * leads everything to the internet gateway, or nothing, needs no chain: the rules about public addresses do.
 */
import {
  tapNameOf,
  type InterfacePlan,
  type SubnetPlan,
  type VpcNetworkPlan,
} from '../../domain/network-plan.ts'
import { LINK_UPLINK } from '../names.ts'
import { chain, elements } from './text.ts'

const EVERYWHERE = '0.0.0.0/0'

export function routeChains(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]): string[] {
  const chosen = plan.subnets.filter((subnet) => !isPlain(subnet))
  const taps = chosen.flatMap((subnet) =>
    nics
      .filter((nic) => nic.subnetId === subnet.subnetId)
      .map((nic) => `"${tapNameOf(nic.interfaceId)}" : jump ${chainOf(subnet)}`),
  )
  if (taps.length === 0) return []
  return [
    ...chosen.flatMap((subnet) => chain(chainOf(subnet), leavingRules(subnet))),
    ...chain('routes', [
      'type filter hook forward priority -20; policy accept;',
      `oifname "${LINK_UPLINK}" iifname vmap ${elements(taps)}`,
    ]),
  ]
}

function isPlain({ routes }: SubnetPlan): boolean {
  const [first, ...others] = routes
  if (!first) return true
  return others.length === 0 && first.cidr === EVERYWHERE
}

function chainOf(subnet: SubnetPlan): string {
  return `${subnet.subnetId}-routes`
}

function leavingRules(subnet: SubnetPlan): string[] {
  const rules = subnet.routes.map(({ cidr, target }) => {
    const verdict = target.type === 'internet' || target.type === 'nat' ? 'return' : 'drop'
    return cidr === EVERYWHERE ? verdict : `ip daddr ${cidr} ${verdict}`
  })
  return [...rules, ...(subnet.routes.at(-1)?.cidr === EVERYWHERE ? [] : ['drop'])]
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

/** Translation to the gateway's address, by the subnet's longest route; before that of public addresses. */
export function natChains(
  plan: VpcNetworkPlan,
  nics: readonly InterfacePlan[],
): { chains: string[]; jumps: string[] } {
  const chosen = natSubnets(plan, nics).map(({ subnet }) => subnet)
  const name = (subnet: SubnetPlan): string => `${subnet.subnetId}-nat`
  const rules = (subnet: SubnetPlan): string[] =>
    subnet.routes.map(({ cidr, target }) => {
      const verdict = target.type === 'nat' ? `snat ip to ${target.publicAddress}` : 'return'
      return cidr === EVERYWHERE ? verdict : `ip daddr ${cidr} ${verdict}`
    })
  return {
    chains: chosen.flatMap((subnet) => chain(name(subnet), rules(subnet))),
    jumps: chosen.map(
      (subnet) => `oifname "${LINK_UPLINK}" ip saddr ${subnet.cidr} jump ${name(subnet)}`,
    ),
  }
}
