/** Policy documents as IAM takes them: within its sizes, without syntax errors; compiled once, however often used. */
import { parsePolicy, PolicyError, type Policy, type PolicyUse } from '../../domain/iam/document.ts'
import { limitExceeded, malformedPolicy } from './faults.ts'

/** Characters beside white space. Source: IAM user guide, "IAM and STS character limits". */
export const SIZES = {
  managed: 6_144,
  trust: 2_048,
  user: 2_048,
  group: 5_120,
  role: 10_240,
} as const

export function sizeOf(document: string): number {
  return document.replace(/[ \t\r\n]/g, '').length
}

/** @throws MalformedPolicyDocument */
export function documentChecked(document: string, use: PolicyUse): Policy {
  try {
    return parsePolicy(document, use)
  } catch (error) {
    if (error instanceof PolicyError) throw malformedPolicy(error.message)
    throw error
  }
}

/** @throws LimitExceeded */
export function sizeCheck(what: string, size: number, limit: number): void {
  if (size > limit) throw limitExceeded(`Cannot exceed quota for ${what}: ${limit}`)
}

const COMPILED_MAX = 2_000
const compiled = new Map<string, Policy>()

/** For documents that were checked when they were saved. */
export function documentCompiled(document: string, use: PolicyUse): Policy {
  const key = `${use}\n${document}`
  let policy = compiled.get(key)
  if (policy === undefined) {
    policy = parsePolicy(document, use)
    if (compiled.size >= COMPILED_MAX) compiled.delete(compiled.keys().next().value!)
    compiled.set(key, policy)
  }
  return policy
}
