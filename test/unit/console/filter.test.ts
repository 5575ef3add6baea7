/** Filtering as AWS's console does it: properties with operators, free words, all of which must fit. */
import { expect, test } from 'vitest'
import {
  createFilter,
  tokenParse,
  tokenText,
  type Property,
  type Token,
} from '../../../console/src/util/filter.ts'

interface Machine {
  name: string
  state: string
  groups: string[]
}

const PROPERTIES: readonly Property<Machine>[] = [
  { name: 'Name', value: (one) => one.name },
  { name: 'Instance state', value: (one) => one.state },
  { name: 'Security group name', value: (one) => one.groups },
]
const MACHINES: readonly Machine[] = [
  { name: 'web-1', state: 'running', groups: ['web', 'ssh'] },
  { name: 'web-2', state: 'stopped', groups: ['web'] },
  { name: 'db', state: 'running', groups: ['db'] },
]
const filter = createFilter(PROPERTIES)
const names = (tokens: readonly Token[], text = ''): string[] =>
  filter.apply(MACHINES, tokens, text).map((one) => one.name)
const parse = (text: string): Token => tokenParse(text, PROPERTIES)

test.each([
  ['Instance state = running', { property: 'Instance state', operator: '=', value: 'running' }],
  ['instance state!=stopped', { property: 'Instance state', operator: '!=', value: 'stopped' }],
  ['Name : web', { property: 'Name', operator: ':', value: 'web' }],
  ['Name !: web', { property: 'Name', operator: '!:', value: 'web' }],
  ['just words', { property: null, operator: ':', value: 'just words' }],
  ['Named = x', { property: null, operator: ':', value: 'Named = x' }],
])('%s is read as a token, and a token as words again', (text, token) => {
  expect(parse(text)).toEqual(token)
  expect(parse(tokenText(parse(text)))).toEqual(token)
})

test('tokens and words must all fit, whatever their case', () => {
  expect(names([parse('Instance state = RUNNING')])).toEqual(['web-1', 'db'])
  expect(names([parse('Instance state = running'), parse('Name : web')])).toEqual(['web-1'])
  expect(names([parse('Security group name != web')])).toEqual(['db'])
  expect(names([parse('Name !: web')])).toEqual(['db'])
  expect(names([], 'WEB stopped')).toEqual(['web-2'])
  expect(names([], 'nothing')).toEqual([])
})

test('the values of a property are offered, the commonest first', () => {
  expect(filter.valuesOf(MACHINES, 'Security group name', 2)).toEqual(['web', 'ssh'])
  expect(filter.valuesOf(MACHINES, 'No such', 2)).toEqual([])
})
