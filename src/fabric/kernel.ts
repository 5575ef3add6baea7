/**
 * The fabric's hands: every command it runs and every answer of the kernel it reads. Arguments are arrays and input
 * goes by stdin; nothing of a plan ever becomes shell text.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { exec } from '../lib/exec.ts'
import { EVERYWHERE_6, isIpv6 } from '../domain/net/blocks.ts'
import {
  isOwnLinkLocal,
  LINK_HOST_PREFIX,
  NAMESPACE_FOLDER,
  NAMESPACE_PREFIXES,
  ROUTE_PROTOCOL,
} from './names.ts'
import type { LinkState, NetworkState } from './render/links.ts'
import { shapesFound } from './render/shaping.ts'
import type { QdiscJson, Queueing, Shapes } from './render/shaping.ts'
import { RULE_PRIORITY, ruleText } from './render/tables.ts'
import { queueingOf } from './queueing.ts'

/** Each of our commands takes milliseconds; one that takes this long hangs in the kernel. */
const COMMAND_TIMEOUT_MS = 15_000

export interface LinkIdentity {
  index: number
  /** The index of a veth's other end. */
  peerIndex: number | null
}

export interface FoundNetwork extends NetworkState {
  identities: ReadonlyMap<string, LinkIdentity>
}

export interface Kernel {
  /** Runs `ip -batch`, in a namespace or (null) in the host's. Stops at the first line that fails. */
  ipBatch(namespace: string | null, lines: readonly string[]): Promise<void>
  /** One atomic transaction. */
  nft(namespace: string | null, text: string): Promise<void>
  /** Runs `tc -batch` in a namespace. Stops at the first line that fails. */
  tcBatch(namespace: string, lines: readonly string[]): Promise<void>
  read(namespace: string | null): Promise<FoundNetwork>
  shapes(namespace: string): Promise<Shapes>
  /** What this kernel can of queues; tried once, in a network namespace that is gone at once. */
  queueing(): Promise<Queueing>
  neighbours(namespace: string): Promise<Neighbour[]>
  /** Our namespaces that exist, with the number that tells a namespace from its successor of the same name. */
  namespaces(): Promise<Map<string, string>>
  namespaceAdd(namespace: string): Promise<void>
  namespaceDelete(namespace: string): Promise<void>
  /** Text of a diagnostic command; an error's message when it fails. */
  text(namespace: string, command: string, args: readonly string[]): Promise<string>
}

export interface Neighbour {
  address: string
  link: string
  /** NUD states: REACHABLE, STALE, DELAY, PROBE, FAILED, INCOMPLETE… */
  states: readonly string[]
}

interface AddressJson {
  ifname: string
  ifindex: number
  link_index?: number
  flags: string[]
  linkinfo?: { info_kind?: string; info_data?: { type?: string } }
  addr_info?: { family: string; local: string; prefixlen: number }[]
}

interface RouteJson {
  type?: string
  dst: string
  gateway?: string
  dev?: string
  prefsrc?: string
  flags?: string[]
  /** Absent: the main one. */
  table?: string
}

interface RuleJson {
  priority: number
  iif?: string
  table: string
}

const ROUTES_SHOW = ['route', 'show', 'table', 'all', 'proto', ROUTE_PROTOCOL]

