/** What happens now, from two measurements of a machine. Pure. */
import { usageBetween, type MachineUsage } from '../../../src/domain/metrics/usage.ts'

export interface Reading {
  vcpus: number
  usage: MachineUsage | null
}

export interface Rates {
  at: number
  cpuPercent: number
  memoryBytes: number
  receivedPerSecond: number
  sentPerSecond: number
  readBytesPerSecond: number
  writeBytesPerSecond: number
  readsPerSecond: number
  writesPerSecond: number
}

/** Undefined where there is nothing to compare: no reading, or the machine began anew in between. */
export function rateOf(before: Reading, after: Reading): Rates | undefined {
  if (!before.usage || !after.usage) return undefined
  const between = usageBetween(before.usage, after.usage)
  if (!between) return undefined
  const seconds = (after.usage.at - before.usage.at) / 1000
  const perSecond = <T>(of: readonly T[], pick: (one: T) => number): number =>
    of.reduce((sum, one) => sum + pick(one), 0) / seconds
  const { disks, nics } = between
  return {
    at: after.usage.at,
    cpuPercent: (100 * between.cpuSeconds) / seconds / Math.max(1, after.vcpus),
    memoryBytes: after.usage.memoryBytes,
    receivedPerSecond: perSecond(nics, (nic) => nic.bytesIn),
    sentPerSecond: perSecond(nics, (nic) => nic.bytesOut),
    readBytesPerSecond: perSecond(disks, (disk) => disk.readBytes),
    writeBytesPerSecond: perSecond(disks, (disk) => disk.writeBytes),
    readsPerSecond: perSecond(disks, (disk) => disk.readOps),
    writesPerSecond: perSecond(disks, (disk) => disk.writeOps),
  }
}
