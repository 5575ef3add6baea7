/** Rules of security groups one peer at a time, and in words that a person reads: who may reach what. Pure. */
import type { IpPermission } from '@aws-sdk/client-ec2'
import { t } from '../text/t.ts'

export interface Rule {
  /** `tcp`, `udp`, `icmp`, `icmpv6`, `-1` (all), or a number. */
  protocol: string
  fromPort: number | null
  toPort: number | null
  /** A CIDR, a group's id or a prefix list's. */
  peer: string
  peerKind: 'cidr' | 'group' | 'list'
  description: string
  /** The whole world reaches something that should not be for it. */
  isRisky: boolean
}

export const EVERYBODY: readonly string[] = ['0.0.0.0/0', '::/0']
/** This host, as guests see it (docs/networking.md). */
export const THIS_HOST = '100.64.0.1/32'

const SERVICES: Readonly<Record<number, string>> = {
  22: 'SSH',
  80: 'HTTP',
  443: 'HTTPS',
  3389: 'RDP',
  3306: 'MySQL',
  5432: 'PostgreSQL',
  6379: 'Redis',
  25: 'SMTP',
  53: 'DNS',
  2049: 'NFS',
}

/** Logins and databases are nobody's business on the internet; web servers are. */
const RISKY_PORTS = [22, 3389, 3306, 5432, 6379, 2049]

export function isRisky(rule: Pick<Rule, 'protocol' | 'fromPort' | 'toPort' | 'peer'>): boolean {
  if (!EVERYBODY.includes(rule.peer)) return false
  if (rule.protocol === '-1') return true
  if (rule.protocol !== 'tcp' && rule.protocol !== 'udp') return false
  const { fromPort, toPort } = rule
  return RISKY_PORTS.some((port) => port >= (fromPort ?? 0) && port <= (toPort ?? 65_535))
}

export function rulesOf(permissions: readonly IpPermission[] | undefined): Rule[] {
  return (permissions ?? []).flatMap((permission) => {
    const { IpProtocol = '-1', FromPort, ToPort } = permission
    const make = (
      peer: string | undefined,
      peerKind: Rule['peerKind'],
      description: string | undefined,
    ): Rule => {
      const known = {
        protocol: IpProtocol,
        fromPort: FromPort ?? null,
        toPort: ToPort ?? null,
        peer: peer ?? '',
      }
      return { ...known, peerKind, description: description ?? '', isRisky: isRisky(known) }
    }
    return [
      ...(permission.IpRanges ?? []).map((r) => make(r.CidrIp, 'cidr', r.Description)),
      ...(permission.Ipv6Ranges ?? []).map((r) => make(r.CidrIpv6, 'cidr', r.Description)),
      ...(permission.UserIdGroupPairs ?? []).map((r) => make(r.GroupId, 'group', r.Description)),
      ...(permission.PrefixListIds ?? []).map((r) => make(r.PrefixListId, 'list', r.Description)),
    ]
  })
}

/** The other way: what the API takes. */
export function permissionOf(rule: Rule): IpPermission {
  const Description = rule.description || undefined
  const { peer } = rule
  const ports =
    rule.protocol === '-1' ? {} : { FromPort: rule.fromPort ?? -1, ToPort: rule.toPort ?? -1 }
  const range =
    rule.peerKind === 'group'
      ? { UserIdGroupPairs: [{ GroupId: peer, Description }] }
      : rule.peerKind === 'list'
        ? { PrefixListIds: [{ PrefixListId: peer, Description }] }
        : peer.includes(':')
          ? { Ipv6Ranges: [{ CidrIpv6: peer, Description }] }
          : { IpRanges: [{ CidrIp: peer, Description }] }
  return { IpProtocol: rule.protocol, ...ports, ...range }
}

export function portWords({ protocol, fromPort, toPort }: Rule): string {
  if (protocol === '-1') return t('everything')
  if (protocol === 'icmp' || protocol === 'icmpv6') return t('ping (ICMP)')
  const name = protocol.toUpperCase()
  if (fromPort === null || (fromPort === 0 && toPort === 65_535)) {
    return t('every {protocol} port', { protocol: name })
  }
  if (fromPort !== toPort) {
    return t('{protocol} ports {from} to {to}', {
      protocol: name,
      from: fromPort,
      to: toPort ?? '',
    })
  }
  const service = SERVICES[fromPort]
  const port = t('{protocol} port {port}', { protocol: name, port: fromPort })
  return service ? `${service} (${port})` : port
}

export function peerWords(rule: Rule, groupName: (id: string) => string): string {
  const { peer, peerKind } = rule
  if (peer === '0.0.0.0/0') return t('Anybody on IPv4')
  if (peer === '::/0') return t('Anybody on IPv6')
  if (peer === THIS_HOST) return t('This host')
  if (peerKind === 'group') return t('Members of {group}', { group: groupName(peer) })
  if (peerKind === 'list') return t('Addresses of {list}', { list: peer })
  if (peer.endsWith('/32') || peer.endsWith('/128')) return peer.replace(/\/\d+$/, '')
  return t('Addresses in {cidr}', { cidr: peer })
}

/** `Anybody on IPv4 can reach SSH (TCP port 22)`. */
export function ruleWords(rule: Rule, groupName: (id: string) => string): string {
  return t('{who} can reach {what}', { who: peerWords(rule, groupName), what: portWords(rule) })
}
