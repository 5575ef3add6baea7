/** Rules of composite alarms: what they mean, and that no text makes the parser do anything but answer. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  alarmRuleChildren,
  alarmRuleHolds,
  alarmRuleParse,
  AlarmRuleError,
} from '../../../src/domain/metrics/alarm-rule.ts'
import type { AlarmState } from '../../../src/domain/metrics/alarm.ts'

const STATES: Record<string, AlarmState> = {
  a: 'ALARM',
  b: 'ALARM',
  c: 'OK',
  d: 'INSUFFICIENT_DATA',
  'with space, (and) "marks"': 'ALARM',
  'arn:aws:cloudwatch:us-east-1:111122223333:alarm:a': 'ALARM',
}
const holds = (text: string): boolean =>
  alarmRuleHolds(alarmRuleParse(text), (name) => STATES[name] ?? null)

test.each([
  ['TRUE', true],
  ['false', false],
  ['ALARM(a)', true],
  ['OK("c")', true],
  ['INSUFFICIENT_DATA(d)', true],
  ['ALARM(gone) OR OK(gone) OR INSUFFICIENT_DATA(gone)', false],
  ['ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:a)', true],
  ['ALARM("with space, (and) \\"marks\\"")', true],
  ['ALARM(a) AND NOT ALARM(c)', true],
  ['NOT ALARM(a) OR ALARM(b)', true],
  ['NOT (ALARM(a) OR ALARM(b))', false],
  // AND binds more tightly than OR.
  ['TRUE OR TRUE AND FALSE', true],
  ['(TRUE OR TRUE) AND FALSE', false],
  ['ALARM(a)\n\tAND\r\nALARM(b)', true],
  ['AT_LEAST(2, ALARM, (a, b, c))', true],
  ['AT_LEAST(3, ALARM, (a, b, c))', false],
  ['AT_LEAST(50%, ALARM, (a, b, c, d))', true],
  ['AT_LEAST("51%", ALARM, ("a", b, c, d))', false],
  ['AT_LEAST(2, NOT ALARM, (a, b, c, d)) AND NOT FALSE', true],
])('%s is %s', (text, expected) => {
  expect(holds(text)).toBe(expected)
})

test.each([
  '',
  'ALARM',
  'ALARM()',
  'ALARM("")',
  'ALARM(a',
  'ALARM(a))',
  'ALARM(a b)',
  'ALARM(a) ALARM(b)',
  'ALARM(a) AND',
  'AND ALARM(a)',
  'ALARM(a) XOR ALARM(b)',
  'BROKEN(a)',
  'a',
  '"TRUE"',
  'ALARM("a)',
  'NOT',
  '()',
  'AT_LEAST(0, ALARM, (a))',
  'AT_LEAST(2, ALARM, (a))',
  'AT_LEAST(101%, ALARM, (a))',
  'AT_LEAST(1, ALARM, a)',
  'AT_LEAST(1, BUSY, (a))',
  'AT_LEAST(1, ALARM, ())',
  'AT_LEAST(-1, ALARM, (a))',
])('%s is no rule', (text) => {
  expect(() => alarmRuleParse(text)).toThrow(AlarmRuleError)
})

test('a hundred children and five hundred elements, no more', () => {
  const of = (count: number, name: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => `ALARM(${name(n)})`).join(' OR ')
  expect(alarmRuleChildren(alarmRuleParse(of(100, (n) => `x${n}`)))).toHaveLength(100)
  expect(() => alarmRuleParse(of(101, (n) => `x${n}`))).toThrow('more than 100 alarms')
  expect(alarmRuleChildren(alarmRuleParse(of(500, () => 'x')))).toEqual(['x'])
  expect(() => alarmRuleParse(of(501, () => 'x'))).toThrow('more than 500 elements')
})

test('texts of the greatest length that nest as deeply as they can are answered at once', () => {
  const most = 10_240
  const hostile = [
    '('.repeat(most),
    'NOT '.repeat(most / 4),
    'NOT('.repeat(most / 4),
    `${' '.repeat(most - 4)}TRUE`,
    `"${'\\'.repeat(most - 1)}`,
    '"'.repeat(most),
    `ALARM("${'a'.repeat(most)}`,
    'TRUE OR '.repeat(most / 8),
    'AT_LEAST(1,ALARM,('.repeat(most / 18),
    ','.repeat(most),
  ]
  const startedAt = performance.now()
  for (const text of hostile) {
    try {
      alarmRuleParse(text)
    } catch (error) {
      expect(error).toBeInstanceOf(AlarmRuleError)
    }
  }
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  const deep = `${'('.repeat(499)}TRUE${')'.repeat(499)}`
  expect(holds(deep)).toBe(true)
  expect(() => alarmRuleParse(`(${deep})`)).toThrow(AlarmRuleError)
})

test('any words in any order are a rule or an AlarmRuleError, and a rule has an answer', () => {
  const word = fc.constantFrom(
    ...['(', ')', ',', 'AND', 'OR', 'NOT', 'TRUE', 'FALSE', 'ALARM', 'OK', 'AT_LEAST', '1', '50%'],
    ...['a', '"b"', '\\', '"', 'INSUFFICIENT_DATA', 'ALARM(a)', '\u0000', '💥'],
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      try {
        expect(typeof holds(words.join(' '))).toBe('boolean')
      } catch (error) {
        expect(error).toBeInstanceOf(AlarmRuleError)
      }
    }),
  )
})
