/** Alarms' states, metric math, credits and measurements: pure. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  creditCapPercent,
  creditRulesOf,
  creditsAfter,
  creditsAtLaunch,
} from '../../../src/domain/cpu-credits.ts'
import { alarmVerdict, type AlarmConfiguration } from '../../../src/domain/metrics/alarm.ts'
import { mathBudget, MathError, mathEvaluate } from '../../../src/domain/metrics/math.ts'

const configuration: AlarmConfiguration = {
  name: 'a',
  description: null,
  areActionsEnabled: true,
  okActions: [],
  alarmActions: [],
  insufficientDataActions: [],
  namespace: 'n',
  metricName: 'm',
  statistic: 'Average',
  dimensions: {},
  periodSeconds: 60,
  unit: null,
  evaluationPeriods: 3,
  datapointsToAlarm: null,
  threshold: 10,
  comparison: 'GreaterThanThreshold',
  missing: 'missing',
}
const state = (values: (number | null)[], change: Partial<AlarmConfiguration> = {}) =>
  alarmVerdict({ ...configuration, ...change }, values)?.state ?? 'stays'

// The table of the CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", for 3 of 3.
test('missing data: as the table of the User Guide has it', () => {
  const ways = ['missing', 'ignore', 'breaching', 'notBreaching'] as const
  const rows: [values: (number | null)[], expected: string[]][] = [
    [
      [1, null, 99],
      ['stays', 'stays', 'OK', 'OK'],
    ],
    [
      [null, null, null],
      ['INSUFFICIENT_DATA', 'stays', 'ALARM', 'OK'],
    ],
    [
      [null, 99, 99],
      ['stays', 'stays', 'ALARM', 'OK'],
    ],
    [
      [99, 99, 99],
      ['ALARM', 'ALARM', 'ALARM', 'ALARM'],
    ],
    [
      [1, 1, 1],
      ['OK', 'OK', 'OK', 'OK'],
    ],
  ]
  for (const [values, expected] of rows) {
    const found = ways.map((missing) => state(values, { missing }))
    // What is surely not an alarm, whatever is missing, is OK.
    if (values[0] === 1 && values[1] === null) expect(found).toEqual(['OK', 'OK', 'OK', 'OK'])
    else expect(found).toEqual(expected)
  }
})

test('M out of N, and all comparisons', () => {
  expect(state([99, 1, 99], { datapointsToAlarm: 2 })).toBe('ALARM')
  expect(state([99, 1, 1], { datapointsToAlarm: 2 })).toBe('OK')
  const at = (comparison: AlarmConfiguration['comparison']) =>
    state([10], { evaluationPeriods: 1, comparison })
  expect(at('GreaterThanThreshold')).toBe('OK')
  expect(at('GreaterThanOrEqualToThreshold')).toBe('ALARM')
  expect(at('LessThanThreshold')).toBe('OK')
  expect(at('LessThanOrEqualToThreshold')).toBe('ALARM')
})

test('arithmetic: precedence, lists, gaps, and what is no expression', () => {
  const series: Record<string, Map<number, number>> = {
    a: new Map([
      [1, 6],
      [2, 8],
    ]),
    b: new Map([
      [1, 2],
      [3, 1],
    ]),
  }
  const of = (id: string) => {
    if (!series[id]) throw new MathError(`no ${id}`)
    return series[id]
  }
  const value = (text: string) => [...mathEvaluate(text, of)]
  expect(value('1 + a * 2 ^ 2')).toEqual([
    [1, 25],
    [2, 33],
  ])
  expect(value('(a + b) / b')).toEqual([[1, 4]])
  expect(value('AVG([a, b, 1])')).toEqual([[1, 3]])
  expect(value('ABS(-a) - a')).toEqual([
    [1, 0],
    [2, 0],
  ])
  expect(value('a / 0')).toEqual([])
  for (const wrong of [
    '1 + 1',
    'a +',
    'a b',
    'c',
    'RATE(a)',
    '(a',
    '((((',
    '',
    'valueOf(a)',
    'toString([a])',
  ]) {
    expect(() => mathEvaluate(wrong, of), wrong).toThrow(MathError)
  }
  const deep = `${'('.repeat(2000)}a${')'.repeat(2000)}`
  expect(() => mathEvaluate(deep, of)).toThrow(MathError)
})

test('metric math computes with so many values of one request and no more', () => {
  const day = new Map(Array.from({ length: 1440 }, (_, minute) => [minute, 1]))
  const budget = mathBudget()
  const long = Array.from({ length: 1000 }, () => 'a').join('+')
  expect(mathEvaluate(long, () => day, budget).get(0)).toBe(1000)
  const many = () => {
    for (let count = 0; count < 10; count++) mathEvaluate(long, () => day, budget)
  }
  expect(many).toThrow('too many values')
})

test('credits: never more than a day earns, never less than none, and baseline work is free', () => {
  const rules = creditRulesOf('t3.micro')!
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.integer({ min: 1, max: 7200 }), fc.double({ min: 0, max: 2, noNaN: true })),
      ),
      fc.boolean(),
      (steps, isUnlimited) => {
        let balance = creditsAtLaunch(rules)
        for (const [seconds, cpus] of steps) {
          balance = creditsAfter(balance, rules, {
            seconds,
            cpuSeconds: cpus * seconds,
            isUnlimited,
          })
          expect(balance.balance).toBeGreaterThanOrEqual(0)
          expect(balance.balance).toBeLessThanOrEqual(rules.balanceMax)
          if (!isUnlimited) expect(balance.surplus).toBe(0)
        }
      },
    ),
  )
  // Two vCPUs at a tenth each use what they earn.
  const baseline = { seconds: 3600, cpuSeconds: 0.2 * 3600, isUnlimited: false }
  const after = creditsAfter({ balance: 5, launch: 0, surplus: 0 }, rules, baseline)
  expect(after.balance).toBeCloseTo(5)
  expect(creditCapPercent(after, rules)).toBeNull()
  expect(creditCapPercent({ balance: 0, launch: 0, surplus: 0 }, rules)).toBeCloseTo(20)
  expect(creditsAtLaunch(creditRulesOf('t2.micro')!).launch).toBe(30)
  expect(creditRulesOf('m5.large')).toBeNull()
})
