/** A limit of bytes a second that changes while somebody waits for it. */
import { expect, test } from 'vitest'
import { createPace } from '../../../src/backup/pace.ts'

const never = new AbortController().signal

/** A clock that only its waits move on. */
function steps(onWait: (waitedMs: number) => void = () => {}) {
  let waitedMs = 0
  const clock = {
    now: () => waitedMs,
    wait: async (ms: number) => {
      waitedMs += ms
      onWait(waitedMs)
    },
  }
  return { clock, waited: () => waitedMs }
}

test('who takes more than a second may take waits for it', async () => {
  const { clock, waited } = steps()
  const pace = createPace(1_000, clock, clock.now)
  await pace.take(3_500, never)
  expect(waited()).toBeCloseTo(3_500, 0)
  await pace.take(1_000, never)
  expect(waited()).toBeCloseTo(4_500, 0)
})

test('a limit that is lifted or tightened counts for whoever waits already', async () => {
  let limit: number | undefined = 10
  const { clock, waited } = steps((ms) => {
    if (limit === 10 && ms >= 3_000) limit = undefined
  })
  const pace = createPace(() => limit, clock, clock.now)
  // It would take more than an hour.
  await pace.take(100_000, never)
  expect(waited()).toBeLessThanOrEqual(4_000)
  await pace.take(10 ** 9, never)
  expect(waited()).toBeLessThanOrEqual(4_000)
  limit = 1_000
  const before = waited()
  await pace.take(5_000, never)
  expect(waited() - before).toBeGreaterThan(3_000)
})
