/** The benches' statistics, against values worked out by hand. */
import { expect, test } from 'vitest'
import {
  figure,
  growthExponent,
  pairedRatio,
  quantile,
  rounded,
  summaryOf,
} from '../../../bench/support/statistics.ts'

test('quantiles lie between neighbours, whatever the order', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
  expect(quantile([10, 20, 30, 40, 50], 0.95)).toBeCloseTo(48)
  expect(quantile([7], 0.99)).toBe(7)
  expect(quantile([], 0.5)).toBeNaN()
})

test('a ratio of things in turns is not moved by one busy round', () => {
  expect(pairedRatio([10, 50, 10], [5, 5, 5])).toBe(2)
  expect(pairedRatio([10, 100], [5, 50, 7])).toBe(2)
  expect(pairedRatio([], [1])).toBeNaN()
})

test('a summary names what is reported', () => {
  const values = Array.from({ length: 101 }, (_, n) => n)
  expect(summaryOf(values)).toEqual({ count: 101, p50: 50, p95: 95, p99: 99, min: 0, max: 100 })
})

test.each([
  [0, (_size: number) => 5],
  [1, (size: number) => 3 * size],
  [2, (size: number) => 0.1 * size ** 2],
  [0.5, (size: number) => Math.sqrt(size)],
])('growth with exponent %d is found', (exponent, cost) => {
  const points = [100, 1_000, 10_000].map((size) => ({ size, cost: cost(size) }))
  expect(growthExponent(points)).toBeCloseTo(exponent, 10)
})

test('growth needs two sizes that cost something', () => {
  expect(growthExponent([{ size: 10, cost: 1 }])).toBeNaN()
  expect(
    growthExponent([
      { size: 10, cost: 0 },
      { size: 100, cost: 5 },
    ]),
  ).toBeNaN()
})

test.each([
  [0.012_345, '0.0123'],
  [1.234_5, '1.23'],
  [12.345, '12.3'],
  [1_234.5, '1,235'],
  [3, '3'],
  [null, '–'],
  [Number.NaN, '–'],
])('figure(%d) is %s', (value, text) => {
  expect(figure(value)).toBe(text)
})

test('what was not measured is null in JSON, not NaN', () => {
  expect(rounded(Number.NaN)).toBeNull()
  expect(rounded(undefined)).toBeNull()
  expect(rounded(1234.567)).toBe(1235)
})
