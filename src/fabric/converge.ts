/**
 * Brings one VPC's namespace, or the host's side of all of them, to the plan. "Cold" reads back what the kernel has
 * and repairs from there: after a start, a failure, or on request. "Warm" goes from what we last made to what is
 * wanted now without asking, which is what makes a rule change take one nft and an unchanged plan no command at all.
 */
import type { Socket } from 'node:dgram'
import type { VpcId } from '../domain/ids.ts'
import { namespaceOf } from '../domain/network-plan.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'
import type { Log } from '../lib/log.ts'
import type { DnsmasqKeeper } from './dnsmasq.ts'
import { forwardingSet, hostResolvers, isHostForwarding, uplinkName } from './kernel.ts'
import type { FoundNetwork, Kernel } from './kernel.ts'
import { hostIpv6Ensure } from './host-ipv6.ts'
import { IPV6_OFF, IPV6_ON, NAMESPACE_SWITCHES, runInNamespace } from './namespace-sockets.ts'
import {
  LINK_HOST_PREFIX,
  LINK_PEER_PREFIX,
  LINK_TAP_PREFIX,
  LINK_UPLINK,
  linkOf,
  NTP_ADDRESS,
} from './names.ts'
import { filterChange } from './render/changes.ts'
import { hasIpv6 } from './render/families.ts'
import { linkChanges, wantedInNamespace, wantedOnHost } from './render/links.ts'
import type { NetworkState } from './render/links.ts'
import { removeTable, renderFilter, renderGuard, renderHost } from './render/nft.ts'
import { isQueueLink, limitedMachines, shapeChanges, wantedShapes } from './render/shaping.ts'
import type { Shapes } from './render/shaping.ts'

export interface Tools {
  kernel: Kernel
  dnsmasq: DnsmasqKeeper
  log: Log
  publicPool: string
  ipv6Pool: string
  /** Where what must outlive this process is written down. */
  folder: string
  uplink: 'auto' | null
  /** A namespace is there (new, or new to us) with its service sockets bound. */
  onNamespaceReady: (plan: VpcNetworkPlan, sockets: NamespaceSockets) => void
}

/** What the fabric itself serves and asks inside a namespace. */
export interface NamespaceSockets {
  ntp: Socket
  probe: Socket
}

/** What we last made, or null for "read it back". */
export interface VpcMemory {
  index: number
  namespaceNumber: string
  network: NetworkState | null
  /** What waits where. */
  shapes: Shapes | null
  guard: string | null
  filter: string | null
  /** Whether the namespace has IPv6. */
  isIpv6On: boolean
  /** Whether the last convergence asked the kernel, and may have made links anew. */
  isReadBack: boolean
}

export interface HostMemory {
  network: NetworkState | null
  rules: string | null
}

const SOCKETS = [
  { protocol: 'udp', address: NTP_ADDRESS, port: 123 },
  { protocol: 'udp', address: '0.0.0.0', port: 0 },
] as const

/** @returns What is there now. The caller forgets it when this throws, and the next try reads back. */
export async function convergeVpc(
  tools: Tools,
  plan: VpcNetworkPlan,
  memory: VpcMemory | null,
): Promise<VpcMemory> {
  const { kernel } = tools
  const namespace = namespaceOf(plan.vpcId)
  const number = (await kernel.namespaces()).get(namespace)
  const isSame = memory !== null && memory.namespaceNumber === number && memory.index === plan.index
  const known = isSame ? memory : null
  let found = known?.network ?? null
  if (!found) {
    found = await ensureNamespace(tools, plan, number !== undefined)
  }

  // Before any link gets an address of it.
  const isIpv6On = await ipv6Ensure(plan, isSame && memory.isIpv6On)
  const isLimited = limitedMachines(plan.interfaces).length > 0
  const queueing = isLimited ? await kernel.queueing() : 'none'
  const wanted = wantedInNamespace(plan, queueing)
  const guard = renderGuard(plan, queueing)
  const filter = renderFilter(plan, queueing)
  const rules = [known?.guard === guard ? '' : guard, filterChange(known?.filter ?? null, filter)]
  const shapes = wantedShapes(plan.interfaces, queueing)
  const queues = shapeChanges(shapes, known?.shapes ?? (await kernel.shapes(namespace)), {
    isThere: (name) => wanted.links.has(name),
    isNew: (name) => found.links.get(name)?.kind !== wanted.links.get(name)?.kind,
  })
  await kernel.ipBatch(namespace, linkChanges(wanted, found))
  await allOf([
    ...(rules.some((text) => text !== '') ? [kernel.nft(namespace, rules.join(''))] : []),
    kernel.tcBatch(namespace, queues),
  ])

  let namespaceNumber = known?.namespaceNumber
  if (namespaceNumber === undefined) {
    namespaceNumber = (await kernel.namespaces()).get(namespace)!
    // The switches of TAPs that were there before us, and our own sockets: once a namespace and process.
    if (memory?.namespaceNumber !== namespaceNumber) await openSockets(tools, plan)
  }
  const isReadBack = known?.network !== found
  const made = { network: wanted, shapes, guard, filter, isIpv6On }
  return { index: plan.index, namespaceNumber, ...made, isReadBack }
}

