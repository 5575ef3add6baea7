/** How often work that failed is tried again: with pauses that grow, unless the job's windows end before. */
import { MINUTE_MS } from '../../domain/backup/sizes.ts'

/** Some seven hours: what is written at night should outlast a night. */
export const ATTEMPTS_MAX = 50
/** Half an hour: somebody waits for a restore. */
export const RESTORE_ATTEMPTS_MAX = 10
const RETRY_MS_FIRST = 5_000
const RETRY_MS_MAX = 10 * MINUTE_MS

export function retryDelayMs(attempts: number): number {
  return Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** attempts)
}

/** A clock that was set back makes no pause longer than they are. */
export function isPaused(retryAt: number | null, now: number): boolean {
  return retryAt !== null && retryAt > now && retryAt <= now + RETRY_MS_MAX
}
