/** A limit of bytes a second, kept on the average: whoever took more waits until it would have been allowed. */
import { systemClock, type Clock } from '../lib/time.ts'

/** So that an idle while is not made up for by a long burst. */
const BURST_MS = 1000

export interface Pace {
  take(bytes: number, signal: AbortSignal): Promise<void>
}

export function createPace(bytesPerSecond: number | undefined, clock: Clock = systemClock): Pace {
  if (bytesPerSecond === undefined) return { take: async () => {} }
  let freeAt = 0
  return {
    take: async (bytes, signal) => {
      const now = performance.now()
      freeAt = Math.max(freeAt, now - BURST_MS) + (bytes / bytesPerSecond) * 1000
      if (freeAt > now) await clock.wait(freeAt - now, signal)
    },
  }
}
