/**
 * The rule of a composite alarm: its text to a tree, and what the tree says of the states of its children. Pure; the
 * work is linear in the text, the depth is bounded. Source: CloudWatch user guide, "Composite alarms", "Rule
 * expressions", and PutCompositeAlarm's `AlarmRule`. Names without quotes hold no spaces, brackets or commas.
 */
import { ALARM_STATES, type AlarmState } from './alarm.ts'

export const RULE_CHILDREN_MAX = 100
/** Children, TRUE and FALSE, pairs of parentheses. */
export const RULE_ELEMENTS_MAX = 500
/** No deeper than it may have parentheses: a chain of NOT is no shorter way to a full stack. */
const DEPTH_MAX = RULE_ELEMENTS_MAX

export type AlarmRule =
  | { type: 'constant'; value: boolean }
  | { type: 'state'; state: AlarmState; name: string }
  | { type: 'not'; of: AlarmRule }
  | { type: 'and' | 'or'; of: readonly AlarmRule[] }
  | {
      type: 'atLeast'
      least: number
      isPercent: boolean
      state: AlarmState
      isNegated: boolean
      names: readonly string[]
    }

export class AlarmRuleError extends Error {
  override name = 'AlarmRuleError'
}

interface Token {
  type: 'word' | 'quoted' | '(' | ')' | ',' | 'end'
  text: string
  at: number
}

interface Parser {
  tokens: readonly Token[]
  at: number
  depth: number
  elements: number
}

const TOKEN = /\s*(?:([(),])|"((?:[^"\\]|\\.)*)"|([^\s(),"]+))/y

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const scan = new RegExp(TOKEN)
  const end = text.trimEnd().length
  while (scan.lastIndex < end) {
    const from = scan.lastIndex
    const match = scan.exec(text)
    if (!match) throw new AlarmRuleError(`a quotation mark is not closed at position ${from}`)
    const [whole, mark, quoted, word] = match
    const at = from + whole.length - whole.trimStart().length
    if (mark !== undefined) tokens.push({ type: mark as '(', text: mark, at })
    else if (quoted !== undefined) {
      tokens.push({ type: 'quoted', text: quoted.replaceAll(/\\(.)/g, '$1'), at })
    } else tokens.push({ type: 'word', text: word!, at })
  }
  tokens.push({ type: 'end', text: 'end of the rule', at: end })
  return tokens
}

/** @throws AlarmRuleError with what is wrong and where. */
export function alarmRuleParse(text: string): AlarmRule {
  const parser: Parser = { tokens: tokensOf(text), at: 0, depth: 0, elements: 0 }
  const rule = either(parser)
  if (peek(parser).type !== 'end') throw unexpected(peek(parser), 'AND, OR or the end')
  if (alarmRuleChildren(rule).length > RULE_CHILDREN_MAX) {
    throw new AlarmRuleError(`it refers to more than ${RULE_CHILDREN_MAX} alarms`)
  }
  return rule
}

function either(parser: Parser): AlarmRule {
  return joined(parser, 'or', (inner) => joined(inner, 'and', unary))
}

function joined(parser: Parser, type: 'and' | 'or', part: (parser: Parser) => AlarmRule) {
  const of = [part(parser)]
  while (isWord(peek(parser), type.toUpperCase())) {
    parser.at++
    of.push(part(parser))
  }
  return of.length === 1 ? of[0]! : ({ type, of } as const)
}

function unary(parser: Parser): AlarmRule {
  if (++parser.depth > DEPTH_MAX) throw new AlarmRuleError('it is nested too deeply')
  const rule = term(parser)
  parser.depth--
  return rule
}

function term(parser: Parser): AlarmRule {
  const token = peek(parser)
  if (token.type === '(') {
    element(parser)
    parser.at++
    const rule = either(parser)
    take(parser, ')')
    return rule
  }
  if (token.type !== 'word') throw unexpected(token, 'a function, NOT, TRUE, FALSE or (')
  parser.at++
  const word = token.text.toUpperCase()
  if (word === 'NOT') return { type: 'not', of: unary(parser) }
  if (word === 'TRUE' || word === 'FALSE') {
    element(parser)
    return { type: 'constant', value: word === 'TRUE' }
  }
  if (word === 'AT_LEAST') return atLeast(parser)
  if (!isState(word)) throw unexpected(token, 'a function, NOT, TRUE, FALSE or (')
  take(parser, '(')
  const name = nameTake(parser)
  take(parser, ')')
  return { type: 'state', state: word, name }
}

