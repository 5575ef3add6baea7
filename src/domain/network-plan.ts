/**
 * The whole intended network of one VPC on one host: pure data, made by the control plane, rendered and applied by
 * the fabric (namespace, TAPs, routes, nftables, DHCP, DNS). Applying the same plan twice changes nothing; whatever
 * is on the host and not in a plan is removed. Recipe: routed TAPs with proxy ARP, no bridge (docs/networking.md).
 */
import type {
  AccountId,
  InstanceId,
  NetworkInterfaceId,
  SecurityGroupId,
  SubnetId,
  VpcId,
} from './ids.ts'

export interface VpcNetworkPlan {
  vpcId: VpcId
  account: AccountId
  region: string
  /** Both families; the primary IPv4 block first. */
  cidrs: readonly string[]
  /** Small number unique on this host while the VPC lives: link names and link addresses derive from it. */
  index: number
  dns: VpcDnsPlan
  subnets: readonly SubnetPlan[]
  interfaces: readonly InterfacePlan[]
  groups: readonly GroupPlan[]
  /** Absent: none. */
  peers?: readonly PeerPlan[]
  /** Where the cloud's own services are served inside the VPC. Absent: nowhere. */
  endpoints?: readonly EndpointPlan[]
}

export interface EndpointPlan {
  interfaceId: NetworkInterfaceId
  subnetId: SubnetId
  address: string
  groupIds: readonly SecurityGroupId[]
}

/** Of an endpoint: plain and TLS. */
export const ENDPOINT_PORTS = { plain: 80, tls: 443 } as const

export interface VpcDnsPlan {
  /** `enableDnsSupport`: answer at the VPC's base address + 2 and at 169.254.169.253. */
  isServed: boolean
  /** `ec2.internal` in us-east-1, `<region>.compute.internal` elsewhere, or the DHCP option set's own. */
  domain: string
  /** Servers of both families to hand out by DHCP when not `AmazonProvidedDNS`. */
  servers: readonly string[] | null
  ntpServers: readonly string[] | null
  /** Of leases by DHCPv6. Absent: EC2's. */
  ipv6LeaseSeconds?: number
  /** Further DHCP options by dnsmasq's names for them. */
  netbios?: { servers: readonly string[]; nodeType: number | null }
  /** Public names, which in here stand for private addresses. Absent: none. */
  publicNames?: readonly { name: string; address: string }[]
  /** Names of instances by their id, with addresses of either family. Absent: none. */
  resourceNames?: readonly { name: string; address: string }[]
  /** Names of load balancers, each of every one of its addresses. Absent: none. */
  balancerNames?: readonly { name: string; address: string }[]
  /** Names of public addresses, each the other way round too. Absent: none. */
  reverseNames?: readonly { name: string; address: string }[]
}

export interface SubnetPlan {
  subnetId: SubnetId
  cidr: string
  /** First address of the subnet, where the router answers. */
  gateway: string
  /** The IPv6 block, a /64. Absent: none. */
  cidr6?: string
  /** Where packets go that leave the VPC's own blocks; the longest prefix first. What none covers is dropped. */
  routes: readonly RoutePlan[]
  /** Judges every packet that enters or leaves the subnet; absent: all may. */
  acl?: AclPlan
}

/** In order; the first that matches decides, and what none matches is dropped. */
export interface AclPlan {
  ingress: readonly AclRulePlan[]
  egress: readonly AclRulePlan[]
}

export interface AclRulePlan {
  isAllow: boolean
  /** A protocol number, or `-1`: all. */
  protocol: string
  cidr: string
  /** Destination ports, of tcp and udp. */
  ports: { from: number; to: number } | null
  /** -1: any. */
  icmp: { type: number; code: number } | null
}

