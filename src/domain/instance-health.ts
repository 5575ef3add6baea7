/**
 * The status checks of an instance, from evidence: the system check from its host (the process lives and QEMU says it
 * runs), the instance check from its guest (it answers on the network). Pure.
 */
import { instanceStateOf, type Instance } from './instance.ts'

export type CheckStatus =
  | 'ok'
  | 'impaired'
  | 'initializing'
  | 'insufficient-data'
  | 'not-applicable'

export interface Check {
  status: CheckStatus
  impairedSince: number | null
}

export interface InstanceHealth {
  system: Check
  instance: Check
  /** Whether its disks complete reads and writes. */
  volumes: Check
}

/** A guest that has never answered for so long will not; Debian boots in 2.5 minutes in software emulation. */
export const INITIALIZING_MS_MAX = 10 * 60_000

export function instanceHealthOf(instance: Instance, now: number): InstanceHealth {
  const { observed } = instance
  if (instanceStateOf(instance) !== 'running' || !observed) {
    return { system: NOT_APPLICABLE, instance: NOT_APPLICABLE, volumes: NOT_APPLICABLE }
  }
  // Paused by QEMU: a disk that could not be written, or a host that needs looking after.
  const isPaused = observed.state === 'paused'
  return {
    system: isPaused ? impaired(observed.observedAt) : OK,
    instance: guestCheck(instance, now),
    volumes: isPaused ? { status: 'insufficient-data', impairedSince: null } : OK,
  }
}

/** Since when its host or its guest fails their check; null: neither does. */
export function impairedSinceOf(instance: Instance, now: number): number | null {
  const { system, instance: guest } = instanceHealthOf(instance, now)
  const times = [system.impairedSince, guest.impairedSince].filter((at) => at !== null)
  return times.length === 0 ? null : Math.min(...times)
}

function guestCheck(instance: Instance, now: number): Check {
  const { isReachable, impairedSince, observed } = instance
  if (isReachable) return OK
  if (impairedSince !== null) return impaired(impairedSince)
  const givenUpAt = (observed?.startedAt ?? instance.spec.launchedAt) + INITIALIZING_MS_MAX
  return now < givenUpAt ? { status: 'initializing', impairedSince: null } : impaired(givenUpAt)
}

const OK: Check = { status: 'ok', impairedSince: null }
const NOT_APPLICABLE: Check = { status: 'not-applicable', impairedSince: null }

function impaired(since: number): Check {
  return { status: 'impaired', impairedSince: since }
}
