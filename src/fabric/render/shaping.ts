/**
 * The queues in which what a machine sends and receives above its rate waits: plan → links and the `tc -batch` lines
 * that lead from the queues there are to those wanted. Pure.
 *
 * What a machine receives waits at its TAP, or with several TAPs at a link that stands for them all (an ifb). What it
 * sends waits at another: the guard hands each frame that it lets pass to it (`fwd to`), and the kernel takes it from
 * there as if it came from the TAP. A redirection by `tc` would not do: it comes before nftables' hooks, and what comes
 * back goes past them, and so past the guard.
 *
 * Within a queue connections take turns, by `fq_codel`; where the kernel has none, by one of a few classes that
 * nftables chooses by the ports (render/rates.ts).
 */
import { tapNameOf } from '../../domain/network-plan.ts'
import type { InterfacePlan } from '../../domain/network-plan.ts'
import type { InstanceId } from '../../domain/ids.ts'
import { LINK_RECEIVED_PREFIX, LINK_SENT_PREFIX } from '../names.ts'

/** What this kernel can: each connection its own queue, a few queues that connections share, or none. */
export type Queueing = 'flows' | 'classes' | 'none'

/** Of one link of a VPC's namespace. */
export type Shape =
  | {
      kind: 'queue'
      /** Absent: not known, as read back. */
      rateMbps?: number
      queueing: Queueing
      /** What no rule gives a class waits too, instead of going by at once: services of the namespace do. */
      isForAll: boolean
    }
  /** To the link where it waits. */
  | { kind: 'redirect'; to: string }

export type Shapes = ReadonlyMap<string, Shape>

/** Above it there is no limit: no TAP comes near it. */
const RATE_MBPS_MAX = 100_000
/** Classes of connections where there are no queues for each; the last is for what has no ports. */
export const CLASSES = 32
export const CLASS_FIRST = 0x10
export const CLASS_OTHERS = CLASS_FIRST + CLASSES - 1
/** What may go at once, so that the kernel's timers can keep up. */
const BURST_SECONDS = 0.004
const BURST_BYTES_MIN = 16 * 1024
/** Of one class: what waits longer is dropped, but two of the largest that a guest may hand over fit. */
const WAIT_SECONDS = 0.04
const QUEUE_BYTES_MIN = 128 * 1024
/** A turn: one frame. */
const QUANTUM_BYTES = 1_514

export interface LimitedMachine {
  instanceId: InstanceId
  rateMbps: number
  taps: string[]
}

/** Machines of a plan that have a rate, with their TAPs. */
export function limitedMachines(nics: readonly InterfacePlan[]): LimitedMachine[] {
  const machines = new Map<InstanceId, LimitedMachine>()
  for (const { interfaceId, instanceId, rateMbps, isLive } of nics) {
    if (!isLive || instanceId === null || rateMbps === undefined) continue
    if (rateMbps > RATE_MBPS_MAX) continue
    const known = machines.get(instanceId) ?? { instanceId, rateMbps, taps: [] }
    known.taps.push(tapNameOf(interfaceId))
    machines.set(instanceId, known)
  }
  return [...machines.values()]
}

/** Where what a machine sends waits. At most 15 characters, as every link's name. */
export function sentLinkOf(instanceId: InstanceId): string {
  return `${LINK_SENT_PREFIX}${instanceId.slice(-13)}`
}

export function receivedLinkOf(instanceId: InstanceId): string {
  return `${LINK_RECEIVED_PREFIX}${instanceId.slice(-13)}`
}

export function isQueueLink(name: string): boolean {
  return new RegExp(`^[${LINK_SENT_PREFIX}${LINK_RECEIVED_PREFIX}][0-9a-f]{13}$`).test(name)
}

/** The links that only queue. */
export function queueLinks(nics: readonly InterfacePlan[], queueing: Queueing): string[] {
  if (queueing === 'none') return []
  return limitedMachines(nics).flatMap(({ instanceId, taps }) => [
    sentLinkOf(instanceId),
    ...(taps.length > 1 ? [receivedLinkOf(instanceId)] : []),
  ])
}

export function wantedShapes(nics: readonly InterfacePlan[], queueing: Queueing): Shapes {
  const shapes = new Map<string, Shape>()
  if (queueing === 'none') return shapes
  for (const { instanceId, rateMbps, taps } of limitedMachines(nics)) {
    const queue = { kind: 'queue', rateMbps, queueing } as const
    shapes.set(sentLinkOf(instanceId), { ...queue, isForAll: true })
    const [first, ...more] = taps
    const received = more.length > 0 ? receivedLinkOf(instanceId) : first!
    shapes.set(received, { ...queue, isForAll: false })
    if (more.length > 0) for (const tap of taps) shapes.set(tap, { kind: 'redirect', to: received })
  }
  return shapes
}

/**
 * `tc -batch` lines. `made` are links that are new, of which nothing `found` is true any more; links that are gone took
 * their queues along.
 */
export function shapeChanges(
  wanted: Shapes,
  found: Shapes,
  links: { isThere: (name: string) => boolean; isNew: (name: string) => boolean },
): string[] {
  const before = (name: string): Shape | undefined =>
    links.isNew(name) ? undefined : found.get(name)
  const removed = [...found.keys()].filter((name) => links.isThere(name) && !wanted.has(name))
  return [
    ...removed.flatMap((name) => removal(name, before(name))),
    ...[...wanted].flatMap(([name, shape]) => change(name, shape, before(name))),
  ]
}