/** What follows `AT_LEAST`: `(M, STATE, (a, b, c))`; M is a number or a percentage, STATE may have a NOT. */
function atLeast(parser: Parser): AlarmRule {
  take(parser, '(')
  const count = peek(parser)
  const [, digits, percent] = /^(\d{1,4})(%?)$/.exec(count.text) ?? []
  if (digits === undefined) throw unexpected(count, 'a number or a percentage')
  parser.at++
  take(parser, ',')
  const isNegated = isWord(peek(parser), 'NOT')
  if (isNegated) parser.at++
  const token = peek(parser)
  const state = token.text.toUpperCase()
  if (token.type !== 'word' || !isState(state)) throw unexpected(token, ALARM_STATES.join(', '))
  parser.at++
  take(parser, ',')
  take(parser, '(')
  const names = [nameTake(parser)]
  while (peek(parser).type === ',') {
    parser.at++
    names.push(nameTake(parser))
  }
  take(parser, ')')
  take(parser, ')')
  const [least, isPercent] = [Number(digits), percent === '%']
  const most = isPercent ? 100 : names.length
  if (least < 1 || least > most) {
    throw new AlarmRuleError(`AT_LEAST(${count.text}, …) must be between 1 and ${most}`)
  }
  return { type: 'atLeast', least, isPercent, state, isNegated, names }
}

function nameTake(parser: Parser): string {
  const token = peek(parser)
  if ((token.type !== 'word' && token.type !== 'quoted') || token.text === '') {
    throw unexpected(token, "an alarm's name or ARN")
  }
  element(parser)
  parser.at++
  return token.text
}

function element(parser: Parser): void {
  if (++parser.elements > RULE_ELEMENTS_MAX) {
    throw new AlarmRuleError(`it has more than ${RULE_ELEMENTS_MAX} elements`)
  }
}

function peek({ tokens, at }: Parser): Token {
  return tokens[at]!
}

function take(parser: Parser, type: '(' | ')' | ','): void {
  if (peek(parser).type !== type) throw unexpected(peek(parser), type)
  parser.at++
}

function isWord(token: Token, word: string): boolean {
  return token.type === 'word' && token.text.toUpperCase() === word
}

function isState(word: string): word is AlarmState {
  return (ALARM_STATES as readonly string[]).includes(word)
}

function unexpected({ text, at }: Token, wanted: string): AlarmRuleError {
  return new AlarmRuleError(`'${text.slice(0, 60)}' at position ${at}, where ${wanted} should be`)
}

/** The names and ARNs that the rule refers to, as written, each once, in order. */
export function alarmRuleChildren(rule: AlarmRule): string[] {
  const found = new Set<string>()
  const walk = (part: AlarmRule): void => {
    if (part.type === 'state') found.add(part.name)
    else if (part.type === 'atLeast') for (const name of part.names) found.add(name)
    else if (part.type === 'not') walk(part.of)
    else if (part.type !== 'constant') for (const one of part.of) walk(one)
  }
  walk(rule)
  return [...found]
}

/** `stateOf` answers null for an alarm that is gone: that is in no state. */
export function alarmRuleHolds(
  rule: AlarmRule,
  stateOf: (name: string) => AlarmState | null,
): boolean {
  switch (rule.type) {
    case 'constant':
      return rule.value
    case 'state':
      return stateOf(rule.name) === rule.state
    case 'not':
      return !alarmRuleHolds(rule.of, stateOf)
    case 'and':
      return rule.of.every((part) => alarmRuleHolds(part, stateOf))
    case 'or':
      return rule.of.some((part) => alarmRuleHolds(part, stateOf))
    case 'atLeast': {
      const { names, state, isNegated, least, isPercent } = rule
      const count = names.filter((name) => (stateOf(name) === state) !== isNegated).length
      return isPercent ? count * 100 >= least * names.length : count >= least
    }
  }
}
