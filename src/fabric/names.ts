/**
 * The fabric's names and addresses on a host, all derived from the plan: whoever meets one of them on a broken host
 * can tell what it belongs to, and nothing outside these patterns is ever touched.
 */
import { assert } from '../lib/assert.ts'
import { block6Address } from '../domain/net/blocks.ts'
import { addressFormat, cidrAddress, cidrParse } from '../domain/net/cidr.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'

/** nft table, in the host's namespace and in each VPC's own. */
export const TABLE = 'brume'
/** The host's end of a VPC's veth pair is `brume<index>`; its other end, in the namespace: */
export const LINK_HOST_PREFIX = 'brume'
export const LINK_UPLINK = 'uplink'
/** Every TAP's name begins with it (see `tapNameOf`); no other link in a namespace does. */
export const LINK_TAP_PREFIX = 't'
/** Where what a machine sends waits for its turn, and what it receives with several interfaces. */
export const LINK_SENT_PREFIX = 'o'
export const LINK_RECEIVED_PREFIX = 'i'
/** The link to the namespace of a peered VPC, by its index. */
export const LINK_PEER_PREFIX = 'peer'
/** Of VPCs and of load balancers. */
export const NAMESPACE_PREFIXES = ['brume-vpc-', 'brume-elb-']
export const NAMESPACE_FOLDER = '/run/netns'
/** Routing protocol number: how we know our routes on the host (below 4 is the kernel's, ours is arbitrary). */
export const ROUTE_PROTOCOL = '183'

export const METADATA_ADDRESS = '169.254.169.254'
export const DNS_LINK_ADDRESS = '169.254.169.253'
export const NTP_ADDRESS = '169.254.169.123'
/** Where guests reach the AWS API itself. Nothing of AWS's is there. */
export const API_ADDRESS = '169.254.169.251'
export const API_PORT = 4566
/** AWS's link-local addresses belong to the platform: no guest may use one, none is routed. */
export const LINK_LOCAL_CIDR = '169.254.0.0/16'
/** The lower half numbers our veth pairs (a /31 each); 169.254.169.x lies in the upper half. */
export const LINK_CIDR = '169.254.0.0/17'
const INDEX_MAX = 2 ** (31 - 17) - 1

/** AWS's resolver by IPv6, and the block of its services. */
export const DNS_ADDRESS_6 = 'fd00:ec2::253'
export const SERVICES_CIDR_6 = 'fd00:ec2::/32'
/** The router's on every TAP, as guests learn it by router advertisements. */
export const ROUTER_ADDRESS_6 = 'fe80::1'

export interface LinkNames {
  host: string
  hostAddress: string
  namespaceAddress: string
  /** Link-local. */
  hostAddress6: string
  namespaceAddress6: string
}

export function linkOf(index: number): LinkNames {
  assert(Number.isInteger(index) && index >= 0 && index <= INDEX_MAX, `VPC index ${index}`)
  const base = cidrParse(LINK_CIDR).base + index * 2
  return {
    host: `${LINK_HOST_PREFIX}${index}`,
    hostAddress: addressFormat(base),
    namespaceAddress: addressFormat(base + 1),
    hostAddress6: `fe80::a:${index.toString(16)}`,
    namespaceAddress6: `fe80::b:${index.toString(16)}`,
  }
}

export function peerLinkOf(index: number): string {
  return `${LINK_PEER_PREFIX}${index}`
}

/** The resolver's address inside a VPC: the primary block's base plus two. */
export function resolverAddressOf(plan: Pick<VpcNetworkPlan, 'cidrs'>): string {
  const primary = plan.cidrs[0]
  assert(primary !== undefined, 'a VPC has a CIDR block')
  return cidrAddress(cidrParse(primary), 2)
}

/** What guests and rules see when the host itself calls a public address: the pool's first usable address. */
export function hostAddressOf(publicPool: string): string {
  return cidrAddress(cidrParse(publicPool), 1)
}

/** The same by IPv6. */
export function hostAddress6Of(ipv6Pool: string): string {
  return block6Address(ipv6Pool, 1n)
}

/** Those of link-local addresses that we give; the kernel makes others by itself. */
export function isOwnLinkLocal(address: string): boolean {
  return /^fe80::(?:1|[ab]:[0-9a-f]{1,4})$/.test(address)
}

/** AWS's own private DNS zone of a region. */
export function privateZoneOf(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`
}
