/** What selections of plans choose, and when recovery points age. */
import { describe, expect, test } from 'vitest'
import {
  coldAt,
  deleteAt,
  lifecycleProblem,
  lockProblem,
} from '../../../src/domain/backup/lifecycle.ts'
import { isSelected, likeMatches } from '../../../src/domain/backup/select.ts'
import type { SelectionRules } from '../../../src/domain/backup/records.ts'

const arn = 'arn:aws:ec2:us-east-1:111122223333:instance/i-1'
const no = { equals: [], notEquals: [], like: [], notLike: [] }
const rules = (change: Partial<SelectionRules>): SelectionRules => ({
  resources: [],
  notResources: [],
  tags: [],
  conditions: no,
  ...change,
})
const chosen = (change: Partial<SelectionRules>, tags: Record<string, string> = {}) =>
  isSelected(rules(change), { arn, tags })
const tag = (key: string, value: string) => ({ key, value })

describe('selections', () => {
  test('by ARN, with wildcards, without what is excluded', () => {
    expect(chosen({ resources: [arn] })).toBe(true)
    expect(chosen({ resources: [`${arn}2`] })).toBe(false)
    expect(chosen({ resources: ['arn:aws:ec2:*:*:instance/*'] })).toBe(true)
    expect(chosen({ resources: ['arn:aws:ec2:*:*:volume/*'] })).toBe(false)
    expect(chosen({ resources: ['*'], notResources: ['arn:aws:ec2:*:*:instance/*'] })).toBe(false)
    expect(chosen({ resources: ['*'], notResources: ['arn:aws:ec2:*:*:volume/*'] })).toBe(true)
  })

  test('tags of the list are alternatives', () => {
    const tags = [tag('backup', 'daily'), tag('backup', 'hourly')]
    expect(chosen({ tags }, { backup: 'hourly' })).toBe(true)
    expect(chosen({ tags }, { backup: 'never' })).toBe(false)
    expect(chosen({ tags })).toBe(false)
  })

  test('conditions hold together', () => {
    const key = 'aws:ResourceTag/stage'
    const equals = [tag(key, 'prod')]
    const like = [tag('aws:ResourceTag/team', 'web-*')]
    expect(chosen({ conditions: { ...no, equals, like } }, { stage: 'prod', team: 'web-1' })).toBe(
      true,
    )
    expect(chosen({ conditions: { ...no, equals, like } }, { stage: 'prod', team: 'db' })).toBe(
      false,
    )
    expect(chosen({ conditions: { ...no, notEquals: equals } })).toBe(true)
    expect(chosen({ conditions: { ...no, notEquals: equals } }, { stage: 'prod' })).toBe(false)
    expect(chosen({ conditions: { ...no, notLike: like } }, { team: 'web-2' })).toBe(false)
    expect(chosen({ conditions: { ...no, notLike: like } })).toBe(true)
  })

  test('tags called like things of JavaScript are tags', () => {
    expect(chosen({ tags: [tag('constructor', 'x')] })).toBe(false)
    expect(chosen({ conditions: { ...no, like: [tag('aws:ResourceTag/toString', '*')] } })).toBe(
      false,
    )
  })

  test.each([
    ['*', '', true],
    ['a*b', 'ab', true],
    ['a*b', 'a', false],
    ['a*a', 'a', false],
    ['*b*', 'abc', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'acb', false],
    ['a.c', 'abc', false],
    ['ab*bc', 'abc', false],
  ])('%s is like %s: %s', (pattern, text, expected) => {
    expect(likeMatches(pattern, text)).toBe(expected)
  })
})

describe('lifecycles', () => {
  test('what is cold stays at least 90 days', () => {
    expect(lifecycleProblem({ coldAfterDays: 30, deleteAfterDays: 119 })).toContain('90 days')
    expect(lifecycleProblem({ coldAfterDays: 30, deleteAfterDays: 120 })).toBeNull()
    expect(lifecycleProblem({ coldAfterDays: 30, deleteAfterDays: null })).toBeNull()
  })

  test('locks bound retentions', () => {
    const lock = { minRetentionDays: 7, maxRetentionDays: 30, lockedAt: null }
    const of = (deleteAfterDays: number | null) => ({ coldAfterDays: null, deleteAfterDays })
    expect(lockProblem(lock, of(6))).toContain('minimum')
    expect(lockProblem(lock, of(7))).toBeNull()
    expect(lockProblem(lock, of(31))).toContain('maximum')
    expect(lockProblem(lock, null)).toContain('without end')
    expect(lockProblem({ ...lock, maxRetentionDays: null }, null)).toBeNull()
    expect(lockProblem(null, null)).toBeNull()
  })

  test('times', () => {
    const lifecycle = { coldAfterDays: 1, deleteAfterDays: 100 }
    expect([coldAt(lifecycle, 5), deleteAt(lifecycle, 5)]).toEqual([86_400_005, 8_640_000_005])
    expect([coldAt(null, 5), deleteAt(null, 5)]).toEqual([null, null])
  })
})
