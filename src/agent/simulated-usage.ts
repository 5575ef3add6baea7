/**
 * What machines of a simulated host use: as much a second as a test says, nothing otherwise. Counters as a real
 * host's.
 */
import type { MachineObservation } from '../domain/machine.ts'
import type { MachineUsage } from '../domain/metrics/usage.ts'
import type { Clock } from '../lib/time.ts'

export interface SimulatedRates {
  /** Of one processor: 1 is one that is busy all the time. */
  cpus: number
  readOps: number
  writeOps: number
  bytesIn: number
  bytesOut: number
}

interface Machine {
  observation: MachineObservation
  disks: ReadonlySet<string>
  nics: ReadonlySet<string>
}

const IO_BYTES = 4096
const PACKET_BYTES = 1000
const IO_SECONDS = 0.001

export function createSimulatedUsage(clock: Clock) {
  const idle: SimulatedRates = { cpus: 0, readOps: 0, writeOps: 0, bytesIn: 0, bytesOut: 0 }
  const caps = new Map<string, number | null>()
  const states = new Map<string, { rates: SimulatedRates; total: SimulatedRates; since: number }>()
  const upTo = (instanceId: string, now: number) => {
    const state = states.get(instanceId) ?? { rates: idle, total: { ...idle }, since: now }
    const seconds = Math.max(0, now - state.since) / 1000
    for (const key of Object.keys(idle) as (keyof SimulatedRates)[]) {
      const cap = key === 'cpus' ? (caps.get(instanceId) ?? Infinity) / 100 : Infinity
      state.total[key] += Math.min(state.rates[key], cap) * seconds
    }
    state.since = now
    states.set(instanceId, state)
    return state
  }
  return {
    /** A machine that is held uses no more than it may. */
    cap: (instanceId: string, percent: number | null): void => {
      upTo(instanceId, clock.now())
      caps.set(instanceId, percent)
    },
    capOf: (instanceId: string): number | null => caps.get(instanceId) ?? null,
    uses: (instanceId: string, rates: Partial<SimulatedRates>): void => {
      upTo(instanceId, clock.now()).rates = { ...idle, ...rates }
    },
    of: ({ observation, disks, nics }: Machine, now: number): MachineUsage => {
      const { total } = upTo(observation.instanceId, now)
      // The root disk does it all.
      const share = (index: number, value: number): number => (index === 0 ? value : 0)
      return {
        instanceId: observation.instanceId,
        at: now,
        startedAt: observation.startedAt ?? 0,
        cpuSeconds: total.cpus,
        memoryBytes: 64 * 1024 ** 2,
        throttledSeconds: null,
        disks: [...disks].map((volumeId, i) => ({
          volumeId,
          readOps: share(i, total.readOps),
          writeOps: share(i, total.writeOps),
          readBytes: share(i, total.readOps * IO_BYTES),
          writeBytes: share(i, total.writeOps * IO_BYTES),
          readSeconds: share(i, total.readOps * IO_SECONDS),
          writeSeconds: share(i, total.writeOps * IO_SECONDS),
        })),
        nics: [...nics].map((interfaceId, i) => ({
          interfaceId,
          bytesIn: share(i, total.bytesIn),
          bytesOut: share(i, total.bytesOut),
          packetsIn: share(i, total.bytesIn / PACKET_BYTES),
          packetsOut: share(i, total.bytesOut / PACKET_BYTES),
        })),
      }
    },
  }
}
