/** Schedules of gateways and tags of machines, as pure rules. */
import { expect, test } from 'vitest'
import {
  bandwidthAt,
  mappedTags,
  scheduleFault,
  tagsOfMachine,
  type BandwidthInterval,
} from '../../../src/domain/gateway.ts'

const interval = (more: Partial<BandwidthInterval> = {}): BandwidthInterval => ({
  bitsPerSecond: 8_000,
  startHour: 8,
  startMinute: 0,
  endHour: 17,
  endMinute: 59,
  daysOfWeek: [1, 2],
  ...more,
})

test('an interval goes from its first minute to the end of its last', () => {
  const at = (text: string) => bandwidthAt([interval()], Date.parse(text))
  expect(at('2026-11-23T07:59:59Z')).toBeNull()
  expect(at('2026-11-23T08:00:00Z')).toBe(1_000)
  expect(at('2026-11-23T17:59:59Z')).toBe(1_000)
  expect(at('2026-11-23T18:00:00Z')).toBeNull()
  // A Wednesday.
  expect(at('2026-11-25T12:00:00Z')).toBeNull()
  const free = interval({ bitsPerSecond: null })
  expect(bandwidthAt([free], Date.parse('2026-11-23T12:00:00Z'))).toBeNull()
})

test('intervals end after they start, and do not overlap', () => {
  expect(scheduleFault([interval(), interval({ daysOfWeek: [3] })])).toBeNull()
  expect(scheduleFault([interval(), interval({ startHour: 18, endHour: 19 })])).toBeNull()
  expect(scheduleFault([interval({ endHour: 7 })])).toContain('ends before')
  expect(scheduleFault([interval(), interval({ daysOfWeek: [2] })])).toContain('overlaps')
  expect(scheduleFault([interval({ daysOfWeek: [1, 1] })])).toContain('twice')
})

test('words become tags by mappings, and a written tag is stronger', () => {
  const words = [{ category: 'env', name: 'prod', description: null }]
  const mapping = { category: 'env', name: 'prod', key: 'backup', value: 'daily' }
  expect(mappedTags(words, [mapping, { ...mapping, name: 'test', value: 'never' }])).toEqual({
    backup: 'daily',
  })
  const machine = { mapped: { backup: 'daily', a: '1' }, tags: { backup: 'mine' } }
  expect(tagsOfMachine(machine)).toEqual({ backup: 'mine', a: '1' })
})
