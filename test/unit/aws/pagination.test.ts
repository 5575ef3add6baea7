/** Pages: tokens that survive inserts and deletes, belong to their request and cannot be forged. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkPaging, pageOf } from '../../../src/aws/pagination.ts'
import type { PageRequest } from '../../../src/aws/pagination.ts'

function request(input: Record<string, unknown>, over: Partial<PageRequest> = {}): PageRequest {
  return {
    service: 'ec2',
    operation: 'DescribeVolumes',
    account: '123456789012',
    region: 'us-east-1',
    tokenKey: Buffer.alloc(32, 1),
    input,
    ...over,
  }
}

const key = (record: string): string => record
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 40 })

/** All pages, with `between` changing the records after each. */
function walk(records: string[], size: number, between: (records: string[]) => string[]): string[] {
  const seen: string[] = []
  let token: string | undefined
  let current = records
  for (let pages = 0; pages < 100; pages++) {
    const page = pageOf(request({ MaxResults: size, NextToken: token }), current, { key })
    expect(page.items.length).toBeLessThanOrEqual(size)
    seen.push(...page.items)
    token = page.nextToken
    if (token === undefined) return seen
    current = between(current)
  }
  throw new Error('pages do not end')
}

describe('pages', () => {
  it('give every record once', () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 5, max: 20 }), (records, size) => {
        const seen = walk(records, size, (same) => same)
        expect(seen).toEqual([...records].sort((a, b) => (a < b ? -1 : 1)))
      }),
    )
  })

  it('give what stays exactly once while others come and go', () => {
    fc.assert(
      fc.property(names, names, names, (staying, leaving, coming) => {
        const gone = leaving.filter((one) => !staying.includes(one))
        const fresh = coming.filter((one) => !staying.includes(one) && !gone.includes(one))
        const seen = walk([...staying, ...gone], 5, () => [...fresh, ...staying])
        expect(seen.filter((one) => staying.includes(one)).sort()).toEqual([...staying].sort())
        expect(new Set(seen).size).toBe(seen.length)
      }),
    )
  })

  it('are everything when no size is named', () => {
    const records = Array.from({ length: 3_000 }, (_, index) => `r-${index}`)
    expect(pageOf(request({}), records, { key }).items).toHaveLength(3_000)
  })
})

describe('tokens', () => {
  const records = Array.from({ length: 12 }, (_, index) => `vol-${10 + index}`)
  const filtered = { MaxResults: 5, Filters: [{ Name: 'status', Values: ['available'] }] }
  const token = pageOf(request(filtered), records, { key }).nextToken!

  it('allow another size but nothing else', () => {
    const next = pageOf(request({ ...filtered, MaxResults: 7, NextToken: token }), records, { key })
    expect(next.items).toEqual(records.slice(5))
    const refused: PageRequest[] = [
      request({ MaxResults: 5, NextToken: token }),
      request({ ...filtered, NextToken: token }, { account: '999999999999' }),
      request({ ...filtered, NextToken: token }, { region: 'eu-west-1' }),
      request({ ...filtered, NextToken: token }, { operation: 'DescribeSnapshots' }),
      request({ ...filtered, NextToken: token }, { tokenKey: Buffer.alloc(32, 2) }),
      request({ ...filtered, NextToken: `${token}A` }),
      request({ ...filtered, NextToken: 'x' }),
      request({ ...filtered, NextToken: `B${token.slice(1)}` }),
    ]
    for (const each of refused) {
      expect(() => checkPaging(each)).toThrow(expect.objectContaining({ code: 'InvalidNextToken' }))
    }
  })

  it('have the error that the service models', () => {
    const other = request({ NextToken: 'x' }, { service: 'ssm', operation: 'DescribeParameters' })
    expect(() => checkPaging(other)).toThrow(expect.objectContaining({ code: 'InvalidNextToken' }))
    const iam = request({ Marker: 'x' }, { service: 'iam', operation: 'ListUsers' })
    expect(() => checkPaging(iam)).toThrow(expect.objectContaining({ code: 'ValidationError' }))
  })
})

describe('sizes', () => {
  it('have the bounds of the shape, of the prose, or of EC2', () => {
    const size = (operation: string, MaxResults: number) => (): void =>
      checkPaging(request({ MaxResults }, { operation }))
    expect(size('DescribeVolumes', 4)).toThrow('greater than or equal to 5')
    expect(size('DescribeVolumes', 1_001)).toThrow('less than or equal to 1000')
    expect(size('DescribeInstanceTypes', 101)).toThrow('less than or equal to 100')
    expect(size('DescribeVolumes', 1_000)).not.toThrow()
  })

  it('exclude ids where EC2 does', () => {
    const both = { MaxResults: 5, InstanceIds: ['i-1'] }
    expect(() => checkPaging(request(both, { operation: 'DescribeInstances' }))).toThrow(
      'The parameter instancesSet cannot be used with the parameter maxResults',
    )
    const volumes = { MaxResults: 5, VolumeIds: ['vol-1'] }
    expect(() => checkPaging(request(volumes))).not.toThrow()
  })
})