export function createKernel(run: typeof exec): Kernel {
  const options = { timeoutMs: COMMAND_TIMEOUT_MS }
  let queueing: Promise<Queueing> | null = null
  const inside = (namespace: string | null): string[] =>
    namespace === null ? [] : ['-n', namespace]
  const ipJson = async <T>(namespace: string | null, ...args: string[]): Promise<T[]> => {
    const { stdout } = await run('ip', [...inside(namespace), '-j', ...args], options)
    return JSON.parse(stdout.trim() || '[]') as T[]
  }
  return {
    ipBatch: async (namespace, lines) => {
      // A rule's family is not told by its words, unlike that of an address or a route.
      const six = lines.filter((line) => line.startsWith('rule ') && line.includes(EVERYWHERE_6))
      const others = lines.filter((line) => !six.includes(line))
      for (const [some, family] of [
        [others, []],
        [six, ['-6']],
      ] as const) {
        if (some.length === 0) continue
        const input = `${some.join('\n')}\n`
        await run('ip', [...family, ...inside(namespace), '-batch', '-'], { ...options, input })
      }
    },
    nft: async (namespace, text) => {
      const [command, args] =
        namespace === null
          ? ['nft', ['-f', '-']]
          : ['nsenter', [`--net=${join(NAMESPACE_FOLDER, namespace)}`, 'nft', '-f', '-']]
      await run(command as string, args as string[], { ...options, input: text })
    },
    tcBatch: async (namespace, lines) => {
      if (lines.length === 0) return
      const input = `${lines.join('\n')}\n`
      await run('tc', ['-n', namespace, '-batch', '-'], { ...options, input })
    },
    shapes: async (namespace) => {
      const { stdout } = await run('tc', ['-n', namespace, '-j', 'qdisc', 'show'], options)
      return shapesFound(JSON.parse(stdout.trim() || '[]') as QdiscJson[])
    },
    queueing: () => (queueing ??= queueingOf(run)),
    read: async (namespace) => {
      // On the host others have rules, and we have none.
      const rulesOf = async (family: string) =>
        namespace === null ? [] : ipJson<RuleJson>(namespace, family, 'rule')
      const is6 = hasKernelIpv6()
      const [links, routes, routes6, rules, rules6] = await Promise.all([
        ipJson<AddressJson>(namespace, '-d', 'addr'),
        ipJson<RouteJson>(namespace, '-4', ...ROUTES_SHOW),
        is6 ? ipJson<RouteJson>(namespace, '-6', ...ROUTES_SHOW) : [],
        rulesOf('-4'),
        is6 ? rulesOf('-6') : [],
      ])
      return foundOf(links, { routes, rules }, { routes: routes6, rules: rules6 })
    },
    neighbours: async (namespace) =>
      (await ipJson<{ dst: string; dev: string; state: string[] }>(namespace, '-4', 'neigh')).map(
        (entry) => ({ address: entry.dst, link: entry.dev, states: entry.state }),
      ),
    namespaces: listNamespaces,
    namespaceAdd: async (namespace) => void (await run('ip', ['netns', 'add', namespace], options)),
    namespaceDelete: async (namespace) =>
      void (await run('ip', ['netns', 'delete', namespace], options)),
    text: async (namespace, command, args) => {
      const path = `--net=${join(NAMESPACE_FOLDER, namespace)}`
      return run('nsenter', [path, command, ...args], options).then(
        ({ stdout }) => stdout,
        (error: Error) => `${error.message}\n`,
      )
    },
  }
}

interface Family {
  routes: readonly RouteJson[]
  rules: readonly RuleJson[]
}

function foundOf(links: readonly AddressJson[], four: Family, six: Family): FoundNetwork {
  const found = new Map<string, LinkState>()
  const identities = new Map<string, LinkIdentity>()
  for (const link of links) {
    identities.set(link.ifname, { index: link.ifindex, peerIndex: link.link_index ?? null })
    found.set(link.ifname, {
      kind: kindOf(link),
      isUp: link.flags.includes('UP'),
      addresses: (link.addr_info ?? [])
        .filter(({ family, local }) => family === 'inet' || isOursOf6(local))
        .map((address) => `${address.local}/${address.prefixlen}`),
    })
  }
  const ruleTexts = ({ rules }: Family, is6: boolean): string[] =>
    rules
      .filter(({ priority }) => priority === RULE_PRIORITY)
      .map(({ iif = '', table }) => ruleText(iif, table, is6))
  return {
    links: found,
    identities,
    routes: new Set([...four.routes.map(routeText), ...six.routes.map(route6Text)]),
    rules: new Set([...ruleTexts(four, false), ...ruleTexts(six, true)]),
  }
}

