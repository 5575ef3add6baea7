/** Percentiles of values that are kept as counts by bins: how far off they may be, and that sketches add up. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { extendedParse, isSignificant } from '../../../src/domain/metrics/extended.ts'
import {
  statisticValue,
  summaryAdd,
  summaryOf,
  type Summary,
} from '../../../src/domain/metrics/metric.ts'
import { sketchAdd, sketchOf, sketchRead, sketchWrite } from '../../../src/domain/metrics/sketch.ts'

const value = fc.oneof(
  fc.double({ min: 1e-9, max: 1e12, noNaN: true }),
  fc.double({ min: -1e6, max: -1e-6, noNaN: true }),
  fc.constant(0),
  fc.integer({ min: 0, max: 100 }),
)
const values = fc.array(value, { minLength: 1, maxLength: 200 })

test('every percentile is within 1 % of the value at its rank, however the values came', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 100 }), fc.nat(), (all, percent, cut) => {
      const parts = [all.slice(0, cut % all.length), all.slice(cut % all.length)]
      const summaries = parts
        .filter((part) => part.length > 0)
        .map((part) => part.map((one) => summaryOf(one)).reduce(summaryAdd))
      const stored = summaries.map((one): Summary =>
        one.sketch ? { ...one, sketch: sketchRead(sketchWrite(one.sketch)) } : one,
      )
      const found = statisticValue(stored.reduce(summaryAdd), `p${percent}`)!
      const exact = all.toSorted((a, b) => a - b)[Math.ceil((all.length * percent) / 100) - 1]!
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.0101)
    }),
  )
})

test('a sketch is bounded, and precise where the large values are', () => {
  const wide = Array.from({ length: 5_000 }, (_, n) => ({ value: 1.03 ** (n - 2_500), count: 1 }))
  const sketch = wide.map((one) => sketchOf([one])).reduce(sketchAdd)
  expect(sketch.size).toBeLessThanOrEqual(1_000)
  expect([...sketch.values()].reduce((a, b) => a + b)).toBe(5_000)
  const [least, most] = [wide[0]!.value, wide.at(-1)!.value]
  const summary = { count: 5_000, sum: 0, min: least, max: most, sketch }
  const exact = wide[4_499]!.value
  expect(Math.abs(statisticValue(summary, 'p90')! / exact - 1)).toBeLessThan(0.01)
})

test('what is no statistic, and how many values a percentile needs', () => {
  for (const word of [
    'p',
    'p100.1',
    'p-1',
    'tm101',
    'TM(5%:1)',
    'PR(1%:2%)',
    'TC(9:1)',
    'P(1:2)',
  ]) {
    expect(extendedParse(word), word).toBeNull()
  }
  expect(extendedParse('TM(-5:0.5)')).toEqual({ kind: 'tm', from: -5, to: 0.5, isPercent: false })
  const needs = (word: string, count: number): boolean => isSignificant(extendedParse(word)!, count)
  expect([needs('p99', 999), needs('p99', 1_000)]).toEqual([false, true])
  expect([needs('p10', 99), needs('p10', 100), needs('tm99', 1)]).toEqual([false, true, true])
})
