/**
 * What a shape demands of a value (enum, length, range, pattern), compiled once into a check, and the reading of
 * scalars from text, which query strings, forms, headers and labels share.
 */
import type { Shape, TimestampFormat } from '../model.ts'
import { VIOLATIONS_MAX, type Violation } from '../violations.ts'

/** Where a decoder is and what it has found wrong so far. */
export interface Findings {
  path: string[]
  violations: Violation[]
}

type Without<T> = T extends { path: string } ? Omit<T, 'path'> : never

export function report(findings: Findings, violation: Without<Violation>, name?: string): void {
  if (findings.violations.length >= VIOLATIONS_MAX) return
  const path = name === undefined ? findings.path.join('.') : [...findings.path, name].join('.')
  findings.violations.push({ ...violation, path } as Violation)
}

export type Check = (value: unknown, findings: Findings) => void

/**
 * Enums that AWS extends faster than models are published: the operation itself knows the valid values and says
 * something better than a list of a thousand.
 */
const OPEN_ENUMS_SIZE_MIN = 500

export function compileCheck(shape: Shape): Check | undefined {
  switch (shape.type) {
    case 'string':
    case 'character':
      return compileStringCheck(shape)
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return compileRangeCheck(shape)
    case 'list':
    case 'map':
    case 'blob':
      return compileSizeCheck(shape)
    default:
      return undefined
  }
}

function compileStringCheck(shape: Shape): Check | undefined {
  const { min, max, pattern, enum: allowed } = shape
  // An answer is logged, by clients too.
  const shown = (value: string): string => (shape.sensitive ? '***' : value)
  if (allowed !== undefined && allowed.length < OPEN_ENUMS_SIZE_MIN) {
    const set = new Set(allowed)
    return (value, findings) => {
      if (!set.has(value as string))
        report(findings, { type: 'enum', value: shown(value as string), allowed })
    }
  }
  const expression = pattern === undefined ? undefined : compilePattern(pattern)
  if (min === undefined && max === undefined && expression === undefined) return undefined
  return (input, findings) => {
    const value = input as string
    const { length } = value
    if ((min !== undefined && length < min) || (max !== undefined && length > max)) {
      report(findings, { type: 'length', value: shown(value), min, max, length })
    } else if (expression !== undefined && !expression.test(value)) {
      report(findings, { type: 'pattern', value: shown(value), pattern: pattern! })
    }
  }
}

/** AWS matches the whole value (Java's `matches`). A pattern JavaScript cannot read is not enforced. */
function compilePattern(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(`^(?:${pattern})$`, flags)
    } catch {
      continue
    }
  }
  return undefined
}

function compileRangeCheck({ min, max }: Shape): Check | undefined {
  if (min === undefined && max === undefined) return undefined
  return (value, findings) => {
    const number = value as number
    if ((min !== undefined && number < min) || (max !== undefined && number > max)) {
      report(findings, { type: 'range', value: String(number), min, max })
    }
  }
}

function compileSizeCheck({ type, min, max }: Shape): Check | undefined {
  if (min === undefined && max === undefined) return undefined
  return (value, findings) => {
    const length =
      type === 'map' ? Object.keys(value as object).length : (value as unknown[]).length
    if ((min !== undefined && length < min) || (max !== undefined && length > max)) {
      report(findings, { type: 'length', value: `${length} items`, min, max, length })
    }
  }
}

/** A scalar written as text, or undefined after reporting why not. */
export type TextReader = (text: string, findings: Findings) => unknown

export function compileTextReader(shape: Shape, format?: TimestampFormat): TextReader {
  const check = compileCheck(shape)
  const read = textReader(shape, format)
  if (check === undefined) return read
  return (text, findings) => {
    const value = read(text, findings)
    if (value !== undefined) check(value, findings)
    return value
  }
}

const INTEGER_MAX = 2_147_483_647

function textReader(shape: Shape, format?: TimestampFormat): TextReader {
  const mismatch = (text: string, findings: Findings, expected: string): undefined => {
    report(findings, { type: 'kind', value: text, expected, found: 'STRING_VALUE' })
  }
  switch (shape.type) {
    case 'integer':
    case 'long':
      return (text, findings) => {
        const value = /^[-+]?\d{1,19}$/.test(text) ? Number(text) : NaN
        const fits = shape.type === 'long' || Math.abs(value) <= INTEGER_MAX
        return Number.isInteger(value) && fits ? value : mismatch(text, findings, 'an integer')
      }
    case 'float':
    case 'double':
      return (text, findings) => {
        const value = text.trim() === '' ? NaN : Number(text)
        return Number.isFinite(value) ? value : mismatch(text, findings, 'a number')
      }
    case 'boolean':
      return (text, findings) => {
        const word = text.toLowerCase()
        if (word === 'true') return true
        return word === 'false' ? false : mismatch(text, findings, 'true or false')
      }
    case 'timestamp':
      return (text, findings) => parseTimestamp(text, format) ?? mismatch(text, findings, 'a date')
    case 'blob':
      return (text, findings) =>
        /^[A-Za-z0-9+/_-]*={0,2}$/.test(text)
          ? Buffer.from(text, 'base64')
          : mismatch(text, findings, 'base64 data')
    default:
      return (text) => text
  }
}

export function parseTimestamp(text: string, format?: TimestampFormat): Date | undefined {
  const numeric = /^-?\d+(?:\.\d+)?(?:[eE]\+?\d+)?$/.test(text)
  const date =
    numeric && format !== 'rfc822' ? new Date(Math.round(Number(text) * 1000)) : new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date
}

export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
