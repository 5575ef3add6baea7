/** What happens now, from two readings of counters. Pure. */
import type { MachineStats } from '../../../src/domain/machine.ts'

export interface Reading {
  vcpus: number
  stats: MachineStats | null
}

export interface Rates {
  at: number
  cpuPercent: number
  rssBytes: number
  receivedPerSecond: number
  sentPerSecond: number
  readBytesPerSecond: number
  writeBytesPerSecond: number
  readsPerSecond: number
  writesPerSecond: number
}

/** Undefined where there is nothing to compare: no reading, or the machine began anew in between. */
export function rateOf(before: Reading, after: Reading): Rates | undefined {
  const [a, b] = [before.stats, after.stats]
  if (!a || !b || b.at <= a.at || b.cpuMs < a.cpuMs) return undefined
  const seconds = (b.at - a.at) / 1000
  const sum = (pick: (disk: MachineStats['disks'][number]) => number): number => {
    const total = (stats: MachineStats): number =>
      stats.disks.reduce((n, disk) => n + pick(disk), 0)
    // A disk that was taken away takes its counters with it.
    return Math.max(0, total(b) - total(a)) / seconds
  }
  return {
    at: b.at,
    cpuPercent: (100 * (b.cpuMs - a.cpuMs)) / (b.at - a.at) / Math.max(1, after.vcpus),
    rssBytes: b.rssBytes,
    receivedPerSecond: Math.max(0, b.network.receivedBytes - a.network.receivedBytes) / seconds,
    sentPerSecond: Math.max(0, b.network.sentBytes - a.network.sentBytes) / seconds,
    readBytesPerSecond: sum((disk) => disk.readBytes),
    writeBytesPerSecond: sum((disk) => disk.writeBytes),
    readsPerSecond: sum((disk) => disk.reads),
    writesPerSecond: sum((disk) => disk.writes),
  }
}
