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
import { MathError, mathEvaluate, mathSpace } from '../../../src/domain/metrics/math.ts'

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
  const evaluate = (text: string) => {
    const names = {
      of: (id: string) => ({ points: of(id), periodSeconds: 60 }),
      metrics: () => ['a', 'b'],
    }
    return mathEvaluate(text, names, mathSpace({ from: 0, to: 60_000 }))
  }
  const value = (text: string) => [...evaluate(text).points]
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
    'SEARCH(a)',
    'METRICS()',
    'SUM(a)',
    'IF(0, a)',
    'FILL(a)',
    '(a',
    '((((',
    '',
    'valueOf(a)',
    'toString([a])',
  ]) {
    expect(() => evaluate(wrong), wrong).toThrow(MathError)
  }
  const deep = `${'('.repeat(2000)}a${')'.repeat(2000)}`
  expect(() => evaluate(deep)).toThrow(MathError)
})

test('functions of metric math', () => {
  const minutes = (values: Record<number, number>) => ({
    points: new Map(Object.entries(values).map(([at, value]) => [Number(at) * 60_000, value])),
    periodSeconds: 60,
  })
  const series: Record<string, ReturnType<typeof minutes>> = {
    errors: minutes({ 0: 2, 1: 8, 3: 20 }),
    requests: minutes({ 0: 100, 1: 100, 2: 100, 3: 100 }),
  }
  const names = { of: (id: string) => series[id]!, metrics: () => Object.keys(series) }
  const value = (text: string) => {
    const { points } = mathEvaluate(text, names, mathSpace({ from: 0, to: 300_000 }))
    return Object.fromEntries([...points].map(([at, one]) => [at / 60_000, one]))
  }
  expect(value('RATE(errors)')).toEqual({ 1: 0.1, 3: 0.1 })
  expect(value('DIFF(errors)')).toEqual({ 1: 6, 3: 12 })
  expect(value('RUNNING_SUM(errors)')).toEqual({ 0: 2, 1: 10, 3: 30 })
  expect(value('errors / PERIOD(errors)')).toMatchObject({ 3: 20 / 60 })
  expect(value('FILL(errors, 0)')).toEqual({ 0: 2, 1: 8, 2: 0, 3: 20, 4: 0 })
  expect(value('FILL(errors, REPEAT)')).toEqual({ 0: 2, 1: 8, 2: 8, 3: 20, 4: 20 })
  expect(value('FILL(errors, LINEAR)')).toEqual({ 0: 2, 1: 8, 2: 14, 3: 20 })
  expect(value('100 * errors / requests')).toEqual({ 0: 2, 1: 8, 3: 20 })
  expect(value('IF(errors > 5, errors, 0)')).toEqual({ 0: 0, 1: 8, 3: 20 })
  expect(value('IF(errors > 5 AND errors < 10, 1)')).toEqual({ 1: 1 })
  expect(value('SUM(METRICS())')).toEqual({ 0: 102, 1: 108, 3: 120 })
  expect(value('MAX(METRICS("err"))')).toEqual({ 0: 2, 1: 8, 3: 20 })
  expect(value('AVG(METRICS() * 2)')).toMatchObject({ 0: 102 })
  // Of one series: a number, of all its times.
  expect(value('errors - MIN(errors)')).toEqual({ 0: 0, 1: 6, 3: 18 })
  expect(value('requests + STDDEV(requests)')).toMatchObject({ 0: 100 })
  expect(value('errors * METRIC_COUNT(METRICS())')).toMatchObject({ 3: 40 })
  expect(value('MINUTE(errors)')).toEqual({ 0: 0, 1: 1, 3: 3 })
  expect(() => value('METRICS()')).toThrow('put SUM, AVG')
  expect(() => value('SEARCH("x")')).toThrow('served are ABS, AVG')
})

test('metric math computes with so many values of one request and no more', () => {
  const day = new Map(Array.from({ length: 1440 }, (_, minute) => [minute, 1]))
  const space = mathSpace({ from: 0, to: 1 })
  const names = { of: () => ({ points: day, periodSeconds: 60 }), metrics: () => ['a'] }
  const long = Array.from({ length: 1000 }, () => 'a').join('+')
  expect(mathEvaluate(long, names, space).points.get(0)).toBe(1000)
  const many = () => {
    for (let count = 0; count < 10; count++) mathEvaluate(long, names, space)
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
