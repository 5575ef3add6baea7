/** The filter engine: wildcards, tags, limits, and hostile patterns in linear time. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilters, compilePattern } from '../../../src/aws/filters.ts'
import type { FilterInput } from '../../../src/aws/filters.ts'

interface Machine {
  id: string
  state: string
  zones: string[]
  isProtected: boolean
  launched: Date
  tags: Record<string, string>
}

const machines: Machine[] = [
  {
    id: 'i-1',
    state: 'running',
    zones: ['a', 'b'],
    isProtected: true,
    launched: new Date('2026-01-02T03:04:05.000Z'),
    tags: { Name: 'web*1', team: 'blue' },
  },
  {
    id: 'i-2',
    state: 'stopped',
    zones: [],
    isProtected: false,
    launched: new Date('2026-02-02T03:04:05.000Z'),
    tags: { Name: 'web-2' },
  },
]

function found(...filters: FilterInput[]): string[] {
  const test = compileFilters<Machine>(filters, {
    table: {
      'instance-state-name': (machine) => machine.state,
      'availability-zone': (machine) => machine.zones,
      protected: (machine) => machine.isProtected,
      'launch-time': (machine) => machine.launched,
    },
    tagsOf: (machine) => machine.tags,
    documented: ['instance-state-name', 'ramdisk-id'],
  })
  return machines.filter(test).map((machine) => machine.id)
}

const filter = (Name: string, ...Values: string[]): FilterInput => ({ Name, Values })

describe('filters', () => {
  it('are alternatives within one and conditions between several', () => {
    expect(found(filter('instance-state-name', 'running', 'stopped'))).toEqual(['i-1', 'i-2'])
    expect(found(filter('instance-state-name', 'running'), filter('tag:team', 'red'))).toEqual([])
    expect(found()).toEqual(['i-1', 'i-2'])
  })

  it('look into lists, booleans and dates', () => {
    expect(found(filter('availability-zone', 'b'))).toEqual(['i-1'])
    expect(found(filter('protected', 'false'))).toEqual(['i-2'])
    expect(found(filter('launch-time', '2026-01-*'))).toEqual(['i-1'])
  })

  it('know tags by key, value and name', () => {
    expect(found(filter('tag:Name', 'web*'))).toEqual(['i-1', 'i-2'])
    expect(found(filter('tag:Name', 'web\\*1'))).toEqual(['i-1'])
    expect(found(filter('tag-key', 'team'))).toEqual(['i-1'])
    expect(found(filter('tag:constructor', '*'))).toEqual([])
  })

  it('are case-sensitive', () => {
    expect(found(filter('instance-state-name', 'Running'))).toEqual([])
  })

  it('refuse wrong names, unserved names, no values and too many', () => {
    expect(() => found(filter('colour', 'x'))).toThrow("The filter 'colour' is invalid")
    expect(() => found(filter('ramdisk-id', 'x'))).toThrow('not served yet')
    expect(() => found(filter('protected'))).toThrow('at least one value')
    const many = filter('protected', ...Array.from({ length: 201 }, String))
    expect(() => found(many)).toThrow('200 filter values')
  })
})

describe('wildcards', () => {
  it('mean the same as the regular expression', () => {
    const letters = fc.string({
      unit: fc.constantFrom('a', 'b', '*', '?', '\\', 'é'),
      maxLength: 8,
    })
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        const source = pattern.replace(/\\(.)|[*?.\\]/gsu, (part, escaped?: string) => {
          if (escaped !== undefined) return escaped.replace(/[*?\\]/, '\\$&')
          return part === '*' ? '.*' : part === '?' ? '.' : `\\${part}`
        })
        const expected = new RegExp(`^(?:${source})$`, 'su').test(text)
        expect(compilePattern(pattern)(text)).toBe(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  it('stay fast for hostile patterns', () => {
    const match = compilePattern(`${'*a'.repeat(100)}b`)
    const started = performance.now()
    expect(match('a'.repeat(20_000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