export interface RoutePlan {
  cidr: string
  /** `nowhere`: the target is gone, and the route stands in the way of shorter ones. */
  target:
    | { type: 'internet' }
    /** A public NAT gateway: each connection leaves by one of its addresses. */
    | { type: 'nat'; publicAddresses: readonly string[] }
    /** Of IPv6: out, and nobody in. */
    | { type: 'egressOnly' }
    | { type: 'nowhere' }
    | InnerTarget
    /** A private NAT gateway: its private addresses stand for the sender's on the way to `next`. */
    | { type: 'privateNat'; addresses: readonly string[]; next: InnerTarget }
}

/** Where a route leads without leaving by the internet. */
export type InnerTarget =
  | { type: 'interface'; interfaceId: NetworkInterfaceId; address: string }
  /** Over the peering with the VPC of this index, one of `peers`. */
  | { type: 'peer'; index: number }

/** A peered VPC that is on this host too. */
export interface PeerPlan {
  vpcId: VpcId
  index: number
  cidrs: readonly string[]
  /** Members of its groups that rules here name. */
  groups: readonly { groupId: SecurityGroupId; memberAddresses: readonly string[] }[]
}

export interface InterfacePlan {
  interfaceId: NetworkInterfaceId
  instanceId: InstanceId | null
  subnetId: SubnetId
  mac: string
  /** Primary private address first. */
  privateAddresses: readonly string[]
  /** Absent: none. */
  ipv6Addresses?: readonly string[]
  /** Public address (from the pool) by private address, 1:1. */
  publicAddresses: readonly { privateAddress: string; publicAddress: string }[]
  groupIds: readonly SecurityGroupId[]
  isSourceDestChecked: boolean
  /** Host name handed out by DHCP, for example `ip-172-31-0-5`. */
  hostName: string
  /** DHCP hands out no name, because the DNS is not to know it. */
  isUnnamed?: true
  metadata: { isEnabled: boolean; hopLimit: number }
  /** What its whole machine may send, and as much again receive, megabits a second. Absent: no limit. */
  rateMbps?: number
  /** Whether a machine runs on it on this host now: only then it has a TAP. */
  isLive: boolean
  /** A TAP that was made ahead, with `spareTapNameOf` it, becomes its TAP. Said once, by the host itself. */
  hasSpareTap?: boolean
  /** The user as whom its machine opens the TAP when it is plugged in live. Said by the host itself. Absent: root. */
  tapOwner?: number
  /** It is a load balancer's: it leads to the balancer's namespace instead of a machine. */
  balancerId?: string
  /** Nothing but network ACLs guards it: of a network load balancer without groups. */
  isUngrouped?: true
}

/** Rules of a group; everything not allowed is dropped; replies to allowed traffic always pass. */
export interface GroupPlan {
  groupId: SecurityGroupId
  ingress: readonly GroupRulePlan[]
  egress: readonly GroupRulePlan[]
  /** Addresses, of both families, of all interfaces in the group, on any host: what rules naming it match. */
  memberAddresses: readonly string[]
}

export interface GroupRulePlan {
  /** `-1` all, `tcp`, `udp`, `icmp`, `icmpv6`, or a protocol number as text. */
  protocol: string
  /** Ports for tcp/udp (0–65535), type/code for icmp (-1: any); null: all. */
  fromPort: number | null
  toPort: number | null
  peer: { type: 'cidr'; cidr: string } | { type: 'group'; groupId: SecurityGroupId }
}

/** Deterministic names on the host, at most 15 characters (IFNAMSIZ - 1). */
export function tapNameOf(interfaceId: NetworkInterfaceId): string {
  return `t${interfaceId.slice(4, 4 + 13)}`
}

/** The TAP of a machine that stands by: none of the fabric's until the machine is launched. */
export function spareTapNameOf(interfaceId: NetworkInterfaceId): string {
  return `s${interfaceId.slice(4, 4 + 13)}`
}

/** The VPC's network namespace. */
export function namespaceOf(vpcId: VpcId): string {
  return `brume-${vpcId}`
}

/** Bytes of an interface's frames; AWS's internet gateway limit, and what a routed TAP carries everywhere. */
export const INTERFACE_MTU = 1500
