/** Pure parts of Auto Scaling: adjustments, steps, targets, who goes, where to, recurrences. */
import { expect, test } from 'vitest'
import { adjusted, stepFor, stepsWrong, tracked } from '../../src/domain/autoscaling/capacity.ts'
import {
  spotsInOrder,
  unbalanced,
  victimOf,
  type Candidate,
} from '../../src/domain/autoscaling/choose.ts'
import { parseRecurrence, recurrenceNext } from '../../src/domain/autoscaling/cron.ts'
import type { InstanceId } from '../../src/domain/ids.ts'

test.each([
  [10, 'ChangeInCapacity', -3, null, 7],
  [10, 'ExactCapacity', 4, null, 4],
  [10, 'PercentChangeInCapacity', 25, null, 12],
  [3, 'PercentChangeInCapacity', 10, null, 4],
  [3, 'PercentChangeInCapacity', -10, null, 2],
  [10, 'PercentChangeInCapacity', -67, null, 4],
  [4, 'PercentChangeInCapacity', 25, 2, 6],
  [0, 'PercentChangeInCapacity', 50, 2, 0],
] as const)('%i by %s %i (at least %o) is %i', (current, type, by, least, wanted) => {
  expect(adjusted(current, type, by, least)).toBe(wanted)
})

test('a step is found by how far the metric is beyond the threshold', () => {
  const steps = [
    { lower: null, upper: -10, adjustment: -2 },
    { lower: -10, upper: 0, adjustment: -1 },
    { lower: 0, upper: 10, adjustment: 1 },
    { lower: 10, upper: null, adjustment: 2 },
  ]
  expect(stepsWrong(steps)).toBeNull()
  const at = (difference: number) => stepFor(steps, difference)?.adjustment
  expect([-30, -10, -5, 0, 9.9, 10, 99].map(at)).toEqual([-2, -2, -1, 1, 1, 2, 2])
  expect(stepsWrong(steps.filter((_, n) => n !== 1))).toContain('gaps')
  expect(stepsWrong([...steps, { lower: 5, upper: null, adjustment: 3 }])).toContain('overlap')
  expect(stepsWrong([])).not.toBeNull()
})

test('a target is met by capacity in proportion, rounded up, without errors of floats', () => {
  expect(tracked(2, 80, 40)).toBe(4)
  expect(tracked(3, 40.1, 40)).toBe(4)
  expect(tracked(3, 0.3, 0.1 * 3)).toBe(3)
  expect(tracked(4, 5, 50)).toBe(1)
})

const one = (n: number, change: Partial<Candidate> = {}): Candidate => ({
  id: `i-${n}` as InstanceId,
  zone: 'a',
  launch: { type: 'template', templateId: 't', templateName: 't', version: '2' },
  createdAt: n * 1_000,
  isCurrent: true,
  templateVersion: 2,
  configuredAt: null,
  ...change,
})

test('who goes: from the fullest zone, then by the policies in order', () => {
  const all = [one(1, { zone: 'b' }), one(2), one(3), one(4)]
  const chosen = (...policies: Parameters<typeof victimOf>[1]) =>
    victimOf(all, policies, 10_000)?.id
  expect(chosen('OldestInstance')).toBe('i-2')
  expect(chosen('NewestInstance')).toBe('i-4')
  const old = [one(2), one(3, { templateVersion: 1 }), one(4, { isCurrent: false })]
  expect(victimOf(old, ['OldestLaunchTemplate'], 0)?.id).toBe('i-4')
  expect(victimOf(old.slice(0, 2), ['Default'], 0)?.id).toBe('i-3')
  expect(victimOf([], ['Default'], 0)).toBeUndefined()
})

test('where to: the emptiest zone; balance is sought when two are between', () => {
  const spots = ['a', 'b'].map((zone) => ({ zone, subnetId: `s-${zone}` }))
  const at = (zone: string) => ({ zone, subnetId: `s-${zone}` })
  expect(spotsInOrder(spots, [at('a')])[0]!.zone).toBe('b')
  expect(unbalanced(['a', 'b'], [one(1), one(2, { zone: 'b' }), one(3)])).toBeNull()
  expect(unbalanced(['a', 'b'], [one(1), one(3)])).toBe('i-1')
  expect(unbalanced(['a'], [one(1), one(2, { zone: 'c' })])).toBe('i-2')
})

test.each([
  ['30 0 1 1,6,12 *', 'Etc/UTC', '2026-11-28T00:00:00Z', '2026-12-01T00:30:00.000Z'],
  ['0 8 * * 1-5', 'Etc/UTC', '2026-11-28T09:00:00Z', '2026-11-30T08:00:00.000Z'],
  ['0 8 * * 0', 'Etc/UTC', '2026-11-28T09:00:00Z', '2026-11-29T08:00:00.000Z'],
  ['0 8 * * 7', 'Etc/UTC', '2026-11-28T09:00:00Z', '2026-11-29T08:00:00.000Z'],
  ['0 8 13 * FRI', 'Etc/UTC', '2026-11-28T09:00:00Z', '2026-12-04T08:00:00.000Z'],
  ['*/15 * * * *', 'Etc/UTC', '2026-11-28T09:01:00Z', '2026-11-28T09:15:00.000Z'],
  ['0 22 * * *', 'Europe/Vienna', '2026-11-28T09:00:00Z', '2026-11-28T21:00:00.000Z'],
])('%s in %s after %s is %s', (text, zone, after, wanted) => {
  expect(new Date(recurrenceNext(text, zone, Date.parse(after))!).toISOString()).toBe(wanted)
})

test.each([
  '',
  '* * * *',
  '0 8 ? * 1',
  '0 8 L * *',
  '0 8 * * 8',
  '60 * * * *',
  '0 8 1W * *',
  '0 8 * * 1#2',
])('%s is no recurrence', (text) => {
  expect(() => parseRecurrence(text)).toThrow()
})