function change(name: string, shape: Shape, before: Shape | undefined): string[] {
  if (before && isSame(shape, before)) return []
  if (shape.kind === 'queue' && before?.kind === 'queue') {
    const isAlike = before.queueing === shape.queueing && before.isForAll === shape.isForAll
    // What waits goes on waiting, for less long or longer.
    if (isAlike) {
      const [rate, { queueing }] = [shape.rateMbps!, shape]
      const isLeafFixed = queueing === 'flows'
      return [
        ...rateLines(name, rate, queueing, 'change'),
        ...(isLeafFixed ? [] : leafLines(name, rate, queueing, 'change')),
      ]
    }
  }
  return [...removal(name, before), ...addition(name, shape)]
}

function isSame(a: Shape, b: Shape): boolean {
  if (a.kind === 'redirect' || b.kind === 'redirect') {
    return a.kind === 'redirect' && b.kind === 'redirect' && a.to === b.to
  }
  return a.rateMbps === b.rateMbps && a.queueing === b.queueing && a.isForAll === b.isForAll
}

function removal(name: string, shape: Shape | undefined): string[] {
  if (!shape) return []
  return [`qdisc del dev ${name} ${shape.kind === 'queue' ? 'root' : 'clsact'}`]
}

function addition(name: string, shape: Shape): string[] {
  if (shape.kind === 'redirect') {
    return [
      `qdisc add dev ${name} clsact`,
      `filter add dev ${name} egress protocol all pref 1 u32 match u32 0 0` +
        ` action mirred egress redirect dev ${shape.to}`,
    ]
  }
  const { queueing, isForAll } = shape
  const others = queueing === 'flows' ? CLASS_FIRST : CLASS_OTHERS
  return [
    `qdisc add dev ${name} root handle 1: htb default ${isForAll ? others.toString(16) : 0}`,
    ...rateLines(name, shape.rateMbps!, queueing, 'add'),
    ...leafLines(name, shape.rateMbps!, queueing, 'add'),
  ]
}

function classNumbers(queueing: Queueing): number[] {
  const count = queueing === 'flows' ? 1 : CLASSES
  return Array.from({ length: count }, (_, n) => CLASS_FIRST + n)
}

/** The machine's rate, and beneath it a class of an equal part of it each, that may have all that others leave. */
function rateLines(
  name: string,
  rateMbps: number,
  queueing: Queueing,
  verb: 'add' | 'change',
): string[] {
  const bits = rateMbps * 1_000_000
  const burst = Math.round(Math.max(BURST_BYTES_MIN, (bits / 8) * BURST_SECONDS))
  const bursts = `burst ${burst} cburst ${burst} quantum ${QUANTUM_BYTES}`
  const numbers = classNumbers(queueing)
  const part = Math.max(1, Math.floor(bits / numbers.length))
  const partBurst = `burst ${QUANTUM_BYTES} cburst ${burst} quantum ${QUANTUM_BYTES}`
  const top = `class ${verb} dev ${name} parent 1: classid 1:1 htb rate ${bits}bit ceil ${bits}bit`
  return [
    `${top} ${bursts}`,
    ...numbers.map((number) => {
      const classid = `parent 1:1 classid 1:${number.toString(16)}`
      const rates = `rate ${part}bit ceil ${bits}bit`
      return `class ${verb} dev ${name} ${classid} htb ${rates} ${partBurst}`
    }),
  ]
}

function leafLines(
  name: string,
  rateMbps: number,
  queueing: Queueing,
  verb: 'add' | 'change',
): string[] {
  const leaf = queueing === 'flows' ? 'fq_codel' : `bfifo limit ${queueBytes(rateMbps)}`
  return classNumbers(queueing).map((number) => {
    const hex = number.toString(16)
    return `qdisc ${verb} dev ${name} parent 1:${hex} handle ${hex}: ${leaf}`
  })
}

function queueBytes(rateMbps: number): number {
  return Math.round(Math.max(QUEUE_BYTES_MIN, ((rateMbps * 1e6) / 8) * WAIT_SECONDS))
}

export interface QdiscJson {
  kind: string
  handle: string
  dev: string
  root?: boolean
  parent?: string
  options?: { default?: string }
}

/**
 * What `tc -j qdisc show` tells, as far as it is like ours; what is half made is read as an odd queue, and made anew.
 * Rates are not told, and are said again. Who undoes a redirection's filter by hand is not found out.
 */
export function shapesFound(qdiscs: readonly QdiscJson[]): Shapes {
  const shapes = new Map<string, Shape>()
  const leaves = new Map<string, QdiscJson[]>()
  for (const qdisc of qdiscs) {
    if (qdisc.parent?.startsWith('1:')) {
      leaves.set(qdisc.dev, [...(leaves.get(qdisc.dev) ?? []), qdisc])
    }
  }
  for (const { kind, dev, root, handle, options } of qdiscs) {
    if (kind === 'clsact') shapes.set(dev, { kind: 'redirect', to: '' })
    if (!root || kind !== 'htb' || handle !== '1:') continue
    const own = leaves.get(dev) ?? []
    const isFlows = own.length === 1 && own[0]!.kind === 'fq_codel'
    const isClasses = own.length === CLASSES && own.every((leaf) => leaf.kind === 'bfifo')
    const queueing = isFlows ? 'flows' : isClasses ? 'classes' : 'none'
    const isForAll = Number(options?.default ?? 0) !== 0
    shapes.set(dev, { kind: 'queue', queueing, isForAll })
  }
  return shapes
}
