/**
 * Plan → dnsmasq's configuration and its host files, one dnsmasq a VPC. Pure; snapshot-tested.
 *
 * Only known MACs get an answer, with their own address and their subnet's mask, gateway and resolver. An interface
 * is one file in a watched folder, so a new one needs no restart; a change of the configuration text does.
 */
import { isIpv6, ofFamily4, ofFamily6 } from '../../domain/net/blocks.ts'
import { addressFormat, cidrParse, maskOf } from '../../domain/net/cidr.ts'
import { hostNameOf } from '../../domain/network.ts'
import { INTERFACE_MTU } from '../../domain/network-plan.ts'
import type { InterfacePlan, VpcNetworkPlan } from '../../domain/network-plan.ts'
import {
  DNS_ADDRESS_6,
  LINK_TAP_PREFIX,
  METADATA_ADDRESS,
  NTP_ADDRESS,
  privateZoneOf,
  resolverAddressOf,
} from '../names.ts'
import { hasIpv6 } from './families.ts'

/** What EC2 hands out: guests renew at half of it. */
const LEASE_SECONDS = 3600
/** EC2's, by DHCPv6. */
const LEASE_6_SECONDS = 450
/** Names kept in memory, and questions on their way at once: bounds on what a guest can make us hold. */
const CACHE_NAMES_MAX = 2000
const FORWARDS_MAX = 300
/** EC2's resolver TTL for private names. */
const LOCAL_TTL_SECONDS = 60

export interface DnsmasqFiles {
  /** Folder of this VPC's dnsmasq: `hosts/` and the lease file lie in it. */
  folder: string
  user: string
  /** The host's own resolvers; none: only private names are answered. */
  upstreams: readonly string[]
}

export function renderDnsmasq(plan: VpcNetworkPlan, files: DnsmasqFiles): string {
  const lines = [
    'no-hosts',
    'no-resolv',
    'no-ping',
    `user=${files.user}`,
    // Wildcard sockets, filtered by the interface of arrival: new TAPs are served without a word.
    `interface=${LINK_TAP_PREFIX}*`,
    'log-facility=-',
    'quiet-dhcp',
    `pid-file=${files.folder}/pid`,
    ...dhcpLines(plan, files),
    ...(plan.dns.isServed ? dnsLines(plan, files) : ['port=0']),
  ]
  return `${lines.join('\n')}\n`
}

function dhcpLines(plan: VpcNetworkPlan, files: DnsmasqFiles): string[] {
  const own = plan.dns.isServed ? [resolverAddressOf(plan)] : []
  const servers = plan.dns.servers ? ofFamily4(plan.dns.servers) : own
  const ntp = plan.dns.ntpServers ? ofFamily4(plan.dns.ntpServers) : [NTP_ADDRESS]
  return [
    'dhcp-authoritative',
    'dhcp-fqdn',
    ...domainLines(plan),
    'dhcp-ignore=tag:!known',
    `dhcp-leasefile=${files.folder}/leases`,
    `dhcp-hostsdir=${files.folder}/hosts`,
    // Static leases of known machines only; the limit is a fuse.
    `dhcp-lease-max=${Math.max(1000, plan.interfaces.length * 4)}`,
    ...plan.subnets.flatMap((subnet) => {
      const cidr = cidrParse(subnet.cidr)
      const tag = subnet.subnetId
      return [
        `dhcp-range=set:${tag},${addressFormat(cidr.base)},static,${addressFormat(maskOf(cidr.prefix))},${LEASE_SECONDS}`,
        `dhcp-option=tag:${tag},option:router,${subnet.gateway}`,
      ]
    }),
    ...ipv6Lines(plan),
    `dhcp-option=option:dns-server${servers.map((server) => `,${server}`).join('')}`,
    `dhcp-option=option:domain-name,${plan.dns.domain}`,
    `dhcp-option=option:ntp-server${ntp.map((server) => `,${server}`).join('')}`,
    `dhcp-option=option:mtu,${INTERFACE_MTU}`,
    ...netbiosLines(plan),
  ]
}

/**
 * With `dhcp-fqdn` a lease's name is of its address's domain. Those of DHCPv6 are put where nobody looks: the DNS
 * knows an IPv6 address by the instance's id, when its options say so.
 */
