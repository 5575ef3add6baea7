/** When a recovery point becomes cold and when it goes. Source: AWS Backup API reference, Lifecycle. */
import type { Lifecycle, VaultLock } from './records.ts'
import { DAY_MS } from './sizes.ts'

/** What is moved to cold storage stays there for at least this long. */
export const COLD_DAYS_MIN = 90

/** Why it cannot be; null: it can. */
export function lifecycleProblem({ coldAfterDays, deleteAfterDays }: Lifecycle): string | null {
  if (deleteAfterDays === null || coldAfterDays === null) return null
  if (deleteAfterDays >= coldAfterDays + COLD_DAYS_MIN) return null
  return (
    'Invalid lifecycle. DeleteAfterDays cannot be less than MoveToColdStorageAfterDays plus ' +
    `${COLD_DAYS_MIN} days`
  )
}

/** Why a lock does not let a point with this lifecycle in; null: it does. */
export function lockProblem(lock: VaultLock | null, lifecycle: Lifecycle | null): string | null {
  if (lock === null) return null
  const days = lifecycle?.deleteAfterDays ?? null
  const { minRetentionDays: min, maxRetentionDays: max } = lock
  if (min !== null && days !== null && days < min) {
    return `the retention of ${days} days is shorter than the minimum of the vault's lock, ${min} days`
  }
  if (max !== null && (days === null || days > max)) {
    const given = days === null ? 'without end' : `of ${days} days`
    return `the retention ${given} is longer than the maximum of the vault's lock, ${max} days`
  }
  return null
}

export function coldAt(lifecycle: Lifecycle | null, createdAt: number): number | null {
  const days = lifecycle?.coldAfterDays ?? null
  return days === null ? null : createdAt + days * DAY_MS
}

export function deleteAt(lifecycle: Lifecycle | null, createdAt: number): number | null {
  const days = lifecycle?.deleteAfterDays ?? null
  return days === null ? null : createdAt + days * DAY_MS
}
