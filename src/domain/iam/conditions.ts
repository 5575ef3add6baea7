/**
 * Conditions of policies: every operator that AWS documents, with `IfExists`, `ForAllValues:` and `ForAnyValue:`.
 * Pure. Source: IAM user guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
 */
import { BlockList, isIP } from 'node:net'
import { arnPatternMatches, compilePattern, patternMatches, patternText } from './pattern.ts'
import type { ContextKeys, Pattern } from './pattern.ts'

export interface Condition {
  /** As written: `ForAnyValue:StringLike`. */
  name: string
  /** In lower case. */
  key: string
  values: readonly Pattern[]
  operator: Operator
}

interface Operator {
  test: Test
  isNegated: boolean
  isIfExists: boolean
  set: 'all' | 'any' | null
}

/** Whether one value of the request is what one value of the policy asks for. */
type Test = (wanted: Pattern, given: string, keys: ContextKeys) => boolean

const text =
  (compare: (wanted: string, given: string) => boolean): Test =>
  (wanted, given, keys) => {
    const value = patternText(wanted, keys)
    return value !== undefined && compare(value, given)
  }

const number = (compare: (wanted: number, given: number) => boolean): Test =>
  text((wanted, given) => {
    const [a, b] = [numberOf(wanted), numberOf(given)]
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b)
  })

function numberOf(value: string): number {
  return /^[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(value) ? Number(value) : NaN
}

const date = (compare: (wanted: number, given: number) => boolean): Test =>
  text((wanted, given) => {
    const [a, b] = [timeOf(wanted), timeOf(given)]
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b)
  })

/** ISO 8601, or seconds since the epoch. */
export function timeOf(value: string): number {
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000
  return /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : NaN
}

const stringLike: Test = (wanted, given, keys) => patternMatches(wanted, given, keys)
const arnLike: Test = (wanted, given, keys) => arnPatternMatches(wanted, given, keys)

const blocks = new Map<string, BlockList | null>()
const BLOCKS_MAX = 1_000

function blockOf(cidr: string): BlockList | null {
  let block = blocks.get(cidr)
  if (block === undefined) {
    const [address = '', bits] = cidr.split('/')
    const family = isIP(address)
    const length = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits)
    const isValid =
      family !== 0 && /^\d{1,3}$/.test(bits ?? '0') && length <= (family === 6 ? 128 : 32)
    block = isValid ? new BlockList() : null
    block?.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4')
    if (blocks.size >= BLOCKS_MAX) blocks.delete(blocks.keys().next().value!)
    blocks.set(cidr, block)
  }
  return block
}

const ip = text((wanted, given) => {
  const address = given.replace(/^::ffff:(?=\d+\.)/i, '')
  const family = isIP(address)
  return family !== 0 && blockOf(wanted)?.check(address, family === 6 ? 'ipv6' : 'ipv4') === true
})

export function isCidr(value: string): boolean {
  return blockOf(value) !== null
}

const equal = text((a, b) => a === b)
const equalFolded = text((a, b) => a.toLowerCase() === b.toLowerCase())

const TESTS: Readonly<Record<string, { test: Test; not?: true; hasWildcards?: true }>> = {
  StringEquals: { test: equal },
  StringNotEquals: { test: equal, not: true },
  StringEqualsIgnoreCase: { test: equalFolded },
  StringNotEqualsIgnoreCase: { test: equalFolded, not: true },
  StringLike: { test: stringLike, hasWildcards: true },
  StringNotLike: { test: stringLike, not: true, hasWildcards: true },
  NumericEquals: { test: number((a, b) => b === a) },
  NumericNotEquals: { test: number((a, b) => b === a), not: true },
  NumericLessThan: { test: number((a, b) => b < a) },
  NumericLessThanEquals: { test: number((a, b) => b <= a) },
  NumericGreaterThan: { test: number((a, b) => b > a) },
  NumericGreaterThanEquals: { test: number((a, b) => b >= a) },
  DateEquals: { test: date((a, b) => b === a) },
  DateNotEquals: { test: date((a, b) => b === a), not: true },
  DateLessThan: { test: date((a, b) => b < a) },
  DateLessThanEquals: { test: date((a, b) => b <= a) },
  DateGreaterThan: { test: date((a, b) => b > a) },
  DateGreaterThanEquals: { test: date((a, b) => b >= a) },
  Bool: { test: equalFolded },
  BinaryEquals: { test: equal },
  IpAddress: { test: ip },
  NotIpAddress: { test: ip, not: true },
  // Both accept wildcards: "ArnEquals and ArnLike behave identically".
  ArnEquals: { test: arnLike, hasWildcards: true },
  ArnLike: { test: arnLike, hasWildcards: true },
  ArnNotEquals: { test: arnLike, not: true, hasWildcards: true },
  ArnNotLike: { test: arnLike, not: true, hasWildcards: true },
}
const TESTS_FOLDED = new Map(
  Object.entries(TESTS).map(([name, rule]) => [name.toLowerCase(), rule]),
)

const NULL: Test = () => false

/** Undefined when there is no such operator. */
export function compileCondition(
  name: string,
  key: string,
  values: readonly string[],
  options: { hasVariables: boolean },
): Condition | undefined {
  const found = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/i.exec(name)
  if (!found) return undefined
  const [, set, base = '', ifExists] = found
  const folded = base.toLowerCase()
  const isNull = folded === 'null'
  const rule = isNull ? { test: NULL } : TESTS_FOLDED.get(folded)
  if (!rule || (isNull && ifExists)) return undefined
  const hasWildcards = 'hasWildcards' in rule && rule.hasWildcards === true
  return {
    name,
    key: key.toLowerCase(),
    values: values.map((value) =>
      compilePattern(value, { hasWildcards, hasVariables: options.hasVariables }),
    ),
    operator: {
      test: rule.test,
      isNegated: 'not' in rule && rule.not === true,
      isIfExists: ifExists !== undefined,
      set: set === undefined ? null : set.toLowerCase() === 'forallvalues' ? 'all' : 'any',
    },
  }
}

export function conditionHolds(condition: Condition, keys: ContextKeys): boolean {
  const { operator, values, key } = condition
  const given = keys.get(key)
  const isAbsent = given === undefined || given.length === 0
  if (operator.test === NULL) {
    return values.some((wanted) => (wanted.source.toLowerCase() === 'true') === isAbsent)
  }
  if (isAbsent) {
    if (operator.isIfExists || operator.set === 'all') return true
    return operator.set === 'any' ? false : operator.isNegated
  }
  const matches = (value: string): boolean =>
    values.some((wanted) => operator.test(wanted, value, keys))
  // Without a set operator a negation holds only when no value at all is what it names.
  if (operator.isNegated) {
    return operator.set === 'any'
      ? given.some((value) => !matches(value))
      : given.every((value) => !matches(value))
  }
  return operator.set === 'all' ? given.every(matches) : given.some(matches)
}
