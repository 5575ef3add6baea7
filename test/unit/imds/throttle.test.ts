/** One guest in a loop is slowed down; the others are not. */
import { expect, test } from 'vitest'
import { createThrottle } from '../../../src/aws/imds/throttle.ts'

test('a bucket for each address, refilled steadily', () => {
  let now = 0
  const throttle = createThrottle({ now: () => now })
  const admitted = (address: string, count: number): number =>
    Array.from({ length: count }, () => throttle.admit(address)).filter(Boolean).length
  expect(admitted('10.0.0.5', 5_000)).toBe(1_000)
  expect(admitted('10.0.0.6', 10)).toBe(10)
  now += 500
  expect(admitted('10.0.0.5', 5_000)).toBe(100)
  now += 60_000
  expect(admitted('10.0.0.5', 5_000)).toBe(1_000)
  now -= 10_000
  expect(admitted('10.0.0.5', 10)).toBe(0)
})

test('a clock set back does not shut a guest out for good', () => {
  let now = 100_000
  const throttle = createThrottle({ now: () => now })
  for (let n = 0; n < 2_000; n++) throttle.admit('a')
  now = 0
  expect(throttle.admit('a')).toBe(false)
  now = 1_000
  expect(throttle.admit('a')).toBe(true)
})

test('many addresses do not pile up', () => {
  let now = 0
  const throttle = createThrottle({ now: () => now })
  for (let n = 0; n < 20_000; n++) {
    now += 100
    expect(throttle.admit(`a${n}`)).toBe(true)
  }
})
