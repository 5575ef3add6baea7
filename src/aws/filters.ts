/**
 * One filter engine for every Describe operation, as AWS documents it: the values of a filter are alternatives, the
 * filters of a request must all hold, `*` and `?` are wildcards that `\` escapes, comparison is case-sensitive.
 * Matching takes time linear in value × pattern; a hostile pattern cannot make it slow.
 */
import { WireError } from './wire-error.ts'

type FilterValue = string | number | boolean | Date | null | undefined
export type FilterTable<R> = Record<string, (record: R) => FilterValue | readonly FilterValue[]>
export type TagsOf<R> = (record: R) => Readonly<Record<string, string>>

export interface FilterInput {
  Name?: string | undefined
  Values?: string[] | undefined
}

/** Source: EC2 user guide, "Filtering considerations": 50 filters, 200 values in one request. */
const FILTERS_MAX = 50
const VALUES_MAX = 200

type Test<R> = (record: R) => boolean

export interface FilterContext<R> {
  table: FilterTable<R>
  tagsOf: TagsOf<R> | undefined
  /** Names that AWS documents for the operation: the honest answer to one we lack differs from a wrong name. */
  documented: readonly string[]
}

/** @throws WireError for a filter that does not exist. */
export function compileFilters<R>(
  filters: readonly FilterInput[] | undefined,
  context: FilterContext<R>,
): Test<R> {
  if (filters === undefined || filters.length === 0) return () => true
  const count = filters.reduce((sum, filter) => sum + (filter.Values?.length ?? 0), 0)
  if (filters.length > FILTERS_MAX || count > VALUES_MAX) {
    const limits = `${FILTERS_MAX} filters and ${VALUES_MAX} filter values`
    throw new WireError('FilterLimitExceeded', `At most ${limits} are allowed in one request.`)
  }
  const tests = filters.map((filter) => compileFilter(filter, context))
  return (record) => tests.every((test) => test(record))
}

function compileFilter<R>(filter: FilterInput, context: FilterContext<R>): Test<R> {
  const name = filter.Name ?? 'null'
  const values = filter.Values ?? []
  const valuesOf = valuesReader(name, context)
  if (values.length === 0) {
    throw new WireError('InvalidParameterValue', `The filter '${name}' needs at least one value`)
  }
  const matches = values.map(compilePattern)
  return (record) => {
    const found = valuesOf(record)
    if (!Array.isArray(found)) return matchesAny(matches, found as FilterValue)
    return found.some((each: FilterValue) => matchesAny(matches, each))
  }
}

function valuesReader<R>(
  name: string,
  { table, tagsOf, documented }: FilterContext<R>,
): FilterTable<R>[string] {
  if (Object.hasOwn(table, name)) return table[name]!
  if (tagsOf !== undefined) {
    if (name === 'tag-key') return (record) => Object.keys(tagsOf(record))
    if (name === 'tag-value') return (record) => Object.values(tagsOf(record))
    if (name.startsWith('tag:')) {
      const key = name.slice('tag:'.length)
      return (record) => {
        const tags = tagsOf(record)
        return Object.hasOwn(tags, key) ? tags[key] : undefined
      }
    }
  }
  const generic = name.startsWith('tag:') ? 'tag:<key>' : name
  if (documented.includes(generic)) {
    throw new WireError(
      'UnsupportedOperation',
      `The filter '${name}' is not served yet; docs/aws-coverage.md lists the filters that are.`,
    )
  }
  throw new WireError('InvalidParameterValue', `The filter '${name}' is invalid`)
}

function matchesAny(matches: readonly ((text: string) => boolean)[], value: FilterValue): boolean {
  if (value === undefined || value === null) return false
  const text = value instanceof Date ? value.toISOString() : String(value)
  return matches.some((match) => match(text))
}

type Token = { char: string } | 'one' | 'many'

/** A pattern with `*` (any run) and `?` (one character); `\` takes the next character literally. */
export function compilePattern(pattern: string): (text: string) => boolean {
  if (!/[*?\\]/.test(pattern)) return (text) => text === pattern
  const tokens: Token[] = []
  const chars = [...pattern]
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!
    if (char === '\\' && at + 1 < chars.length) tokens.push({ char: chars[++at]! })
    else if (char === '?') tokens.push('one')
    else if (char !== '*') tokens.push({ char })
    else if (tokens.at(-1) !== 'many') tokens.push('many')
  }
  return (text) => matchTokens(tokens, [...text])
}

/** Greedy with one point of return: on a mismatch the last `*` takes one character more. */
function matchTokens(tokens: readonly Token[], chars: readonly string[]): boolean {
  let at = 0
  let token = 0
  let star = -1
  let resume = 0
  while (at < chars.length) {
    const expected = tokens[token]
    if (expected === 'many') {
      star = token++
      resume = at
    } else if (expected === 'one' || (expected !== undefined && expected.char === chars[at])) {
      token++
      at++
    } else if (star >= 0) {
      token = star + 1
      at = ++resume
    } else {
      return false
    }
  }
  while (tokens[token] === 'many') token++
  return token === tokens.length
}
