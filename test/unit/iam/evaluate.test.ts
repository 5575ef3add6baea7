/**
 * The policy engine: a truth table of evaluation, operators, variables. Cases
 * are from the IAM user guide's pages on evaluation logic, condition operators and variables.
 */
import { describe, expect, test } from 'vitest'
import { compileCondition, conditionHolds } from '../../../src/domain/iam/conditions.ts'
import { parsePolicy } from '../../../src/domain/iam/document.ts'
import {
  decide,
  decideWithResource,
  type AccessPrincipal,
  type AccessRequest,
  type PolicySet,
} from '../../../src/domain/iam/evaluate.ts'
import { allow, deny, keysOf, policy, request, type Values } from './policies.ts'

const ALLOW = policy(allow('*'))
const DENY = policy(deny('*'))
const OTHER = policy(allow('s3:*'))

describe('within an account', () => {
  const table: [string, PolicySet, string, string?][] = [
    ['nothing', { identity: [] }, 'implicitDeny', 'identity'],
    ['identity allows', { identity: [ALLOW] }, 'allowed'],
    ['identity allows something else', { identity: [OTHER] }, 'implicitDeny', 'identity'],
    ['identity allows and denies', { identity: [ALLOW, DENY] }, 'explicitDeny', 'identity'],
    [
      'boundary allows, identity not',
      { identity: [], boundary: ALLOW },
      'implicitDeny',
      'identity',
    ],
    ['both allow', { identity: [ALLOW], boundary: ALLOW }, 'allowed'],
    ['boundary does not', { identity: [ALLOW], boundary: OTHER }, 'implicitDeny', 'boundary'],
    ['boundary denies', { identity: [ALLOW], boundary: DENY }, 'explicitDeny', 'boundary'],
    ['an empty session', { identity: [ALLOW], session: [] }, 'implicitDeny', 'session'],
    ['one of the session allows', { identity: [ALLOW], session: [OTHER, ALLOW] }, 'allowed'],
    [
      'the session denies',
      { identity: [ALLOW], session: [ALLOW, DENY] },
      'explicitDeny',
      'session',
    ],
    ['the session grants nothing', { identity: [], session: [ALLOW] }, 'implicitDeny', 'identity'],
    [
      'no SCP allows',
      { identity: [ALLOW], organisation: [[OTHER]] },
      'implicitDeny',
      'organisation',
    ],
    [
      'every step of the organisation allows',
      { identity: [ALLOW], organisation: [[ALLOW], [OTHER, ALLOW]] },
      'allowed',
    ],
    [
      'a step of the organisation does not',
      { identity: [ALLOW], organisation: [[ALLOW], [OTHER], [ALLOW]] },
      'implicitDeny',
      'organisation',
    ],
    [
      'an organisation grants nothing',
      { identity: [], organisation: [[ALLOW]] },
      'implicitDeny',
      'identity',
    ],
    [
      'an SCP denies',
      { identity: [ALLOW], organisation: [[ALLOW, DENY]] },
      'explicitDeny',
      'organisation',
    ],
  ]
  test.each(table)('%s', (_name, policies, result, by) => {
    expect(decide(request('ec2:RunInstances'), policies)).toMatchObject({
      result,
      ...(by && { by }),
    })
  })
})

