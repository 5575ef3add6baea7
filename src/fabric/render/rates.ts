/**
 * What nftables does for the rates of machines. Where the kernel queues (render/shaping.ts), it says which class of a
 * machine's queue a packet waits in, and hands to it what the guard lets pass. Where it cannot queue, what is above a
 * rate is dropped. What the namespace itself serves (metadata, names, time) does not count either way. Pure.
 */
import type { InterfacePlan } from '../../domain/network-plan.ts'
import { LINK_LOCAL_CIDR } from '../names.ts'
import { CLASS_FIRST, CLASS_OTHERS, limitedMachines, sentLinkOf } from './shaping.ts'
import type { Queueing } from './shaping.ts'
import { chain, elements } from './text.ts'

/** What may come at once is this and, by the kernel's reckoning, a second's worth: enough for TCP to reach the rate. */
const BURST_KIB = 256

export function rateChains(nics: readonly InterfacePlan[], queueing: Queueing): string[] {
  const machines = limitedMachines(nics)
  if (machines.length === 0) return []
  return queueing === 'none' ? dropChains(machines) : classChain(machines, queueing)
}

type Machines = ReturnType<typeof limitedMachines>

/** Only what is forwarded has a class: answers of the namespace itself go by at once. */
function classChain(machines: Machines, queueing: Queueing): string[] {
  const taps = machines.flatMap((machine) => machine.taps.map((tap) => `"${tap}"`))
  const toMachine = `oifname ${elements(taps)}`
  return chain('rates', [
    'type filter hook forward priority -20; policy accept;',
    `${toMachine} meta priority set ${classOf(queueing === 'flows' ? CLASS_FIRST : CLASS_OTHERS)}`,
    ...(queueing === 'classes'
      ? (['ip', 'ip6'] as const).map((family) => `${toMachine} ${classByFlow(family)}`)
      : []),
  ])
}

const classOf = (number: number): string => `1:${number.toString(16)}`

/** The same connection in the same class, whenever the rules are loaded: its packets keep their order. */
function classByFlow(family: 'ip' | 'ip6'): string {
  const flow = `${family} saddr . ${family} daddr . th sport . th dport`
  const range = `mod ${CLASS_OTHERS - CLASS_FIRST} seed 0x6272756d offset ${(1 << 16) + CLASS_FIRST}`
  return `meta l4proto { tcp, udp } meta priority set jhash ${flow} ${range}`
}

/** What a guard does with packets that match this and may pass. Those to the platform's addresses do not wait. */
export function passRules(nic: InterfacePlan, matched: string, queueing: Queueing): string[] {
  const isLimited = queueing !== 'none' && limitedMachines([nic]).length > 0
  if (!isLimited) return [`${matched} accept`]
  const isSix = matched.includes('ip6')
  return [
    ...(isSix ? [] : [`${matched} ip daddr ${LINK_LOCAL_CIDR} accept`]),
    ...(queueing === 'classes' ? [`${matched} ${classByFlow(isSix ? 'ip6' : 'ip')}`] : []),
    `${matched} fwd to "${sentLinkOf(nic.instanceId!)}"`,
  ]
}

function dropChains(machines: Machines): string[] {
  const jumps = (direction: 'out' | 'in'): string =>
    elements(
      machines.flatMap(({ instanceId, taps }) =>
        taps.map((tap) => `"${tap}" : jump ${chainOf(instanceId, direction)}`),
      ),
    )
  return [
    ...machines.flatMap(({ instanceId, rateMbps }) =>
      (['out', 'in'] as const).flatMap((direction) =>
        chain(chainOf(instanceId, direction), [`${limitOf(rateMbps)} drop`]),
      ),
    ),
    ...chain('rates', [
      'type filter hook forward priority -20; policy accept;',
      `iifname vmap ${jumps('out')}`,
      `oifname vmap ${jumps('in')}`,
    ]),
  ]
}

const chainOf = (instanceId: string, direction: 'out' | 'in'): string =>
  `rate-${instanceId}-${direction}`

/** nftables counts in KiB. */
function limitOf(rateMbps: number): string {
  const kib = Math.max(1, Math.round((rateMbps * 1_000_000) / 8 / 1024))
  return `limit rate over ${kib} kbytes/second burst ${BURST_KIB} kbytes`
}