/** None of them goes on when this throws. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function ipv6Ensure(plan: VpcNetworkPlan, isOn: boolean): Promise<boolean> {
  if (isOn || !hasIpv6(plan)) return isOn
  await runInNamespace(namespaceOf(plan.vpcId), { switches: IPV6_ON, sockets: [] })
  return true
}

async function openSockets(tools: Tools, plan: VpcNetworkPlan): Promise<void> {
  const [ntp, probe] = await runInNamespace(namespaceOf(plan.vpcId), {
    switches: NAMESPACE_SWITCHES,
    sockets: SOCKETS,
  })
  tools.onNamespaceReady(plan, { ntp: ntp as Socket, probe: probe as Socket })
}

/** The namespace with its veth pair whole, and what else it holds. */
export async function ensureNamespace(
  tools: Tools,
  plan: VpcNetworkPlan,
  isThere: boolean,
): Promise<FoundNetwork> {
  const { kernel } = tools
  const namespace = namespaceOf(plan.vpcId)
  // Before the namespace: what makes it ours also after a crash.
  await tools.dnsmasq.claim(plan.vpcId)
  if (!isThere) {
    await kernel.namespaceAdd(namespace)
    // Switches first: every link made from now on is born with them.
    const switches = { ...NAMESPACE_SWITCHES, ...IPV6_OFF }
    await runInNamespace(namespace, { switches, sockets: [] })
  }
  const [inside, outside] = await Promise.all([kernel.read(namespace), kernel.read(null)])
  const link = linkOf(plan.index)
  const inner = inside.identities.get(LINK_UPLINK)
  const outer = outside.identities.get(link.host)
  const isPair =
    inner && outer && inner.peerIndex === outer.index && outer.peerIndex === inner.index
  if (isPair) return inside
  // Half a pair, or somebody else's half: both go (deleting one end deletes the other).
  if (outer) await kernel.ipBatch(null, [`link del ${link.host}`])
  const left = inner ? (await kernel.read(namespace)).identities.get(LINK_UPLINK) : undefined
  if (left) await kernel.ipBatch(namespace, [`link del ${LINK_UPLINK}`])
  await kernel.ipBatch(null, [
    `link add ${link.host} type veth peer name ${LINK_UPLINK} netns ${namespace}`,
  ])
  return kernel.read(namespace)
}

/**
 * Takes away the namespaces, links and dnsmasqs of VPCs that are not in `plans`. Only those with a folder of ours
 * count: another Brume, in a network namespace of its own, may see the same names.
 */
export async function removeStrangers(
  tools: Tools,
  plans: readonly VpcNetworkPlan[],
): Promise<VpcId[]> {
  const { kernel, dnsmasq } = tools
  const wanted = new Set<string>(plans.map((plan) => plan.vpcId))
  const strangers = (await dnsmasq.known()).filter((vpcId) => !wanted.has(vpcId))
  if (strangers.length === 0) return []
  const namespaces = await kernel.namespaces()
  for (const vpcId of strangers) {
    const name = namespaceOf(vpcId)
    await dnsmasq.stop(vpcId)
    if (namespaces.has(name)) {
      const found = await kernel.read(name)
      // A machine may still hold the namespace open; without links it reaches nobody.
      const links = [...found.links].filter(
        ([link, { kind }]) =>
          link === LINK_UPLINK ||
          ((kind === 'tap' || kind === 'veth') && link.startsWith(LINK_TAP_PREFIX)) ||
          (kind === 'queue' && isQueueLink(link)) ||
          (kind === 'other' && link.startsWith(LINK_PEER_PREFIX)),
      )
      const lines = links.map(([link]) => `link del ${link}`)
      await kernel.ipBatch(name, lines)
      await kernel.namespaceDelete(name)
    }
    // Last: as long as it is there, the next try knows that something may be left.
    await dnsmasq.remove(vpcId)
  }
  return strangers
}

/** The host's side: veth ends, routes to public addresses, the pool's blackhole, the host's own table. */
export async function convergeHost(
  tools: Tools,
  plans: readonly VpcNetworkPlan[],
  memory: HostMemory,
): Promise<HostMemory> {
  const { kernel, publicPool, ipv6Pool } = tools
  const wanted = wantedOnHost(plans, { publicPool, ipv6Pool })
  const before = memory.network
  const found = before ? withNewLinks(before, wanted) : oursOnHost(await kernel.read(null))
  const lines = linkChanges(wanted, found)

  const uplink = tools.uplink === 'auto' && plans.length > 0 ? await uplinkName() : null
  const resolvers = plans.length > 0 ? await hostResolvers() : []
  const isForwarding = await isHostForwarding()
  const ipv6 = await hostIpv6Ensure(tools, plans)
  const host = { publicPool, uplink, isForwarding, resolvers, ...(ipv6 && { ipv6 }) }
  const rules = plans.length > 0 ? renderHost(host) : removeTable()
  // Rules stand before the first packet can pass, and fall after the last link is gone.
  if (plans.length > 0 && memory.rules !== rules) await kernel.nft(null, rules)
  await kernel.ipBatch(null, lines)
  if (plans.length === 0 && memory.rules !== rules) await kernel.nft(null, rules)
  for (const link of wanted.links.keys()) await forwardingSet(link, true)
  const anyUplink = uplink ?? (await uplinkName())
  if (anyUplink) await forwardingSet(anyUplink, uplink !== null || isForwarding)
  return { network: wanted, rules }
}

/** Warm: a link that is wanted for the first time was just made bare, by its VPC's convergence. */
function withNewLinks(before: NetworkState, wanted: NetworkState): NetworkState {
  const links = new Map(before.links)
  for (const name of links.keys()) if (!wanted.links.has(name)) links.delete(name)
  return { links, routes: before.routes }
}

function oursOnHost(found: FoundNetwork): NetworkState {
  const links = [...found.links].filter(([name]) =>
    new RegExp(`^${LINK_HOST_PREFIX}\\d+$`).test(name),
  )
  return { links: new Map(links), routes: found.routes }
}
