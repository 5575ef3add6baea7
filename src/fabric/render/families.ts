/** What is of which family in a plan. Pure. A VPC without IPv6 is rendered as if there were none in the world. */
import { EVERYWHERE_4, EVERYWHERE_6, isIpv6, ofFamily4 } from '../../domain/net/blocks.ts'
import type { VpcNetworkPlan } from '../../domain/network-plan.ts'

export function hasIpv6({ cidrs }: Pick<VpcNetworkPlan, 'cidrs'>): boolean {
  return cidrs.some(isIpv6)
}

/** For a kernel without: everything of IPv6 is rendered only for a VPC that has a block of it. */
export function withoutIpv6(plan: VpcNetworkPlan): VpcNetworkPlan {
  return { ...plan, cidrs: ofFamily4(plan.cidrs) }
}

export function isEverywhere(cidr: string): boolean {
  return cidr === EVERYWHERE_4 || cidr === EVERYWHERE_6
}

/** `ip` or `ip6`: how nftables names the header that has the address. */
export function headerOf(address: string): 'ip' | 'ip6' {
  return isIpv6(address) ? 'ip6' : 'ip'
}

/**
 * A match of one side's block. Everything of a family is that family, where there is another.
 * @returns null for IPv6 where there is none.
 */
export function blockMatch(side: 'saddr' | 'daddr', cidr: string, has6: boolean): string | null {
  if (isIpv6(cidr) && !has6) return null
  if (!isEverywhere(cidr)) return `${headerOf(cidr)} ${side} ${cidr}`
  if (!has6) return ''
  return `meta nfproto ${isIpv6(cidr) ? 'ipv6' : 'ipv4'}`
}
