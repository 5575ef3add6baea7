/** Programmer errors. A failed assertion is a bug of ours (HTTP 500), never a user's mistake (see domain/faults.ts). */

export class AssertionError extends Error {
  override name = 'AssertionError'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** Makes a `switch` over a union exhaustive: a new member fails to compile here. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`)
}

/** The value, or a bug: for look-ups that an earlier check guarantees. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new AssertionError(`missing: ${what}`)
  return value
}
