/**
 * The networks of one host: states the whole intent as plans and makes it so. Level-triggered and idempotent;
 * applies are serialised and coalesced (a plan overtaken by a newer one is skipped); a VPC that fails does not hold
 * up the others. One fabric a network namespace of the host: it owns every `brume-vpc-*` namespace, every `brume<n>`
 * link, the nft table `brume` and the routes of its own protocol number, and touches nothing else.
 */
import type { Socket } from 'node:dgram'
import { readlinkSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import type { Server } from 'node:net'
import { join } from 'node:path'
import type { InstanceId, NetworkInterfaceId, VpcId } from '../domain/ids.ts'
import { namespaceOf } from '../domain/network-plan.ts'
import type { InterfacePlan, VpcNetworkPlan } from '../domain/network-plan.ts'
import { present } from '../lib/assert.ts'
import { exec } from '../lib/exec.ts'
import { ensureFolder, readJson, removeDurable, writeJsonDurable } from '../lib/fs-durable.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'
import { createBalancerNetworks } from './balancers.ts'
import { peeringsEnsure } from './peerings.ts'
import { convergeHost, convergeVpc, removeStrangers } from './converge.ts'
import type { HostMemory, Tools, VpcMemory } from './converge.ts'
import { createDnsmasqKeeper } from './dnsmasq.ts'
import { createKernel, hasKernelIpv6, hostResolvers } from './kernel.ts'
import { withoutIpv6 } from './render/families.ts'
import { NAMESPACE_FOLDER } from './names.ts'
import { bindUdp, listenTcp } from './namespace-sockets.ts'
import { serveNtp } from './ntp.ts'
import { createReachabilityWatch } from './reachability.ts'
import type { Reachability } from './reachability.ts'

/**
 * Lost on reboot, as everything it describes is. Outside BRUME_HOME, because dnsmasq without privileges must read
 * it; one folder for each network namespace a fabric runs in, so that two never meddle with each other.
 */
const RUNTIME_FOLDER = '/run/brume-fabric'
/** How soon a dnsmasq that died is back. */
const CHECK_INTERVAL_MS = 5_000

export interface FabricOptions {
  log: Log
  clock: Clock
  /** BRUME_HOME: whose networks these are. Two homes cannot share a host's network. */
  stateFolder: string
  /** Where public addresses come from; its first address after the base is the host's own towards guests. */
  publicPool?: string
  /** The same of IPv6. */
  ipv6Pool?: string
  /** `auto`: the interface of the host's default route, when there is one; null: guests never reach the internet. */
  uplink?: 'auto' | null
  /** As whom a machine opens a TAP that is plugged into it live; absent: as root. */
  tapOwner?: (instanceId: InstanceId) => number
  /** For tests that count commands. */
  run?: typeof exec
}

export interface SocketAddress {
  address: string
  port: number
}

export type NamespaceListener = (vpcId: VpcId, state: 'ready' | 'gone') => void

export interface Fabric {
  /**
   * Makes the host's networks those of `plans` and no others; resolves when the rules are in force. With
   * `isVerified`, reads everything back and repairs what somebody changed by hand.
   * @throws AggregateError of what failed; everything else is in force, and the next apply tries again.
   */
  apply(plans: readonly VpcNetworkPlan[], options?: { isVerified?: boolean }): Promise<void>
  /**
   * A TAP that no plan knows yet, down and without an address; a plan whose interface `hasSpareTap` gives it its name.
   * @throws ExecError when the VPC has no namespace.
   */
  spareTap(vpcId: VpcId, tapName: string, isWanted: boolean): Promise<void>
  /** A TCP server bound inside the VPC's namespace, listening: add a `connection` listener at once. */
  listenInNamespace(vpcId: VpcId, at: SocketAddress): Promise<Server>
  bindInNamespace(vpcId: VpcId, at: SocketAddress): Promise<Socket>
  /**
   * A namespace is ready to be listened in (once for each after a start, again when it had to be made anew: close
   * the old sockets then) or gone (close them: an open socket keeps a namespace alive). Subscribe before `apply`.
   */
  onNamespace(listener: NamespaceListener): () => void
  onReachability(listener: (change: Reachability) => void): () => void
  reachability(): ReadonlyMap<NetworkInterfaceId, Reachability>
  /** Looks at every live guest now instead of at its next turn. */
  probeReachability(): Promise<Map<NetworkInterfaceId, Reachability>>
  /** Rules, links, routes, neighbours and leases as text: what one wants to see when a test or a machine fails. */
  diagnostics(vpcId: VpcId): Promise<string>
  /** Takes everything away. */
  removeAll(): Promise<void>
  /** Stops watching; networks, dnsmasqs and guests go on. */
  close(): Promise<void>
}

interface Round {
  plans: readonly VpcNetworkPlan[]
  isVerified: boolean
  promise: Promise<void>
}

export function createFabric(options: FabricOptions): Fabric {
  const { log, clock } = options
  const kernel = createKernel(options.run ?? exec)
  const folder = runtimeFolder()
  const dnsmasq = createDnsmasqKeeper({ folder, log, clock })
  const namespaceListeners = new Set<NamespaceListener>()
  const reachabilityListeners = new Set<(change: Reachability) => void>()
  const watch = createReachabilityWatch({
    kernel,
    clock,
    log,
    onChange: (change) => {
      for (const listener of reachabilityListeners) listener(change)
    },
  })
  const ntpSockets = new Map<VpcId, Socket>()
  const tools: Tools = {
    kernel,
    dnsmasq,
    log,
    folder,
    publicPool: options.publicPool ?? '100.64.0.0/16',
    ipv6Pool: options.ipv6Pool ?? 'fd62:7275:6d00::/40',
    uplink: options.uplink === undefined ? 'auto' : options.uplink,
    onNamespaceReady: (plan, sockets) => {
      ntpSockets.get(plan.vpcId)?.close()
      ntpSockets.set(plan.vpcId, sockets.ntp)
      serveNtp(sockets.ntp, clock)
      watch.socketSet(plan.vpcId, sockets.probe)
      for (const listener of namespaceListeners) listener(plan.vpcId, 'ready')
    },
  }
  const applier = createApplier(tools, (vpcIds) => {
    for (const vpcId of vpcIds) {
      ntpSockets.get(vpcId)?.close()
      ntpSockets.delete(vpcId)
      watch.socketSet(vpcId, null)
      for (const listener of namespaceListeners) listener(vpcId, 'gone')
    }
  })
  const withOwners = (plan: VpcNetworkPlan): VpcNetworkPlan => {
    const { tapOwner } = options
    if (!tapOwner) return plan
    const owned = (nic: InterfacePlan): InterfacePlan =>
      nic.instanceId === null ? nic : { ...nic, tapOwner: tapOwner(nic.instanceId) }
    return { ...plan, interfaces: plan.interfaces.map(owned) }
  }
  // Looked at once: calls must reach the applier in the order they were made, or an older plan would win.
  let owned: Promise<void> | null = null
  const apply: Fabric['apply'] = async (plans, how = {}) => {
    owned ??= ensureOwner(folder, options.stateFolder)
    await owned.catch((error: unknown) => {
      owned = null
      throw error
    })
    watch.follow(plans)
    const possible = hasKernelIpv6() ? plans : plans.map(withoutIpv6)
    await applier(possible.map(withOwners), how.isVerified ?? false)
  }
  const checking = setInterval(() => {
    dnsmasq.check().catch((error: unknown) => log.error({ err: error }, 'dnsmasq check failed'))
  }, CHECK_INTERVAL_MS)
  checking.unref()
  return {
    apply,
    spareTap: (vpcId, tapName, isWanted) => {
      const what = isWanted ? `tuntap add dev ${tapName} mode tap` : `link del ${tapName}`
      return kernel.ipBatch(namespaceOf(vpcId), [what])
    },
    listenInNamespace: (vpcId, at) => listenTcp(namespaceOf(vpcId), at),
    bindInNamespace: (vpcId, at) => bindUdp(namespaceOf(vpcId), at),
    onNamespace: (listener) => subscribe(namespaceListeners, listener),
    onReachability: (listener) => subscribe(reachabilityListeners, listener),
    reachability: () => watch.known(),
    probeReachability: () => watch.probe(),
    diagnostics: async (vpcId) => {
      const show = (command: string, ...args: string[]): Promise<string> =>
        kernel.text(namespaceOf(vpcId), command, args)
      const parts = await Promise.all([
        show('tc', '-s', 'qdisc', 'show'),
        show('nft', 'list', 'ruleset'),
        show('ip', '-s', 'address'),
        show('ip', 'route'),
        show('ip', 'neighbour'),
        dnsmasq.leases(vpcId),
      ])
      const titles = ['queues', 'rules', 'links', 'routes', 'neighbours', 'leases']
      return parts.map((text, i) => `## ${titles[i]}\n${text}`).join('\n')
    },
    removeAll: async () => {
      await apply([], { isVerified: true })
      await removeDurable(folder)
      owned = null
    },
    close: async () => {
      clearInterval(checking)
      watch.close()
      for (const socket of ntpSockets.values()) socket.close()
      ntpSockets.clear()
    },
  }
}

export function runtimeFolder(): string {
  const [, inode] = /\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/net')) ?? []
  return join(RUNTIME_FOLDER, present(inode, 'number of our network namespace'))
}

/**
 * Takes possession of the host's network for a home. The folder is named after the network namespace's number, which
 * the kernel gives again: what a dead namespace left has no VPC that lives here, and is cleared away.
 * @throws Error when another home has networks here.
 */
async function ensureOwner(folder: string, stateFolder: string): Promise<void> {
  const path = join(folder, 'owner.json')
  const owner = await readJson<{ stateFolder: string }>(path)
  if (owner?.stateFolder === stateFolder) return
  if (owner && (await hasNetworks(folder))) {
    throw new Error(
      `the networks of this host belong to the Brume in ${owner.stateFolder}; end it with` +
        ' `brume down --instances` there, or run this one in a network namespace of its own',
    )
  }
  if (owner) await removeDurable(folder)
  await ensureFolder(folder, 0o755)
  await writeJsonDurable(path, { stateFolder }, 0o644)
}

/** Whether a VPC with a folder here has its namespace. */
async function hasNetworks(folder: string): Promise<boolean> {
  const vpcs = (await readdir(folder)).filter((name) => name.startsWith('vpc-'))
  const found = await Promise.all(
    vpcs.map((vpcId) =>
      stat(join(NAMESPACE_FOLDER, namespaceOf(vpcId as VpcId))).catch(() => null),
    ),
  )
  return found.some((one) => one !== null)
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** One round at a time; while it runs, later calls share the one that comes next, with the newest plans. */
function createApplier(tools: Tools, onRemoved: (vpcIds: readonly VpcId[]) => void) {
  const memories = new Map<VpcId, VpcMemory>()
  const state = { host: { network: null, rules: null } as HostMemory, isKnown: false }
  let peerings: ReadonlySet<string> = new Set()
  const balancers = createBalancerNetworks(tools)
  let current: Promise<void> | null = null
  let next: Round | null = null

  const round = async (plans: readonly VpcNetworkPlan[], isVerified: boolean): Promise<void> => {
    const problems: unknown[] = []
    const attempt = async (work: () => Promise<void>): Promise<boolean> => {
      try {
        await work()
        return true
      } catch (error) {
        problems.push(error)
        return false
      }
    }
    if (isVerified || !state.isKnown) {
      for (const memory of memories.values()) forget(memory)
      state.host = { network: null, rules: null }
      peerings = new Set()
      balancers.forget()
    }
    await attempt(async () => {
      const removed = await removeStrangers(tools, plans)
      for (const vpcId of removed) memories.delete(vpcId)
      onRemoved(removed)
    })
    await attempt(async () => {
      const { made, changed } = await peeringsEnsure(tools, plans, peerings)
      peerings = made
      for (const vpcId of changed) {
        const memory = memories.get(vpcId)
        if (memory) forget(memory)
      }
    })
    await attempt(async () => {
      for (const vpcId of await balancers.namespacesEnsure(plans)) {
        const memory = memories.get(vpcId)
        if (memory) forget(memory)
      }
    })
    const upstreams = await hostResolvers()
    let isReadBack = false
    await Promise.all(
      plans.map((plan) =>
        attempt(async () => {
          const before = memories.get(plan.vpcId)
          const after = await convergeTwice(tools, plan, before).catch((error: unknown) => {
            // The next round reads back; our sockets are still bound there, and must not be bound again.
            if (before) forget(before)
            throw error
          })
          isReadBack ||= after.isReadBack
          memories.set(plan.vpcId, after)
          await balancers.insidesEnsure(plan)
          await tools.dnsmasq.ensure(plan, upstreams)
        }),
      ),
    )
    // A namespace that was read back may have got a new link, whose host's end is bare.
    if (isReadBack) state.host = { network: null, rules: null }
    state.isKnown = await attempt(async () => {
      state.host = await convergeHostTwice(tools, plans, state.host)
    })
    if (problems.length > 0)
      throw new AggregateError(problems, 'some of the network is not in force')
  }

  return (plans: readonly VpcNetworkPlan[], isVerified: boolean): Promise<void> => {
    if (next) {
      next.plans = plans
      next.isVerified ||= isVerified
      return next.promise
    }
    const mine: Round = { plans, isVerified, promise: Promise.resolve() }
    const before = current
    if (before) next = mine
    mine.promise = (async () => {
      await before
      if (next === mine) next = null
      await round(mine.plans, mine.isVerified)
    })()
    const settled = mine.promise.catch(() => {})
    current = settled
    void settled.finally(() => {
      if (current === settled) current = null
    })
    return mine.promise
  }
}

/** What was made is to be read back; which namespace we have sockets in is still known. */
function forget(memory: VpcMemory): void {
  memory.network = null
  memory.shapes = null
  memory.guard = null
  memory.filter = null
}

/** Warm first; when the host is not as we remember, once more from what it really has. */
async function convergeTwice(
  tools: Tools,
  plan: VpcNetworkPlan,
  memory: VpcMemory | undefined,
): Promise<VpcMemory> {
  try {
    return await convergeVpc(tools, plan, memory ?? null)
  } catch (error) {
    tools.log.warn({ vpcId: plan.vpcId, err: error }, 'network not as remembered: reading it back')
    if (memory) forget(memory)
    return convergeVpc(tools, plan, memory ?? null)
  }
}

async function convergeHostTwice(
  tools: Tools,
  plans: readonly VpcNetworkPlan[],
  memory: HostMemory,
): Promise<HostMemory> {
  try {
    return await convergeHost(tools, plans, memory)
  } catch (error) {
    tools.log.warn({ err: error }, 'host links not as remembered: reading them back')
    return convergeHost(tools, plans, { network: null, rules: null })
  }
}
