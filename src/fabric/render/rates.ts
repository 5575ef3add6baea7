/**
 * What a machine may send and receive a second: one limit for all of its interfaces each way, kept by the kernel where
 * packets are forwarded. What is above it is dropped, as on EC2, and TCP slows down by itself. What the namespace itself
 * serves (metadata, names, time) does not count. Pure.
 */
import type { InterfacePlan } from '../../domain/network-plan.ts'
import { tapNameOf } from '../../domain/network-plan.ts'
import { chain, elements } from './text.ts'

/** Above it the kernel's arithmetic overflows (nanoseconds by bytes in 64 bits), and no TAP comes near it. */
const RATE_MBPS_MAX = 100_000
/** What may come at once is this and, by the kernel's reckoning, a second's worth: enough for TCP to reach the rate. */
const BURST_KIB = 256

export function rateChains(nics: readonly InterfacePlan[]): string[] {
  const limited = nics.flatMap(({ interfaceId, instanceId, rateMbps }) =>
    instanceId !== null && rateMbps !== undefined && rateMbps <= RATE_MBPS_MAX
      ? [{ tap: tapNameOf(interfaceId), instanceId, rateMbps }]
      : [],
  )
  if (limited.length === 0) return []
  const machines = new Map(limited.map(({ instanceId, rateMbps }) => [instanceId, rateMbps]))
  const jumps = (direction: 'out' | 'in'): string =>
    elements(
      limited.map(({ tap, instanceId }) => `"${tap}" : jump ${chainOf(instanceId, direction)}`),
    )
  return [
    ...[...machines].flatMap(([instanceId, rateMbps]) =>
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
