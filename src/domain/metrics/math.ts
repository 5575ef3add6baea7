/**
 * Metric math: from the text of an expression to a series. Pure; an expression is as long as CloudWatch allows, and
 * nested no deeper than `DEPTH_MAX`. What is not served (SEARCH, anomaly detection, SQL) is a `MathError` that says so.
 */
import {
  AGGREGATES,
  choose,
  combine,
  fill,
  isList,
  isSeries,
  MathError,
  OF_SERIES,
  ofSeries,
  ONE_BY_ONE,
  seriesOf,
  type MathSpace,
  type Series,
  type Single,
  type Value,
} from './math-values.ts'

export { MathError, type MathSeries, type MathSpace, type Series } from './math-values.ts'

const DEPTH_MAX = 32
/** Of all expressions of one request: the minutes of three thousand days, a second of work. */
const VALUES_MAX = 5_000_000

export const mathSpace = (range: { from: number; to: number }): MathSpace => ({
  valuesLeft: VALUES_MAX,
  ...range,
})

/** What an expression may name. */
export interface MathNames {
  of(id: string): Series
  /** Of the queries that are metrics, their ids in order. */
  metrics(): readonly string[]
}

interface Parser {
  space: MathSpace
  tokens: string[]
  at: number
  depth: number
  names: MathNames
}

const TOKENS =
  /[A-Za-z][A-Za-z0-9_]*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"[^"]*"|'[^']*'|[<>=!]=|&&|\|\||[-+*/^(),[\]<>]|\S/g

export function mathEvaluate(text: string, names: MathNames, space: MathSpace): Series {
  const parser: Parser = { space, tokens: text.match(TOKENS) ?? [], at: 0, depth: 0, names }
  const value = expression(parser)
  if (parser.at < parser.tokens.length) {
    throw new MathError(`unexpected '${parser.tokens[parser.at]}'`)
  }
  if (typeof value === 'number') throw new MathError('the expression has no metric in it')
  if (isSeries(value)) return value
  throw new MathError('the expression gives several series: put SUM, AVG, MIN or MAX around it')
}

const peek = (parser: Parser): string | undefined => parser.tokens[parser.at]

function expect(parser: Parser, token: string): void {
  if (parser.tokens[parser.at++] !== token) throw new MathError(`'${token}' is missing`)
}

type Operator = (a: number, b: number) => number

const truth = (isTrue: boolean): number => (isTrue ? 1 : 0)

/** From what binds least to what binds most. */
const LEVELS: readonly Readonly<Record<string, Operator>>[] = [
  { OR: (a, b) => truth(a !== 0 || b !== 0), '||': (a, b) => truth(a !== 0 || b !== 0) },
  { AND: (a, b) => truth(a !== 0 && b !== 0), '&&': (a, b) => truth(a !== 0 && b !== 0) },
  {
    '>': (a, b) => truth(a > b),
    '<': (a, b) => truth(a < b),
    '>=': (a, b) => truth(a >= b),
    '<=': (a, b) => truth(a <= b),
    '==': (a, b) => truth(a === b),
    '!=': (a, b) => truth(a !== b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
  { '^': (a, b) => a ** b },
]

function expression(parser: Parser): Value {
  if (++parser.depth > DEPTH_MAX) throw new MathError('nested too deeply')
  const value = level(parser, 0)
  parser.depth--
  return value
}

function level(parser: Parser, at: number): Value {
  const operators = LEVELS[at]
  if (!operators) return unary(parser)
  let left = level(parser, at + 1)
  for (let token = peek(parser); token && Object.hasOwn(operators, token); token = peek(parser)) {
    parser.at++
    const of = operators[token]!
    left = combine(parser.space, [left, level(parser, at + 1)], ([a, b]) => of(a!, b!))
  }
  return left
}

function unary(parser: Parser): Value {
  if (peek(parser) !== '-') return atom(parser)
  parser.at++
  return combine(parser.space, [atom(parser)], ([a]) => -a!)
}

function atom(parser: Parser): Value {
  const token = parser.tokens[parser.at++]
  if (token === undefined) throw new MathError('the expression ends early')
  if (token === '(') {
    const value = expression(parser)
    expect(parser, ')')
    return value
  }
  if (token === '[') return listOf(parser)
  if (/^\d/.test(token)) return Number(token)
  if (peek(parser) === '(') return call(parser, token)
  if (!/^[a-z]/.test(token)) throw new MathError(`'${token}' is no id and no number`)
  return parser.names.of(token)
}

function listOf(parser: Parser): Value {
  const values: Single[] = []
  do {
    const value = expression(parser)
    values.push(...(isList(value) ? value : [value]))
  } while (peek(parser) === ',' && ++parser.at)
  expect(parser, ']')
  return values
}

/** Those with arguments of their own kind. */
const SPECIAL: Readonly<Record<string, (parser: Parser) => Value>> = {
  METRICS: (parser) => {
    const token = peek(parser)
    const part = token && /^["']/.test(token) ? parser.tokens[parser.at++]!.slice(1, -1) : ''
    const ids = parser.names.metrics().filter((id) => id.includes(part))
    if (ids.length === 0) throw new MathError('METRICS() finds no metric')
    return ids.map((id) => parser.names.of(id))
  },
  METRIC_COUNT: (parser) => {
    const value = expression(parser)
    return isList(value) ? value.length : 1
  },
  PERIOD: (parser) => seriesOf(expression(parser)).periodSeconds,
  FILL: (parser) => {
    const value = expression(parser)
    expect(parser, ',')
    const token = peek(parser)
    if (token !== 'REPEAT' && token !== 'LINEAR')
      return fill(parser.space, value, expression(parser))
    parser.at++
    return fill(parser.space, value, token)
  },
  IF: (parser) => {
    const asked = expression(parser)
    expect(parser, ',')
    const yes = expression(parser)
    if (peek(parser) !== ',') return choose(parser.space, asked, yes, null)
    parser.at++
    return choose(parser.space, asked, yes, expression(parser))
  },
}

/** What can be written, for whoever wrote something else. */
const SERVED = [
  ...Object.keys(ONE_BY_ONE),
  ...Object.keys(AGGREGATES),
  ...OF_SERIES,
  ...Object.keys(SPECIAL),
].toSorted()

function call(parser: Parser, name: string): Value {
  if (!SERVED.includes(name)) {
    throw new MathError(`the function ${name} is not served; served are ${SERVED.join(', ')}`)
  }
  expect(parser, '(')
  const value = applied(parser, name)
  expect(parser, ')')
  return value
}

function applied(parser: Parser, name: string): Value {
  const special = SPECIAL[name]
  if (special) return special(parser)
  const value = expression(parser)
  const one = ONE_BY_ONE[name]
  if (one) return combine(parser.space, [value], ([a]) => one(a!))
  const aggregate = AGGREGATES[name]
  if (!aggregate) return ofSeries(parser.space, name, value)
  if (isList(value)) return combine(parser.space, value, aggregate)
  // Of one series, a number: of all its times.
  const values = [...seriesOf(value).points.values()]
  if (values.length === 0) throw new MathError(`${name} of a series without values`)
  return aggregate(values)
}
