/**
 * Patterns of policies: `*`, `?` and policy variables (`${aws:username}`), compiled once, matched without regular
 * expressions in time that no pattern can blow up. What a variable stands for is taken literally: a user who is
 * named `*` is a user named `*`. Source: IAM user guide, "IAM policy elements: Variables and tags".
 */

/** Values of a request's condition keys, by key in lower case. */
export type ContextKeys = ReadonlyMap<string, readonly string[]>

type Part =
  | { type: 'text'; text: string }
  | { type: 'any' }
  | { type: 'one' }
  | { type: 'variable'; key: string; otherwise: string | null }

export interface Pattern {
  parts: readonly Part[]
  hasVariables: boolean
  source: string
}

export interface PatternOptions {
  /** Whether `*` and `?` mean anything. */
  hasWildcards: boolean
  /** Whether `${…}` means anything: in documents of version 2012-10-17. */
  hasVariables: boolean
}

const VARIABLE = /^\$\{([^}]*)\}/
/** `${*}`, `${?}` and `${$}` are the characters themselves. */
const ESCAPED = new Set(['*', '?', '$'])

export function compilePattern(source: string, options: PatternOptions): Pattern {
  const parts: Part[] = []
  const add = (text: string): void => {
    const last = parts.at(-1)
    if (last?.type === 'text') last.text += text
    else parts.push({ type: 'text', text })
  }
  for (let at = 0; at < source.length;) {
    const char = source[at]!
    const variable = options.hasVariables && char === '$' ? VARIABLE.exec(source.slice(at)) : null
    if (variable) {
      const name = variable[1]!.trim()
      if (ESCAPED.has(name)) add(name)
      else parts.push(variableOf(name))
      at += variable[0].length
      continue
    }
    if (options.hasWildcards && char === '*') {
      if (parts.at(-1)?.type !== 'any') parts.push({ type: 'any' })
    } else if (options.hasWildcards && char === '?') parts.push({ type: 'one' })
    else add(char)
    at++
  }
  return { parts, source, hasVariables: parts.some((part) => part.type === 'variable') }
}

/** `aws:PrincipalTag/team, 'none'`: the value to take when the request has no such key. */
function variableOf(text: string): Part {
  const found = /^([^,]+?)\s*,\s*'([^']*)'$/.exec(text)
  const key = (found?.[1] ?? text).toLowerCase()
  return { type: 'variable', key, otherwise: found?.[2] ?? null }
}

/** Wildcards as numbers below zero, everything else as UTF-16 units. */
type Glob = readonly number[]
const ANY = -1
const ONE = -2

/** Undefined when a variable has no single value: then nothing matches. */
function globOf(pattern: Pattern, keys: ContextKeys, fold: boolean): Glob | undefined {
  const glob: number[] = []
  const add = (text: string): void => {
    const folded = fold ? text.toLowerCase() : text
    for (let i = 0; i < folded.length; i++) glob.push(folded.charCodeAt(i))
  }
  for (const part of pattern.parts) {
    if (part.type === 'any') glob.push(ANY)
    else if (part.type === 'one') glob.push(ONE)
    else if (part.type === 'text') add(part.text)
    else {
      const values = keys.get(part.key)
      const value = values?.length === 1 ? values[0]! : part.otherwise
      if (value === null) return undefined
      add(value)
    }
  }
  return glob
}

export function patternMatches(
  pattern: Pattern,
  text: string,
  keys: ContextKeys,
  options: { ignoreCase?: boolean } = {},
): boolean {
  if (pattern.parts.length === 1 && pattern.parts[0]!.type === 'any') return true
  const fold = options.ignoreCase === true
  const glob = pattern.hasVariables ? globOf(pattern, keys, fold) : compiled(pattern, fold)
  return glob !== undefined && globMatches(glob, fold ? text.toLowerCase() : text)
}

const EMPTY: ContextKeys = new Map()
const exact = new WeakMap<Pattern, Glob>()
const folded = new WeakMap<Pattern, Glob>()

/** Without variables a pattern is the same for every request. */
function compiled(pattern: Pattern, fold: boolean): Glob {
  const globs = fold ? folded : exact
  let glob = globs.get(pattern)
  if (glob === undefined) globs.set(pattern, (glob = globOf(pattern, EMPTY, fold)!))
  return glob
}

/** The usual two pointers with one point to come back to: no worse than length times length. */
function globMatches(glob: Glob, text: string): boolean {
  let g = 0
  let t = 0
  let star = -1
  let mark = 0
  while (t < text.length) {
    if (g < glob.length && glob[g] === ANY) {
      star = g++
      mark = t
    } else if (g < glob.length && (glob[g] === ONE || glob[g] === text.charCodeAt(t))) {
      g++
      t++
    } else if (star >= 0) {
      g = star + 1
      t = ++mark
    } else return false
  }
  while (g < glob.length && glob[g] === ANY) g++
  return g === glob.length
}

/** The text with its variables filled in, or undefined when one has no value. */
export function patternText(pattern: Pattern, keys: ContextKeys): string | undefined {
  let text = ''
  for (const part of pattern.parts) {
    if (part.type === 'any') text += '*'
    else if (part.type === 'one') text += '?'
    else if (part.type === 'text') text += part.text
    else {
      const values = keys.get(part.key)
      const value = values?.length === 1 ? values[0]! : part.otherwise
      if (value === null) return undefined
      text += value
    }
  }
  return text
}

/**
 * ARNs, each of the six parts for itself, so that a `*` of one part does not swallow a colon. Source: IAM user guide,
 * "Amazon Resource Name (ARN) condition operators".
 */
export function arnPatternMatches(pattern: Pattern, arn: string, keys: ContextKeys): boolean {
  const wanted = splitPattern(pattern)
  const parts = arn.split(':')
  if (wanted.length === 1) return patternMatches(pattern, arn, keys)
  if (wanted.length < 6 || parts.length < 6) return false
  const given = [...parts.slice(0, 5), parts.slice(5).join(':')]
  return given.every((text, n) => patternMatches(wanted[n]!, text, keys))
}

const split = new WeakMap<Pattern, readonly Pattern[]>()

function splitPattern(pattern: Pattern): readonly Pattern[] {
  const known = split.get(pattern)
  if (known) return known
  const groups: Part[][] = [[]]
  for (const part of pattern.parts) {
    if (part.type !== 'text') {
      groups.at(-1)!.push(part)
      continue
    }
    const texts = part.text.split(':')
    for (const [n, text] of texts.entries()) {
      if (n > 0) {
        if (groups.length < 6) groups.push([])
        else groups.at(-1)!.push({ type: 'text', text: ':' })
      }
      if (text !== '') groups.at(-1)!.push({ type: 'text', text })
    }
  }
  const made = groups.map((parts) => ({
    parts,
    source: pattern.source,
    hasVariables: parts.some((part) => part.type === 'variable'),
  }))
  split.set(pattern, made)
  return made
}
