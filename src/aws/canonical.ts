/** A stable hash of a decoded input: equal parameters, equal hash, whatever their order on the wire. */
import { hash } from 'node:crypto'

function canonical(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const record = value as Record<string, unknown>
  const keys = Object.keys(record).sort()
  return keys.map((key) => [key, canonical(record[key])])
}

export function hashOfInput(
  operation: string,
  input: Readonly<Record<string, unknown>>,
  without: ReadonlySet<string>,
): string {
  const kept = Object.fromEntries(Object.entries(input).filter(([key]) => !without.has(key)))
  return hash('sha256', JSON.stringify([operation, canonical(kept)]), 'hex')
}