describe('with a resource policy', () => {
  const USER = 'arn:aws:iam::111111111111:user/ada'
  const principal: AccessPrincipal = { account: '111111111111', arn: USER, id: 'AIDA1' }
  const trust = (Principal: object | string, Effect = 'Allow') =>
    parsePolicy(
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect, Principal, Action: 'sts:AssumeRole' }],
      }),
      'trust',
    )
  const ask = (
    Principal: object | string,
    identity: PolicySet['identity'],
    account = '111111111111',
    ids = {},
  ) =>
    decideWithResource(
      request('sts:AssumeRole', `arn:aws:iam::${account}:role/r`),
      principal,
      { identity },
      { account, policy: trust(Principal), ids },
    ).result
  const ROOT = { AWS: 'arn:aws:iam::111111111111:root' }
  test('same account: the account alone leaves it to the identity', () => {
    expect(ask(ROOT, [])).toBe('implicitDeny')
    expect(ask({ AWS: '111111111111' }, [ALLOW])).toBe('allowed')
    expect(ask('*', [])).toBe('implicitDeny')
  })
  test('same account: naming the user is enough', () => {
    expect(ask({ AWS: USER }, [])).toBe('allowed')
    expect(ask({ AWS: USER }, [DENY])).toBe('explicitDeny')
    expect(ask({ AWS: `${USER}x` }, [ALLOW])).toBe('implicitDeny')
  })
  test('across accounts: both must allow', () => {
    expect(ask({ AWS: USER }, [], '222222222222')).toBe('implicitDeny')
    expect(ask({ AWS: USER }, [ALLOW], '222222222222')).toBe('allowed')
    expect(ask(ROOT, [ALLOW], '222222222222')).toBe('allowed')
    expect(ask({ AWS: '333333333333' }, [ALLOW], '222222222222')).toBe('implicitDeny')
  })
  test('a namesake is somebody else', () => {
    expect(ask({ AWS: USER }, [ALLOW], '111111111111', { [USER]: 'AIDA0' })).toBe('implicitDeny')
    expect(ask({ AWS: USER }, [ALLOW], '111111111111', { [USER]: 'AIDA1' })).toBe('allowed')
  })
  test('a service is none of the account’s people', () => {
    expect(ask({ Service: 'ec2.amazonaws.com' }, [ALLOW])).toBe('implicitDeny')
  })
})

describe('statements', () => {
  const allowed = (statement: object, asked: AccessRequest) =>
    decide(asked, { identity: [policy(statement)] }).result === 'allowed'
  test.each([
    ['ec2:Describe*', 'ec2:DescribeInstances', true],
    ['EC2:describe*', 'ec2:DescribeInstances', true],
    ['ec2:*', 'ec2-instance-connect:SendSSHPublicKey', false],
    ['*', 'anything:AtAll', true],
    ['ec2:?unInstances', 'ec2:RunInstances', true],
    ['ec2:Run', 'ec2:RunInstances', false],
  ])('action %s of %s', (pattern, action, expected) => {
    expect(allowed(allow(pattern), request(action))).toBe(expected)
  })
  const ARN = 'arn:aws:ec2:us-east-1:111111111111:instance/i-1'
  test.each([
    ['*', true],
    [ARN, true],
    ['arn:aws:ec2:*:*:instance/*', true],
    ['arn:aws:ec2:us-east-1:111111111111:*', true],
    ['arn:aws:ec2:*', true],
    ['arn:aws:ec2:*:*:instance/i-?', true],
    ['arn:aws:ec2:*:*:volume/*', false],
    [`${ARN}2`, false],
    ['arn:aws:ec2:us-east-1:111111111111:INSTANCE/i-1', false],
  ])('resource %s', (pattern, expected) => {
    expect(allowed(allow('*', pattern), request('ec2:StartInstances', ARN))).toBe(expected)
  })
  test('NotAction and NotResource are the rest', () => {
    const rest = { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }
    expect(allowed(rest, request('ec2:RunInstances'))).toBe(true)
    expect(allowed(rest, request('iam:GetUser'))).toBe(false)
    const others = { Effect: 'Allow', Action: '*', NotResource: ARN }
    expect(allowed(others, request('ec2:StartInstances', ARN))).toBe(false)
    expect(allowed(others, request('ec2:StartInstances', `${ARN}2`))).toBe(true)
  })
  test('variables: filled in, literally, with a default, or nothing matches', () => {
    const own = allow('*', 'arn:aws:iam::1:user/${aws:username}')
    const asked = (resource: string, values: Values) => request('iam:GetUser', resource, values)
    expect(allowed(own, asked('arn:aws:iam::1:user/ada', { 'aws:username': 'ada' }))).toBe(true)
    expect(allowed(own, asked('arn:aws:iam::1:user/bob', { 'aws:username': '*' }))).toBe(false)
    expect(allowed(own, asked('arn:aws:iam::1:user/ada', {}))).toBe(false)
    const team = allow('*', "arn:aws:s3:::${aws:PrincipalTag/team, 'none'}")
    expect(allowed(team, asked('arn:aws:s3:::none', {}))).toBe(true)
    expect(allowed(team, asked('arn:aws:s3:::a', { 'aws:PrincipalTag/team': 'a' }))).toBe(true)
    expect(allowed(allow('*', 'arn:aws:s3:::a${*}'), asked('arn:aws:s3:::ab', {}))).toBe(false)
    expect(allowed(allow('*', 'arn:aws:s3:::a${*}'), asked('arn:aws:s3:::a*', {}))).toBe(true)
  })
})

