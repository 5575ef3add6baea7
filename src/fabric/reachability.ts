/**
 * Whether a guest answers on the network: evidence for the instance status check. A datagram to its discard port
 * makes the kernel ask for its MAC; the neighbour table then says whether it answered. ARP needs no rule of a group
 * and no cooperation of a firewall in the guest. One `ip neigh` a VPC and look, no process a guest.
 */
import type { Socket } from 'node:dgram'
import type { NetworkInterfaceId, VpcId } from '../domain/ids.ts'
import { namespaceOf, tapNameOf } from '../domain/network-plan.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'
import type { Kernel, Neighbour } from './kernel.ts'

/** How often to look at a guest that has not answered yet, later, and at one that has. */
const CADENCE_FRESH_MS = 1_000
const CADENCE_SILENT_MS = 5_000
const CADENCE_GOOD_MS = 15_000
/** After so long without an answer a guest is no longer expected any second. */
const FRESH_MS = 120_000
/** Resolution takes three tries of 250 ms, re-confirmation half a second more (render/links.ts tunes them). */
const SETTLE_MS = 1_400
/** A busy guest may miss a round; one that misses so many in a row, asked every second, is silent. */
const MISSES_MAX = 3
const DISCARD_PORT = 9

export interface Reachability {
  interfaceId: NetworkInterfaceId
  isReachable: boolean
  /** Since when, by the injected clock. */
  since: number
}

export interface ReachabilityWatch {
  /** The interfaces to look at from now on. */
  follow(plans: readonly VpcNetworkPlan[]): void
  /** The socket to ask from, inside the VPC's namespace. */
  socketSet(vpcId: VpcId, socket: Socket | null): void
  /** Looks at everything now; resolves with what is known then. */
  probe(): Promise<Map<NetworkInterfaceId, Reachability>>
  known(): ReadonlyMap<NetworkInterfaceId, Reachability>
  close(): void
}

interface Target {
  vpcId: VpcId
  interfaceId: NetworkInterfaceId
  address: string
  firstAt: number
  askedAt: number
  misses: number
}

export function createReachabilityWatch(options: {
  kernel: Kernel
  clock: Clock
  log: Log
  onChange: (change: Reachability) => void
}): ReachabilityWatch {
  const { kernel, clock, log } = options
  const targets = new Map<NetworkInterfaceId, Target>()
  const sockets = new Map<VpcId, Socket>()
  const results = new Map<NetworkInterfaceId, Reachability>()
  const stopping = new AbortController()
  let loop: Promise<void> | null = null

  const isDue = (target: Target): boolean => {
    const now = clock.now()
    const isGood = results.get(target.interfaceId)?.isReachable === true
    const isFresh = now - target.firstAt < FRESH_MS
    if (target.misses > 0 && isGood) return now - target.askedAt >= CADENCE_FRESH_MS
    const cadence = isGood ? CADENCE_GOOD_MS : isFresh ? CADENCE_FRESH_MS : CADENCE_SILENT_MS
    return now - target.askedAt >= cadence
  }

  const look = async (asked: readonly Target[]): Promise<void> => {
    for (const target of asked) {
      target.askedAt = clock.now()
      sockets.get(target.vpcId)?.send('', DISCARD_PORT, target.address, () => {})
    }
    await clock.wait(SETTLE_MS, stopping.signal)
    for (const vpcId of new Set(asked.map((target) => target.vpcId))) {
      const neighbours = await kernel.neighbours(namespaceOf(vpcId)).catch(() => null)
      if (!neighbours) continue
      for (const target of asked.filter((each) => each.vpcId === vpcId)) note(target, neighbours)
    }
  }

  const note = (target: Target, neighbours: readonly Neighbour[]): void => {
    if (!targets.has(target.interfaceId)) return
    const before = results.get(target.interfaceId)
    const isHeard = answers(target, neighbours)
    target.misses = isHeard ? 0 : target.misses + 1
    const isReachable = isHeard || (before?.isReachable === true && target.misses < MISSES_MAX)
    if (before?.isReachable === isReachable) return
    const change = { interfaceId: target.interfaceId, isReachable, since: clock.now() }
    results.set(target.interfaceId, change)
    if (before || isReachable) options.onChange(change)
  }

  const run = async (): Promise<void> => {
    while (targets.size > 0 && !stopping.signal.aborted) {
      const due = [...targets.values()].filter(isDue)
      if (due.length > 0) await look(due)
      else await clock.wait(CADENCE_FRESH_MS, stopping.signal)
    }
  }
  const ensureLoop = (): void => {
    loop ??= run()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.error({ err: error }, 'looking after guests failed')
      })
      .finally(() => {
        loop = null
      })
  }

  return {
    follow: (plans) => {
      const live = liveTargets(plans)
      for (const id of targets.keys()) {
        if (live.has(id)) continue
        targets.delete(id)
        results.delete(id)
      }
      for (const [id, target] of live) {
        if (!targets.has(id))
          targets.set(id, { ...target, firstAt: clock.now(), askedAt: 0, misses: 0 })
      }
      if (targets.size > 0) ensureLoop()
    },
    socketSet: (vpcId, socket) => {
      sockets.get(vpcId)?.close()
      if (socket) sockets.set(vpcId, socket)
      else sockets.delete(vpcId)
    },
    probe: async () => {
      await look([...targets.values()])
      return new Map(results)
    },
    known: () => results,
    close: () => {
      stopping.abort(new Error('the fabric is closed'))
      for (const socket of sockets.values()) socket.close()
      sockets.clear()
    },
  }
}

function liveTargets(
  plans: readonly VpcNetworkPlan[],
): Map<NetworkInterfaceId, Pick<Target, 'vpcId' | 'interfaceId' | 'address'>> {
  return new Map(
    plans.flatMap((plan) =>
      plan.interfaces
        .filter((nic) => nic.isLive && nic.balancerId === undefined)
        .map((nic) => [
          nic.interfaceId,
          { vpcId: plan.vpcId, interfaceId: nic.interfaceId, address: nic.privateAddresses[0]! },
        ]),
    ),
  )
}

/** Every other state carries a MAC that nobody has confirmed since we asked. */
function answers(target: Target, neighbours: readonly Neighbour[]): boolean {
  const entry = neighbours.find(
    (each) => each.address === target.address && each.link === tapNameOf(target.interfaceId),
  )
  return entry?.states.includes('REACHABLE') ?? false
}
