/**
 * Locks that keep a snapshot from being deleted. Governance: whoever may, unlocks it. Compliance: once its cooling-off
 * period is over nobody does, and it can only be made longer. Source: EBS user guide, "Amazon EBS snapshot lock".
 */
import { FaultError, invalidValue } from './faults.ts'
import type { SnapshotId } from './ids.ts'

export interface SnapshotLock {
  mode: 'governance' | 'compliance'
  createdAt: number
  /** When the time of the lock began: when the snapshot was complete, if it was not yet. */
  startedAt: number
  days: number
  expiresAt: number
  coolOffHours: number | null
}

export type SnapshotLockState = 'governance' | 'compliance-cooloff' | 'compliance' | 'expired'

export interface SnapshotLockRequest {
  mode: 'governance' | 'compliance'
  days: number | null
  expiresAt: number | null
  coolOffHours: number | null
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DAYS_MAX = 36_500
const COOL_OFF_HOURS_MAX = 72

export function coolOffEndOf({ createdAt, coolOffHours }: SnapshotLock): number | null {
  return coolOffHours === null ? null : createdAt + coolOffHours * HOUR_MS
}

export function lockStateOf(lock: SnapshotLock, now: number): SnapshotLockState {
  if (now >= lock.expiresAt) return 'expired'
  if (lock.mode === 'governance') return 'governance'
  const end = coolOffEndOf(lock)
  return end !== null && now < end ? 'compliance-cooloff' : 'compliance'
}

/** The lock as it would be. @throws Faults for what the lock that is there, or the request itself, does not allow. */
export function lockChanged(
  snapshot: { id: SnapshotId; completedAt?: number; lock?: SnapshotLock | null },
  request: SnapshotLockRequest,
  now: number,
): SnapshotLock {
  const before = snapshot.lock ?? null
  const isFixed = before !== null && lockStateOf(before, now) === 'compliance'
  const { mode, coolOffHours } = request
  if (coolOffHours !== null) coolOffChecked(mode, coolOffHours)
  const startedAt =
    before && lockStateOf(before, now) !== 'expired'
      ? before.startedAt
      : Math.max(now, snapshot.completedAt ?? 0)
  const time = timeOf(request, startedAt, now)
  if (isFixed) {
    const refused = (reason: string) =>
      new FaultError({ type: 'NotPermitted', kind: 'snapshot', id: snapshot.id, reason })
    const locked = `The snapshot ${snapshot.id} is locked in compliance mode`
    if (mode !== 'compliance') throw refused(`${locked}: its mode cannot be changed`)
    if (coolOffHours !== null) throw refused(`${locked}: it has no cooling-off period any more`)
    if (time.expiresAt < before.expiresAt) throw refused(`${locked}: it can only be locked longer`)
    return { ...before, ...time }
  }
  return { mode, createdAt: now, startedAt, ...time, coolOffHours }
}

function coolOffChecked(mode: SnapshotLockRequest['mode'], hours: number): void {
  if (mode === 'governance') {
    const reason = 'CoolOffPeriod belongs to the compliance mode'
    const parameters = ['LockMode', 'CoolOffPeriod']
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (Number.isInteger(hours) && hours >= 1 && hours <= COOL_OFF_HOURS_MAX) return
  throw invalidValue('CoolOffPeriod', hours, `1 to ${COOL_OFF_HOURS_MAX} hours`)
}

function timeOf(
  { days, expiresAt }: SnapshotLockRequest,
  startedAt: number,
  now: number,
): Pick<SnapshotLock, 'days' | 'expiresAt'> {
  if (days !== null && expiresAt !== null) {
    const reason = 'LockDuration and ExpirationDate cannot be used together'
    const parameters = ['LockDuration', 'ExpirationDate']
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (expiresAt !== null) {
    const text = new Date(expiresAt).toISOString()
    if (expiresAt <= now) throw invalidValue('ExpirationDate', text, 'must be in the future')
    return { days: Math.ceil((expiresAt - startedAt) / DAY_MS), expiresAt }
  }
  if (days === null) {
    const hint = 'or ExpirationDate'
    throw new FaultError({ type: 'MissingParameter', parameter: 'LockDuration', hint })
  }
  if (days < 1 || days > DAYS_MAX) throw invalidValue('LockDuration', days, `1 to ${DAYS_MAX} days`)
  return { days, expiresAt: startedAt + days * DAY_MS }
}