describe('conditions', () => {
  const holds = (name: string, wanted: string | string[], given?: string | string[]) =>
    conditionHolds(
      compileCondition(name, 'aws:K', [wanted].flat(), { hasVariables: true })!,
      keysOf(given === undefined ? {} : { 'aws:k': given }),
    )
  const table: [string, string | string[], string | string[] | undefined, boolean][] = [
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', 'a', undefined, false],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', 'b', false],
    ['StringNotEquals', 'a', 'b', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', 'a', undefined, true],
    ['StringEqualsIgnoreCase', 'a', 'A', true],
    ['StringNotEqualsIgnoreCase', 'a', 'A', false],
    ['StringLike', 'a*', 'ab', true],
    ['StringLike', 'a?', 'abc', false],
    ['StringNotLike', 'a*', 'ab', false],
    ['NumericLessThan', '10', '9', true],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '10', '9', false],
    ['NumericGreaterThanEquals', '10', 'ten', false],
    ['NumericEquals', '1', '1.0', true],
    ['NumericNotEquals', '1', '2', true],
    ['DateGreaterThan', '2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z', true],
    ['DateLessThan', '2026-01-01', '2026-06-01T00:00:00Z', false],
    ['DateLessThan', '1800000000', '2026-06-01T00:00:00Z', true],
    ['Bool', 'true', 'true', true],
    ['Bool', 'false', 'true', false],
    ['BoolIfExists', 'false', undefined, true],
    ['Bool', 'false', undefined, false],
    ['IpAddress', '203.0.113.0/24', '203.0.113.9', true],
    ['IpAddress', '203.0.113.0/24', '203.0.114.9', false],
    ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.9', true],
    ['IpAddress', '2001:db8::/32', '2001:db8::1', true],
    ['IpAddress', '203.0.113.9', '203.0.113.9', true],
    ['NotIpAddress', '203.0.113.0/24', '203.0.113.9', false],
    ['ArnLike', 'arn:aws:iam::*:user/*', 'arn:aws:iam::1:user/a/b', true],
    ['ArnLike', 'arn:aws:*:user/*', 'arn:aws:iam::1:user/a', false],
    ['ArnEquals', 'arn:aws:iam::1:role/*', 'arn:aws:iam::1:role/x', true],
    ['ArnNotEquals', 'arn:aws:iam::1:role/x', 'arn:aws:iam::1:role/x', false],
    ['Null', 'true', undefined, true],
    ['Null', 'false', 'x', true],
    ['Null', 'true', 'x', false],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringEquals', ['a'], undefined, true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
    ['ForAnyValue:StringEquals', ['a'], undefined, false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['a', 'b'], false],
    ['ForAnyValue:StringLike', ['a*'], ['b', 'ab'], true],
    ['BinaryEquals', 'QUJD', 'QUJD', true],
  ]
  test.each(table)('%s %j of %j is %s', (name, wanted, given, expected) => {
    expect(holds(name, wanted, given)).toBe(expected)
  })
  test('all keys and all operators must hold', () => {
    const both = policy(
      allow('*', '*', {
        StringEquals: { 'aws:A': '1', 'aws:B': ['2', '3'] },
        Bool: { 'aws:C': true },
      }),
    )
    const ask = (values: Values) => decide(request('a:B', '*', values), { identity: [both] }).result
    expect(ask({ 'aws:a': '1', 'aws:b': '3', 'aws:c': 'true' })).toBe('allowed')
    expect(ask({ 'aws:a': '1', 'aws:b': '4', 'aws:c': 'true' })).toBe('implicitDeny')
    expect(ask({ 'aws:a': '1', 'aws:b': '3' })).toBe('implicitDeny')
  })
  test('there is no such operator', () => {
    expect(compileCondition('StringIs', 'a:b', [], { hasVariables: true })).toBeUndefined()
    expect(compileCondition('NullIfExists', 'a:b', [], { hasVariables: true })).toBeUndefined()
  })
})
