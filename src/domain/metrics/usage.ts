/**
 * What a host has measured of a machine since it started: counters that only grow, so that whoever asks twice knows
 * what happened between. Survives JSON, as all that crosses `HostAgent`.
 */
import type { MachineUse } from '../allocation.ts'
import type { InstanceId } from '../ids.ts'

export interface MachineUsage {
  instanceId: InstanceId
  /** Milliseconds since the epoch. */
  at: number
  /** Counters of another start begin anew. */
  startedAt: number
  /** Of all its processors and of what emulates its devices. */
  cpuSeconds: number
  /** Resident, of the host's memory. */
  memoryBytes: number
  disks: readonly DiskUsage[]
  nics: readonly NicUsage[]
  /** How long it was held up by its CPU limit; null where the host does not say. */
  throttledSeconds: number | null
}

export interface DiskUsage {
  volumeId: string
  readOps: number
  writeOps: number
  readBytes: number
  writeBytes: number
  readSeconds: number
  writeSeconds: number
}

/** As the guest sees it: `in` is what it received. */
export interface NicUsage {
  interfaceId: string
  bytesIn: number
  bytesOut: number
  packetsIn: number
  packetsOut: number
}

/** What a machine used on average between two measurements, as a person reads it. */
export function useOf(between: MachineUsage, seconds: number): MachineUse {
  const total = <T>(items: readonly T[], of: (item: T) => number): number =>
    items.reduce((sum, item) => sum + of(item), 0) / seconds
  const { disks, nics } = between
  return {
    cpu: between.cpuSeconds / seconds,
    networkInMbps: (total(nics, ({ bytesIn }) => bytesIn) * 8) / 1e6,
    networkOutMbps: (total(nics, ({ bytesOut }) => bytesOut) * 8) / 1e6,
    ebsIops: total(disks, ({ readOps, writeOps }) => readOps + writeOps),
    ebsMBps: total(disks, ({ readBytes, writeBytes }) => readBytes + writeBytes) / 1e6,
  }
}

/** What happened between two measurements of one start, the elder first; null when they are not comparable. */
export function usageBetween(before: MachineUsage, after: MachineUsage): MachineUsage | null {
  if (before.startedAt !== after.startedAt || after.at <= before.at) return null
  const less = (now: number, then: number | undefined): number => Math.max(0, now - (then ?? 0))
  const disks = new Map(before.disks.map((disk) => [disk.volumeId, disk]))
  const nics = new Map(before.nics.map((nic) => [nic.interfaceId, nic]))
  return {
    ...after,
    cpuSeconds: less(after.cpuSeconds, before.cpuSeconds),
    throttledSeconds:
      after.throttledSeconds === null
        ? null
        : less(after.throttledSeconds, before.throttledSeconds ?? undefined),
    disks: after.disks.map((disk) => {
      const was = disks.get(disk.volumeId)
      return {
        volumeId: disk.volumeId,
        readOps: less(disk.readOps, was?.readOps),
        writeOps: less(disk.writeOps, was?.writeOps),
        readBytes: less(disk.readBytes, was?.readBytes),
        writeBytes: less(disk.writeBytes, was?.writeBytes),
        readSeconds: less(disk.readSeconds, was?.readSeconds),
        writeSeconds: less(disk.writeSeconds, was?.writeSeconds),
      }
    }),
    nics: after.nics.map((nic) => {
      const was = nics.get(nic.interfaceId)
      return {
        interfaceId: nic.interfaceId,
        bytesIn: less(nic.bytesIn, was?.bytesIn),
        bytesOut: less(nic.bytesOut, was?.bytesOut),
        packetsIn: less(nic.packetsIn, was?.packetsIn),
        packetsOut: less(nic.packetsOut, was?.packetsOut),
      }
    }),
  }
}
