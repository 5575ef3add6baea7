/** AWS's schedule expressions: every character of the dialect, ranges, steps, names, zones and changes of clocks. */
import { describe, expect, test } from 'vitest'
import { parseSchedule, scheduleNext } from '../../../src/domain/backup/cron.ts'

/** The next `count` times after `after`, as ISO to the minute. */
function times(expression: string, after: string, count = 3, zone = 'UTC'): string[] {
  const schedule = parseSchedule(expression)
  const found: string[] = []
  let at: number | null = Date.parse(after)
  for (let n = 0; n < count; n++) {
    at = scheduleNext(schedule, zone, at)
    if (at === null) break
    found.push(new Date(at).toISOString().slice(0, 16))
  }
  return found
}

describe('fields', () => {
  test.each([
    ['cron(0 5 ? * * *)', ['2026-11-27T05:00', '2026-11-28T05:00', '2026-11-29T05:00']],
    ['cron(* * * * ? *)', ['2026-11-27T00:01', '2026-11-27T00:02', '2026-11-27T00:03']],
    ['cron(0/15 * * * ? *)', ['2026-11-27T00:15', '2026-11-27T00:30', '2026-11-27T00:45']],
    ['cron(*/20 1 * * ? *)', ['2026-11-27T01:00', '2026-11-27T01:20', '2026-11-27T01:40']],
    ['cron(10-30/10 1 * * ? *)', ['2026-11-27T01:10', '2026-11-27T01:20', '2026-11-27T01:30']],
    ['cron(5,3 1 * * ? *)', ['2026-11-27T01:03', '2026-11-27T01:05', '2026-11-28T01:03']],
    ['cron(0 12 1 JAN,jul ? *)', ['2027-01-01T12:00', '2027-07-01T12:00', '2028-01-01T12:00']],
    ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00']],
    ['cron(0 0 31 * ? *)', ['2026-12-31T00:00', '2027-01-31T00:00', '2027-03-31T00:00']],
    ['cron(0 0 1 1 ? 2027-2028)', ['2027-01-01T00:00', '2028-01-01T00:00']],
    ['cron(0 0 1 1 ? 2020)', []],
    ['cron(0 0 1 1 ? 2026/2)', ['2028-01-01T00:00', '2030-01-01T00:00', '2032-01-01T00:00']],
  ])('%s', (expression, expected) => {
    expect(times(expression, '2026-11-27T00:00:00Z')).toEqual(expected)
  })

  test.each([
    // 27 November 2026 is a Friday.
    ['cron(0 8 ? * MON-FRI *)', ['2026-11-27T08:00', '2026-11-30T08:00', '2026-12-01T08:00']],
    ['cron(0 8 ? * 1 *)', ['2026-11-29T08:00', '2026-12-06T08:00', '2026-12-13T08:00']],
    ['cron(0 8 ? * SAT,TUE *)', ['2026-11-28T08:00', '2026-12-01T08:00', '2026-12-05T08:00']],
    ['cron(0 8 ? * L *)', ['2026-11-28T08:00', '2026-12-05T08:00', '2026-12-12T08:00']],
    ['cron(0 8 ? * 6L *)', ['2026-11-27T08:00', '2026-12-25T08:00', '2027-01-29T08:00']],
    ['cron(0 8 ? * FRIL *)', ['2026-11-27T08:00', '2026-12-25T08:00', '2027-01-29T08:00']],
    ['cron(0 8 ? * 3#2 *)', ['2026-12-08T08:00', '2027-01-12T08:00', '2027-02-09T08:00']],
    [
      'cron(0 8 ? * SUN#5 *)',
      ['2026-11-29T08:00', '2027-01-31T08:00', '2027-02-28T08:00'].slice(0, 2),
    ],
    ['cron(0 8 ? * 2#1,2#3 *)', ['2026-12-07T08:00', '2026-12-21T08:00', '2027-01-04T08:00']],
  ])('%s', (expression, expected) => {
    expect(times(expression, '2026-11-27T00:00:00Z', expected.length)).toEqual(expected)
  })

  test.each([
    ['cron(0 0 L * ? *)', ['2026-11-30T00:00', '2026-12-31T00:00', '2027-01-31T00:00']],
    ['cron(0 0 L-2 * ? *)', ['2026-11-28T00:00', '2026-12-29T00:00', '2027-01-29T00:00']],
    // The last weekday: January 2027 ends on a Sunday.
    ['cron(0 0 LW * ? *)', ['2026-11-30T00:00', '2026-12-31T00:00', '2027-01-29T00:00']],
    // 1 August 2026 is a Saturday: nearest within the month is Monday, the third.
    ['cron(0 0 1W 8 ? *)', ['2027-08-02T00:00', '2028-08-01T00:00', '2029-08-01T00:00']],
    ['cron(0 0 15W * ? *)', ['2026-12-15T00:00', '2027-01-15T00:00', '2027-02-15T00:00']],
    ['cron(0 0 31W * ? *)', ['2026-12-31T00:00', '2027-01-29T00:00', '2027-03-31T00:00']],
    ['cron(0 0 1,L * ? *)', ['2026-11-30T00:00', '2026-12-01T00:00', '2026-12-31T00:00']],
  ])('%s', (expression, expected) => {
    expect(times(expression, '2026-11-27T00:00:00Z')).toEqual(expected)
  })

  test('a day near the beginning of a month stays within it', () => {
    expect(times('cron(0 0 1W * ? *)', '2026-07-15T00:00:00Z', 1)).toEqual(['2026-08-03T00:00'])
  })
})

