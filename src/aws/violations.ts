/**
 * What a request can violate of its model, as data, and how each family of protocols says it. Decoders collect
 * violations (up to a limit) instead of throwing at the first, because AWS's JSON and Query services list them all.
 */
import type { Protocol } from './model.ts'
import { WireError } from './wire-error.ts'

export type Violation =
  | { type: 'missing'; path: string }
  | { type: 'unknown'; path: string }
  | { type: 'enum'; path: string; value: string; allowed: readonly string[] }
  | { type: 'length'; path: string; value: string; min?: number; max?: number; length: number }
  | { type: 'range'; path: string; value: string; min?: number; max?: number }
  | { type: 'pattern'; path: string; value: string; pattern: string }
  /** Not even of the right type: a word where a number belongs. */
  | { type: 'kind'; path: string; value: string; expected: string; found: string }

/** Enough to be helpful, few enough that a hostile request cannot make a large answer. */
export const VIOLATIONS_MAX = 10
const SHOWN_VALUE_MAX = 256
const SHOWN_ENUM_MAX = 60

function shown(value: string): string {
  return value.length > SHOWN_VALUE_MAX ? `${value.slice(0, SHOWN_VALUE_MAX)}…` : value
}

function listed(allowed: readonly string[]): string {
  const head = allowed.slice(0, SHOWN_ENUM_MAX).join(', ')
  return allowed.length > SHOWN_ENUM_MAX ? `${head}, …` : head
}

export function violationError(
  protocol: Protocol,
  violations: readonly [Violation, ...Violation[]],
): WireError {
  if (protocol === 'ec2') return ec2Error(violations[0])
  const [first] = violations
  if (protocol === 'query') {
    if (first.type === 'missing') {
      return new WireError(
        'MissingParameter',
        `The request must contain the parameter ${first.path}.`,
      )
    }
    if (first.type === 'kind') return new WireError('MalformedInput', kindText(first))
    return new WireError('ValidationError', constraintText(violations))
  }
  const kind = violations.find((violation) => violation.type === 'kind')
  if (kind) return new WireError('SerializationException', kindText(kind))
  return new WireError('ValidationException', constraintText(violations))
}

function ec2Error(violation: Violation): WireError {
  const { path } = violation
  switch (violation.type) {
    case 'missing':
      return new WireError('MissingParameter', `The request must contain the parameter ${path}`)
    case 'unknown':
      return new WireError('UnknownParameter', `The parameter ${path} is not recognized`)
    default: {
      const value = shown(violation.value)
      return new WireError(
        'InvalidParameterValue',
        `Value (${value}) for parameter ${path} is invalid. ${ec2Reason(violation)}`,
      )
    }
  }
}

function ec2Reason(violation: Exclude<Violation, { type: 'missing' | 'unknown' }>): string {
  switch (violation.type) {
    case 'enum':
      return `Valid values: ${listed(violation.allowed)}.`
    case 'length':
      return violation.min !== undefined && violation.length < violation.min
        ? `The length must be at least ${violation.min}.`
        : `The length must be at most ${violation.max}.`
    case 'range':
      return violation.min !== undefined && Number(violation.value) < violation.min
        ? `Expecting a value greater than or equal to ${violation.min}.`
        : `Expecting a value less than or equal to ${violation.max}.`
    case 'pattern':
      return `It must match ${violation.pattern}.`
    case 'kind':
      return `Expecting ${violation.expected}.`
  }
}

function kindText(violation: Extract<Violation, { type: 'kind' }>): string {
  return `${violation.found} can not be converted to ${violation.expected} at '${violation.path}'`
}

function constraintText(violations: readonly Violation[]): string {
  const count = violations.length
  const head = count === 1 ? '1 validation error detected' : `${count} validation errors detected`
  return `${head}: ${violations.map(constraintSentence).join('; ')}`
}

function constraintSentence(violation: Violation): string {
  const value = 'value' in violation ? `'${shown(violation.value)}'` : 'null'
  const subject = `Value ${value} at '${violation.path}' failed to satisfy constraint: `
  switch (violation.type) {
    case 'missing':
      return `${subject}Member must not be null`
    case 'unknown':
      return `'${violation.path}' is not a member that this service's model knows`
    case 'enum':
      return `${subject}Member must satisfy enum value set: [${listed(violation.allowed)}]`
    case 'length':
      return violation.min !== undefined && violation.length < violation.min
        ? `${subject}Member must have length greater than or equal to ${violation.min}`
        : `${subject}Member must have length less than or equal to ${violation.max}`
    case 'range':
      return violation.min !== undefined && Number(violation.value) < violation.min
        ? `${subject}Member must have value greater than or equal to ${violation.min}`
        : `${subject}Member must have value less than or equal to ${violation.max}`
    case 'pattern':
      return `${subject}Member must satisfy regular expression pattern: ${violation.pattern}`
    case 'kind':
      return `${subject}Member must be ${violation.expected}`
  }
}
