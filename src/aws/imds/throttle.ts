/**
 * Throttling per guest, as EC2 throttles its metadata service per instance: one guest in a loop must not take the
 * daemon's time from the others. A bucket of requests for each address, refilled steadily.
 */
import type { Clock } from '../../lib/time.ts'

export interface ThrottleLimits {
  burst: number
  perSecond: number
}

/** A boot with cloud-init asks for some 120 things in a second or two; agents ask for a few a minute. */
const METADATA_LIMITS: ThrottleLimits = { burst: 1_000, perSecond: 200 }
/** Full buckets need not be remembered; looked at when there are this many. */
const ADDRESSES_MAX = 4_096

interface Bucket {
  left: number
  at: number
}

export interface Throttle {
  /** Whether this request may be answered. */
  admit(address: string): boolean
}

export function createThrottle(
  clock: Pick<Clock, 'now'>,
  { burst, perSecond }: ThrottleLimits = METADATA_LIMITS,
): Throttle {
  const buckets = new Map<string, Bucket>()
  const refilled = ({ left, at }: Bucket, now: number): number =>
    Math.min(burst, left + (Math.max(0, now - at) / 1_000) * perSecond)
  return {
    admit: (address) => {
      const now = clock.now()
      if (buckets.size >= ADDRESSES_MAX) {
        for (const [other, bucket] of buckets) {
          if (refilled(bucket, now) >= burst) buckets.delete(other)
        }
      }
      const bucket = buckets.get(address)
      const left = bucket ? refilled(bucket, now) : burst
      const isAdmitted = left >= 1
      buckets.set(address, { left: isAdmitted ? left - 1 : left, at: now })
      return isAdmitted
    },
  }
}
