/**
 * What the Backup gateway keeps: gateways (doors of this Brume to hypervisors), hypervisors, and the virtual machines
 * that they have, with what was last seen of them.
 */
import type { MachineWord } from './hypervisor.ts'
import type { ResourceBase, Tags } from './resource.ts'

export interface BackupGateway extends ResourceBase<string> {
  name: string
  hypervisorId: string | null
  maintenance: MaintenanceStart | null
  bandwidth: readonly BandwidthInterval[]
}

export interface MaintenanceStart {
  hour: number
  minute: number
  /** 0 is Sunday. Both null: every day. */
  dayOfWeek: number | null
  dayOfMonth: number | null
}

/** UTC; from the beginning of its first minute to the end of its last. */
export interface BandwidthInterval {
  bitsPerSecond: number | null
  startHour: number
  startMinute: number
  endHour: number
  endMinute: number
  /** 0 is Sunday. */
  daysOfWeek: readonly number[]
}

export type HypervisorState = 'PENDING' | 'ONLINE' | 'OFFLINE' | 'ERROR'
export type SyncStatus = 'CREATED' | 'RUNNING' | 'FAILED' | 'PARTIALLY_FAILED' | 'SUCCEEDED'

export interface Hypervisor extends ResourceBase<string> {
  name: string
  /** As the user wrote it. */
  host: string
  /** Username and password, sealed; null: there are none. By KMS when `kmsKeyArn` is there. */
  sealed: string | null
  kmsKeyArn: string | null
  /** The key's id, whatever alias it was named by. */
  kmsKeyId: string | null
  logGroupArn: string | null
  seen: { state: HypervisorState; reason: string | null; at: number | null }
  sync: { status: SyncStatus | null; message: string | null; requestedAt: number | null }
  lastSyncedAt: number | null
  mappings: readonly TagMapping[]
  roleArn: string | null
}

export interface TagMapping {
  category: string
  name: string
  key: string
  value: string
}

export interface GatewayMachine extends ResourceBase<string> {
  hypervisorId: string
  /** The hypervisor's own lasting id; of this Brume's machines: the instance's. */
  machineId: string
  name: string
  hostName: string
  path: string
  words: readonly MachineWord[]
  /** What the hypervisor's mappings make of the words. */
  mapped: Tags
  lastBackupAt: number | null
  /** Since when the hypervisor does not list it any more; null: it does. */
  goneAt: number | null
}

export type GatewayKind = 'backupGateway' | 'hypervisor' | 'gatewayMachine'

/** The words of their ARNs, and how their ids begin. */
export const GATEWAY_WORDS: Readonly<Record<GatewayKind, { word: string; prefix: string }>> = {
  backupGateway: { word: 'gateway', prefix: 'bgw' },
  hypervisor: { word: 'hypervisor', prefix: 'hype' },
  gatewayMachine: { word: 'vm', prefix: 'vm' },
}

/** A machine's tags: what mappings say, and over it what a user wrote. */
export function tagsOfMachine(machine: Pick<GatewayMachine, 'tags' | 'mapped'>): Tags {
  return { ...machine.mapped, ...machine.tags }
}

export function mappedTags(words: readonly MachineWord[], mappings: readonly TagMapping[]): Tags {
  const has = (category: string, name: string) =>
    words.some((word) => word.category === category && word.name === name)
  const hits = mappings.filter(({ category, name }) => has(category, name))
  return Object.fromEntries(hits.map(({ key, value }) => [key, value]))
}

const startOf = (one: BandwidthInterval) => one.startHour * 60 + one.startMinute
const endOf = (one: BandwidthInterval) => one.endHour * 60 + one.endMinute

/** Why a schedule cannot be; null: it can. */
export function scheduleFault(intervals: readonly BandwidthInterval[]): string | null {
  for (const [index, one] of intervals.entries()) {
    if (endOf(one) < startOf(one)) return `interval ${index + 1} ends before it starts`
    if (new Set(one.daysOfWeek).size < one.daysOfWeek.length) {
      return `interval ${index + 1} names a day twice`
    }
    for (const other of intervals.slice(0, index)) {
      const isSameDay = one.daysOfWeek.some((day) => other.daysOfWeek.includes(day))
      const isSameTime = startOf(one) <= endOf(other) && startOf(other) <= endOf(one)
      if (isSameDay && isSameTime) {
        return `interval ${index + 1} overlaps with interval ${intervals.indexOf(other) + 1}`
      }
    }
  }
  return null
}

/** Bytes a second that a schedule allows at a moment; null: no limit. */
export function bandwidthAt(intervals: readonly BandwidthInterval[], at: number): number | null {
  const date = new Date(at)
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes()
  const now = intervals.find(
    (one) =>
      one.daysOfWeek.includes(date.getUTCDay()) && startOf(one) <= minute && minute <= endOf(one),
  )
  if (!now || now.bitsPerSecond === null) return null
  return Math.max(1, Math.floor(now.bitsPerSecond / 8))
}
