/** Blocks of a disk that is uploaded, and schedules of plans. */
import { expect, test } from 'vitest'
import {
  BLOCK_BYTES,
  blockCount,
  foreignFormat,
  isZero,
  padded,
} from '../../../console/src/util/blocks.ts'
import { CHOICE, expressionOf, nextRuns } from '../../../console/src/util/schedule.ts'

test('only blocks that hold something are sent, the last one filled up', () => {
  expect([blockCount(1), blockCount(BLOCK_BYTES), blockCount(BLOCK_BYTES + 1)]).toEqual([1, 1, 2])
  expect(isZero(new Uint8Array(20))).toBe(true)
  for (const at of [0, 7, 8, 19]) {
    const bytes = new Uint8Array(20)
    bytes[at] = 1
    expect(isZero(bytes)).toBe(false)
  }
  const block = padded(new Uint8Array([1, 2]))
  expect([block.length, block[0], block[1], block[2]]).toEqual([BLOCK_BYTES, 1, 2, 0])
})

test.each([
  ['QFI\u{fb}', 'qcow2'],
  ['KDMV', 'VMDK'],
  ['vhdxfile', 'VHDX'],
  ['\u{1f}\u{8b}', 'gzip'],
  ['\u{eb}c\u{90}', undefined],
])('a disk that begins with %j is %s', (head, format) => {
  expect(foreignFormat(Uint8Array.from(head, (one) => one.charCodeAt(0)))).toBe(format)
})

test.each([
  [{ ...CHOICE, every: 'hour' as const, at: '00:15' }, 'cron(15 * * * ? *)', '2026-01-01T00:15'],
  [{ ...CHOICE }, 'cron(0 3 * * ? *)', '2026-01-01T03:00'],
  [{ ...CHOICE, every: 'week' as const }, 'cron(0 3 ? * SUN *)', '2026-01-04T03:00'],
  [{ ...CHOICE, every: 'month' as const, monthDay: 5 }, 'cron(0 3 5 * ? *)', '2026-01-05T03:00'],
  [
    { ...CHOICE, every: 'custom' as const, custom: ' rate(2 hours) ' },
    'rate(2 hours)',
    '2026-01-01T02:00',
  ],
])('a schedule: %j', (choice, expression, first) => {
  expect(expressionOf(choice)).toBe(expression)
  const runs = nextRuns(expression, 'UTC', Date.UTC(2026, 0, 1), 3) as Date[]
  expect(runs).toHaveLength(3)
  expect(runs[0]!.toISOString()).toContain(first)
})

test('what is wrong with an expression is said', () => {
  expect(nextRuns('cron(0 3 * *)', 'UTC', 0, 3)).toBe('cron has six fields')
})
