/**
 * Metric math, the part that is arithmetic: numbers, ids of other queries, + - * / ^, parentheses, ABS, CEIL, FLOOR,
 * and SUM, AVG, MIN, MAX over lists of ids. A value of a period exists where all that it is made of exist. Pure; an
 * expression is as long as CloudWatch allows, and nested no deeper than `DEPTH_MAX`. Others are a `MathError`.
 */
export class MathError extends Error {
  override name = 'MathError'
}

/** By start of its period; a number alone stands for itself in every period. */
export type MathSeries = ReadonlyMap<number, number>
type Value = number | MathSeries

const DEPTH_MAX = 32
/** Of all expressions of one request: the minutes of three thousand days, a second of work. */
const VALUES_MAX = 5_000_000

/** How many values may still be computed with. */
export interface MathBudget {
  valuesLeft: number
}

export const mathBudget = (): MathBudget => ({ valuesLeft: VALUES_MAX })

interface Parser {
  budget: MathBudget
  tokens: string[]
  at: number
  depth: number
  of: (id: string) => MathSeries
}

export function mathEvaluate(
  text: string,
  of: (id: string) => MathSeries,
  budget: MathBudget = mathBudget(),
): MathSeries {
  const tokens = text.match(
    /[A-Za-z][A-Za-z0-9_]*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[-+*/^(),[\]]|\S/g,
  )
  const parser: Parser = { budget, tokens: tokens ?? [], at: 0, depth: 0, of }
  const value = sum(parser)
  if (parser.at < parser.tokens.length) {
    throw new MathError(`unexpected '${parser.tokens[parser.at]}'`)
  }
  if (typeof value === 'number') throw new MathError('the expression has no metric in it')
  return value
}

function peek(parser: Parser): string | undefined {
  return parser.tokens[parser.at]
}

function expect(parser: Parser, token: string): void {
  if (parser.tokens[parser.at++] !== token) throw new MathError(`'${token}' is missing`)
}

function sum(parser: Parser): Value {
  if (++parser.depth > DEPTH_MAX) throw new MathError('nested too deeply')
  let left = product(parser)
  for (let token = peek(parser); token === '+' || token === '-'; token = peek(parser)) {
    parser.at++
    const right = product(parser)
    left = combine(parser, [left, right], ([a, b]) => (token === '+' ? a! + b! : a! - b!))
  }
  parser.depth--
  return left
}

function product(parser: Parser): Value {
  let left = power(parser)
  for (let token = peek(parser); token === '*' || token === '/'; token = peek(parser)) {
    parser.at++
    const right = power(parser)
    left = combine(parser, [left, right], ([a, b]) => (token === '*' ? a! * b! : a! / b!))
  }
  return left
}

function power(parser: Parser): Value {
  const base = unary(parser)
  if (peek(parser) !== '^') return base
  parser.at++
  return combine(parser, [base, unary(parser)], ([a, b]) => a! ** b!)
}

function unary(parser: Parser): Value {
  if (peek(parser) !== '-') return atom(parser)
  parser.at++
  return combine(parser, [atom(parser)], ([a]) => -a!)
}

const ONE: Readonly<Record<string, (value: number) => number>> = {
  ABS: Math.abs,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
}
const MANY: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SUM: (values) => values.reduce((a, b) => a + b, 0),
  AVG: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
}

function atom(parser: Parser): Value {
  const token = parser.tokens[parser.at++]
  if (token === undefined) throw new MathError('the expression ends early')
  if (token === '(') {
    const value = sum(parser)
    expect(parser, ')')
    return value
  }
  if (/^\d/.test(token)) return Number(token)
  if (peek(parser) === '(') return call(parser, token)
  if (!/^[a-z]/.test(token)) throw new MathError(`'${token}' is no id and no number`)
  return parser.of(token)
}

function call(parser: Parser, name: string): Value {
  expect(parser, '(')
  const one = Object.hasOwn(ONE, name) ? ONE[name] : undefined
  const many = Object.hasOwn(MANY, name) ? MANY[name] : undefined
  if (one) {
    const value = sum(parser)
    expect(parser, ')')
    return combine(parser, [value], ([a]) => one(a!))
  }
  if (!many) throw new MathError(`the function ${name} is not served`)
  expect(parser, '[')
  const values = [sum(parser)]
  while (peek(parser) === ',') {
    parser.at++
    values.push(sum(parser))
  }
  expect(parser, ']')
  expect(parser, ')')
  return combine(parser, values, many)
}

function combine(
  { budget }: Parser,
  values: readonly Value[],
  of: (values: readonly number[]) => number,
): Value {
  const series = values.filter((value) => typeof value !== 'number')
  if (series.length === 0) return of(values as number[])
  budget.valuesLeft -= values.length * series[0]!.size
  if (budget.valuesLeft < 0) throw new MathError('the expressions compute with too many values')
  const result = new Map<number, number>()
  for (const at of series[0]!.keys()) {
    if (!series.every((one) => one.has(at))) continue
    const value = of(values.map((one) => (typeof one === 'number' ? one : one.get(at)!)))
    // A division by zero has no value, as in CloudWatch.
    if (Number.isFinite(value)) result.set(at, value)
  }
  return result
}
