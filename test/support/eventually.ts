/** Waits for a condition that events bring about, with a deadline that fails the test with the last value seen. */
import { setTimeout as wait } from 'node:timers/promises'

export async function eventually<T>(
  look: () => Promise<T> | T,
  isRight: (value: T) => boolean,
  timeoutMs = 5_000,
): Promise<T> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const value = await look()
    if (isRight(value)) return value
    if (Date.now() > until) {
      throw new Error(`not within ${timeoutMs} ms; last seen: ${JSON.stringify(value)}`)
    }
    await wait(10)
  }
}
