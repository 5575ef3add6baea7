/** Pauses between attempts of backup jobs. */
import { expect, test } from 'vitest'
import { isPaused, retryDelayMs } from '../../../src/app/backup/retry.ts'

test('a job waits for its pause, and not for a clock that was set back', () => {
  const now = Date.UTC(2026, 0, 20)
  const retryAt = now + retryDelayMs(49)
  expect(isPaused(null, now)).toBe(false)
  expect(isPaused(retryAt, now)).toBe(true)
  expect(isPaused(retryAt, retryAt)).toBe(false)
  // It was a year ahead when the pause began.
  expect(isPaused(retryAt + 365 * 86_400_000, now)).toBe(false)
})