describe('rates', () => {
  test.each([
    ['rate(1 hour)', '2026-11-27T01:00'],
    ['rate(12 hours)', '2026-11-27T12:00'],
    ['rate(1 day)', '2026-11-28T00:00'],
    ['rate(90 minutes)', '2026-11-27T01:30'],
  ])('%s', (expression, expected) => {
    expect(times(expression, '2026-11-27T00:00:00Z', 1)).toEqual([expected])
  })
})

describe('zones', () => {
  test('a time of a zone is that of its clocks, in winter and in summer', () => {
    const berlin = (after: string) => times('cron(30 5 * * ? *)', after, 1, 'Europe/Berlin')
    expect(berlin('2026-01-10T00:00:00Z')).toEqual(['2026-01-10T04:30'])
    expect(berlin('2026-07-10T00:00:00Z')).toEqual(['2026-07-10T03:30'])
  })

  test('days are those of the zone', () => {
    const first = times('cron(0 1 1 * ? *)', '2026-11-27T00:00:00Z', 1, 'Pacific/Auckland')
    expect(first).toEqual(['2026-11-30T12:00'])
    expect(times('cron(0 22 ? * SUN *)', '2026-11-27T00:00:00Z', 1, 'America/Los_Angeles')).toEqual(
      ['2026-11-30T06:00'],
    )
    expect(times('cron(15 0 * * ? *)', '2026-11-27T00:00:00Z', 1, 'Asia/Kathmandu')).toEqual([
      '2026-11-27T18:30',
    ])
  })

  test('what clocks skip when they are put forward is skipped', () => {
    // 29 March 2026, 02:00 to 03:00.
    expect(times('cron(30 2 * * ? *)', '2026-03-28T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30',
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ])
  })

  test('what clocks show twice when they are put back comes once', () => {
    // 25 October 2026, 03:00 to 02:00.
    expect(times('cron(30 2 * * ? *)', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ])
  })

  test('clocks that change by half an hour', () => {
    // Lord Howe, 4 October 2026: 02:00 to 02:30.
    expect(times('cron(15 2 * * ? *)', '2026-10-02T20:00:00Z', 1, 'Australia/Lord_Howe')).toEqual([
      '2026-10-04T15:15',
    ])
  })
})

test.each([
  'cron(0 5 * * * *)',
  'cron(0 5 ? * ? *)',
  'cron(0 5 ? * *)',
  'cron(60 5 ? * * *)',
  'cron(0 24 ? * * *)',
  'cron(0 0 32 * ? *)',
  'cron(0 0 0 * ? *)',
  'cron(0 0 * 13 ? *)',
  'cron(0 0 ? * 8 *)',
  'cron(0 0 ? * MON#6 *)',
  'cron(0 0 ? * XYZ *)',
  'cron(5-3 0 * * ? *)',
  'cron(1/0 0 * * ? *)',
  'cron(1//2 0 * * ? *)',
  'cron(1-2-3 0 * * ? *)',
  'cron(-1 0 * * ? *)',
  'cron(0 0 1 1 ? 2200)',
  'cron(0 0 32W * ? *)',
  'cron(, 0 * * ? *)',
  'rate(1 hours)',
  'rate(2 hour)',
  'rate(0 hours)',
  'rate(1 fortnight)',
  '0 5 ? * * *',
  '',
  `cron(${'1,'.repeat(200)}1 0 * * ? *)`,
])('%s is refused', (expression) => {
  expect(() => parseSchedule(expression)).toThrow()
})