function domainLines(plan: VpcNetworkPlan): string[] {
  const zone = privateZoneOf(plan.region)
  if (!hasIpv6(plan)) return [`domain=${zone}`]
  return ['domain=dhcp6.invalid', ...ofFamily4(plan.cidrs).map((cidr) => `domain=${zone},${cidr}`)]
}

/** Guests hear of the router, and that DHCPv6 has their address; nothing but the router is on their link. */
function ipv6Lines(plan: VpcNetworkPlan): string[] {
  if (!hasIpv6(plan)) return []
  const { servers, ntpServers, isServed, ipv6LeaseSeconds: seconds = LEASE_6_SECONDS } = plan.dns
  const ranges = plan.subnets.flatMap(({ subnetId, cidr6 }) => {
    if (!cidr6) return []
    const base = cidr6.slice(0, cidr6.indexOf('/'))
    return [`dhcp-range=set:${subnetId},${base},static,off-link,64,${seconds}`]
  })
  if (ranges.length === 0) return []
  const own = isServed ? [DNS_ADDRESS_6] : []
  const inBrackets = (some: readonly string[]) => some.map((address) => `,[${address}]`).join('')
  const ntp = ofFamily6(ntpServers ?? [])
  return [
    'enable-ra',
    ...ranges,
    `dhcp-option=option6:dns-server${inBrackets(servers ? ofFamily6(servers) : own)}`,
    ...(ntp.length > 0 ? [`dhcp-option=option6:sntp-server${inBrackets(ntp)}`] : []),
    `dhcp-option=option6:domain-search,${plan.dns.domain.split(' ')[0]}`,
  ]
}

function netbiosLines({ dns: { netbios } }: VpcNetworkPlan): string[] {
  if (!netbios) return []
  const { servers, nodeType } = netbios
  return [
    ...(servers.length > 0 ? [`dhcp-option=option:netbios-ns,${servers.join(',')}`] : []),
    ...(nodeType === null ? [] : [`dhcp-option=option:netbios-nodetype,${nodeType}`]),
  ]
}

function dnsLines(plan: VpcNetworkPlan, files: DnsmasqFiles): string[] {
  const zone = privateZoneOf(plan.region)
  return [
    `addn-hosts=${files.folder}/names`,
    `cache-size=${CACHE_NAMES_MAX}`,
    `dns-forward-max=${FORWARDS_MAX}`,
    `local-ttl=${LOCAL_TTL_SECONDS}`,
    // Private names and addresses are answered here or not at all: none is ever asked outside.
    'domain-needed',
    'bogus-priv',
    'local=/ec2.internal/',
    'local=/compute.internal/',
    'local=/254.169.in-addr.arpa/',
    ...ofFamily4(plan.cidrs).map((cidr) => `synth-domain=${zone},${cidr},ip-`),
    `host-record=instance-data.${zone},${METADATA_ADDRESS}`,
    ...files.upstreams.map((server) => `server=${server}`),
  ]
}

/**
 * One interface's file: only its primary address, of each family, is handed out, as on EC2. `formerMacs`: who still
 * holds a lease of that address; naming them too gives dnsmasq leave to pass the address on before their lease ends.
 */
export function renderDnsmasqHost(nic: InterfacePlan, formerMacs: readonly string[] = []): string {
  const addresses = [
    nic.privateAddresses[0],
    ...(nic.ipv6Addresses ?? []).slice(0, 1).map((a) => `[${a}]`),
  ]
  const name = nic.isUnnamed ? [] : [nic.hostName]
  return `${[nic.mac, ...formerMacs, ...addresses, ...name].join(',')}\n`
}

/** Further names of private addresses. The private name comes first: the reverse is its. */
export function renderDnsmasqNames(plan: VpcNetworkPlan): string {
  const zone = privateZoneOf(plan.region)
  const lines = [...(plan.dns.publicNames ?? []), ...(plan.dns.resourceNames ?? [])].map(
    ({ name, address }) => {
      const own = isIpv6(address) ? [] : [`${hostNameOf(address)}.${zone}`]
      return [address, ...own, name]
    },
  )
  const reverse = [...(plan.dns.balancerNames ?? []), ...(plan.dns.reverseNames ?? [])].map(
    ({ name, address }) => [address, name],
  )
  return [...lines, ...reverse].map((words) => `${words.join(' ')}\n`).join('')
}
