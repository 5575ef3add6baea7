/** A limit of bytes a second, kept on the average: whoever took more waits until it would have been allowed. */
import { systemClock, type Clock } from '../lib/time.ts'

/** So that an idle while is not made up for by a long burst. */
const BURST_MS = 1000
const LOOK_MS = 1000

export interface Pace {
  take(bytes: number, signal: AbortSignal): Promise<void>
}

/** Undefined: no limit. A function is asked for what counts now. */
export type Bandwidth = number | undefined | (() => number | undefined)

export function createPace(
  bandwidth: Bandwidth,
  clock: Pick<Clock, 'wait'> = systemClock,
  now: () => number = () => performance.now(),
): Pace {
  const limitNow = typeof bandwidth === 'function' ? bandwidth : () => bandwidth
  let freeAt = 0
  return {
    take: async (bytes, signal) => {
      const limit = limitNow()
      if (limit === undefined) return
      const until = Math.max(freeAt, now() - BURST_MS) + (bytes / limit) * 1000
      freeAt = until
      // In short waits: a limit that is changed meanwhile counts for whoever waits, too.
      while (until > now() && limitNow() === limit) {
        await clock.wait(Math.min(LOOK_MS, until - now()), signal)
      }
      if (limitNow() !== limit) freeAt = Math.min(freeAt, now())
    },
  }
}
