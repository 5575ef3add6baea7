/** What holds for any policy, any request, any pattern. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePolicy, PolicyError } from '../../../src/domain/iam/document.ts'
import { decide, type AccessRequest, type PolicySet } from '../../../src/domain/iam/evaluate.ts'
import { accountOfAccessKeyId, newAccessKeyId } from '../../../src/domain/iam/ids.ts'
import { compilePattern, patternMatches } from '../../../src/domain/iam/pattern.ts'
import { allow, policy, request } from './policies.ts'

describe('whatever the policies', () => {
  const word = fc.constantFrom('ec2:RunInstances', 'ec2:*', 'iam:*', '*', 'ec2:Describe*', 'a:B')
  const resource = fc.constantFrom('*', 'arn:aws:ec2:*:*:instance/*', 'arn:aws:iam::1:user/a')
  const condition = fc.option(
    fc.record({
      name: fc.constantFrom('StringEquals', 'StringNotLike', 'Null', 'ForAllValues:StringLike'),
      key: fc.constantFrom('aws:x', 'aws:y'),
      value: fc.constantFrom('true', 'a', 'a*'),
    }),
    { nil: undefined },
  )
  const statement = fc
    .tuple(fc.constantFrom('Allow', 'Deny'), word, resource, condition)
    .map(([Effect, Action, Resource, c]) => ({
      Effect,
      Action,
      Resource,
      ...(c && { Condition: { [c.name]: { [c.key]: c.value } } }),
    }))
  const statements = fc.array(statement, { minLength: 1, maxLength: 5 })
  const asked = fc
    .tuple(
      fc.constantFrom('ec2:RunInstances', 'iam:GetUser', 'a:B'),
      fc.constantFrom('*', 'arn:aws:ec2:r:1:instance/i-1', 'arn:aws:iam::1:user/a'),
      fc.dictionary(fc.constantFrom('aws:x', 'aws:y'), fc.constantFrom('a', 'ab', 'true')),
    )
    .map(([action, on, values]) => request(action, on, values))
  const isAllowed = (req: AccessRequest, set: PolicySet) => decide(req, set).result === 'allowed'

  test('a Deny more never allows more', () => {
    fc.assert(
      fc.property(asked, statements, statement, (req, list, extra) => {
        const before = isAllowed(req, { identity: [policy(...list)] })
        const after = isAllowed(req, {
          identity: [policy(...list), policy({ ...extra, Effect: 'Deny' })],
        })
        return before || !after
      }),
    )
  })
  test('a boundary, a session or an organisation never allows more', () => {
    fc.assert(
      fc.property(asked, statements, statements, (req, own, limit) => {
        const identity = [policy(...own)]
        const before = isAllowed(req, { identity })
        const bounded = isAllowed(req, { identity, boundary: policy(...limit) })
        const session = isAllowed(req, { identity, session: [policy(...limit)] })
        const organisation = isAllowed(req, { identity, organisation: [[policy(...limit)]] })
        return before || (!bounded && !session && !organisation)
      }),
    )
  })
  test('without an Allow nothing is allowed', () => {
    fc.assert(
      fc.property(asked, statements, (req, list) => {
        const none = list.map((one) => ({ ...one, Effect: 'Deny' }))
        return !isAllowed(req, { identity: [policy(...none)] })
      }),
    )
  })
  test('the order of statements does not matter', () => {
    fc.assert(
      fc.property(asked, statements, (req, list) => {
        const forth = decide(req, { identity: [policy(...list)] }).result
        return forth === decide(req, { identity: [policy(...list.toReversed())] }).result
      }),
    )
  })
  test('patterns match as regular expressions do', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 12 })
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?'), maxLength: 8 })
    fc.assert(
      fc.property(glob, text, (source, value) => {
        const pattern = compilePattern(source, { hasWildcards: true, hasVariables: true })
        const expression = source.replaceAll('*', '.*').replaceAll('?', '.')
        const expected = new RegExp(`^${expression}$`, 's').test(value)
        return patternMatches(pattern, value, new Map()) === expected
      }),
    )
  })
})

test('what is no policy is refused, never misread', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      try {
        parsePolicy(JSON.stringify(value), 'identity')
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error
      }
    }),
  )
  for (const key of ['Principals', 'action', '__proto__x']) {
    const text = JSON.stringify({ Version: '2012-10-17', Statement: { ...allow('*'), [key]: '*' } })
    expect(() => parsePolicy(text, 'identity')).toThrow('Syntax errors in policy.')
  }
})

test('an access key id carries its account', () => {
  const random = { bytes: (length: number) => new Uint8Array(length).fill(0xa5) }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (number) => {
      const account = String(number).padStart(12, '0')
      const id = newAccessKeyId('accessKey', account, random)
      return /^AKIA[A-Z2-7]{16}$/.test(id) && accountOfAccessKeyId(id) === account
    }),
  )
})

test('a pattern made to be slow is not', () => {
  const pattern = compilePattern(`${'*a'.repeat(200)}b`, {
    hasWildcards: true,
    hasVariables: false,
  })
  const started = performance.now()
  expect(patternMatches(pattern, 'a'.repeat(5_000), new Map())).toBe(false)
  expect(performance.now() - started).toBeLessThan(1_000)
})