/** A veth with a TAP's name stands in the place of one. */
function kindOf({ ifname, linkinfo }: AddressJson): LinkState['kind'] {
  if (linkinfo?.info_data?.type === 'tap') return 'tap'
  if (linkinfo?.info_kind === 'ifb') return 'queue'
  return linkinfo?.info_kind === 'veth' && /^t[0-9a-f]{13}$/.test(ifname) ? 'veth' : 'other'
}

/** Link-local addresses that the kernel gave are its own affair. */
function isOursOf6(address: string): boolean {
  return isIpv6(address) && (!address.startsWith('fe80:') || isOwnLinkLocal(address))
}

/** As the kernel tells them, routes of IPv6 that lead nowhere go by the loopback. */
function route6Text({ dev, ...route }: RouteJson): string {
  const dst = route.dst === 'default' ? EVERYWHERE_6 : route.dst
  const whole = { ...route, dst: dst.includes('/') ? dst : `${dst}/128` }
  const isUnicast = !route.type || route.type === 'unicast'
  return routeText(isUnicast && dev ? { ...whole, dev } : whole)
}

let isThere: boolean | undefined
/** Some kernels are started without IPv6. */
export function hasKernelIpv6(): boolean {
  isThere ??= existsSync('/proc/net/if_inet6')
  return isThere
}

/** The words of `ip route add`, in the order render/links.ts writes them. */
function routeText(route: RouteJson): string {
  const isWhole = route.dst === 'default' || route.dst.includes('/')
  return [
    ...(route.type && route.type !== 'unicast' ? [route.type] : []),
    isWhole ? route.dst : `${route.dst}/32`,
    ...(route.gateway ? ['via', route.gateway] : []),
    ...(route.dev ? ['dev', route.dev] : []),
    ...(route.prefsrc ? ['src', route.prefsrc] : []),
    ...(route.flags?.includes('onlink') ? ['onlink'] : []),
    ...(route.table ? ['table', route.table] : []),
  ].join(' ')
}

async function listNamespaces(): Promise<Map<string, string>> {
  const names = await readdir(NAMESPACE_FOLDER).catch(() => [] as string[])
  const found = new Map<string, string>()
  for (const name of names) {
    if (!NAMESPACE_PREFIXES.some((prefix) => name.startsWith(prefix))) continue
    const status = await stat(join(NAMESPACE_FOLDER, name)).catch(() => null)
    // A name without a namespace behind it (a crash between the file and the mount) counts as none.
    if (status) found.set(name, `${status.dev}:${status.ino}`)
  }
  return found
}

/** The interface of the default route with the lowest metric, or null. */
export async function uplinkName(): Promise<string | null> {
  const text = await readFile('/proc/net/route', 'utf8').catch(() => '')
  const defaults = text
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(
      (f) => f[1] === '00000000' && f[7] === '00000000' && (Number.parseInt(f[3]!, 16) & 1) === 1,
    )
    .filter((f) => !new RegExp(`^${LINK_HOST_PREFIX}\\d+$`).test(f[0]!))
    .sort((a, b) => Number(a[6]) - Number(b[6]))
  return defaults[0]?.[0] ?? null
}

/** The host's resolvers that another namespace can reach: not those on loopback. */
export async function hostResolvers(): Promise<string[]> {
  for (const path of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']) {
    const text = await readFile(path, 'utf8').catch(() => '')
    const servers = [...text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)]
      .map((match) => match[1]!)
      .filter((address) => !address.startsWith('127.'))
    if (servers.length > 0) return servers.slice(0, 3)
  }
  return []
}

const CONF = '/proc/sys/net/ipv4/conf'

/** Whether the host as a whole forwards, whoever decided that. */
export async function isHostForwarding(): Promise<boolean> {
  return (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8')).trim() === '1'
}

/** Forwarding of what arrives by one link of the host: enough for us, and the host as a whole stays as it was. */
export async function forwardingSet(link: string, isOn: boolean): Promise<void> {
  const path = join(CONF, link, 'forwarding')
  const wanted = isOn ? '1' : '0'
  const now = await readFile(path, 'utf8').catch(() => null)
  if (now !== null && now.trim() !== wanted) await writeFile(path, wanted)
}
