/** Waiting for something that cannot call us: asks again with growing pauses until it is there or time is up. */
import { systemClock, type Clock } from '../lib/time.ts'

export interface WaitOptions {
  timeoutMs: number
  pauseMs?: number
  pauseMsMax?: number
  clock?: Clock
}

/** The first value of `probe` that is not undefined; undefined when the time is up. Errors of `probe` end it. */
export async function waitFor<T>(
  probe: () => Promise<T | undefined>,
  options: WaitOptions,
): Promise<T | undefined> {
  const clock = options.clock ?? systemClock
  const deadline = clock.now() + options.timeoutMs
  let pauseMs = options.pauseMs ?? 50
  for (;;) {
    const value = await probe()
    if (value !== undefined) return value
    const left = deadline - clock.now()
    if (left <= 0) return undefined
    await clock.wait(Math.min(pauseMs, left))
    pauseMs = Math.min(pauseMs * 1.5, options.pauseMsMax ?? 1000)
  }
}
