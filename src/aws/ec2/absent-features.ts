/** Parameters that AWS knows and we do not serve: refused by name, never ignored. */
import { FaultError } from '../../domain/faults.ts'

/** @throws Fault `Unsupported` for the first feature that the request asks for. */
export function refuseFeatures(operation: string, asked: Readonly<Record<string, unknown>>): void {
  const isAsked = (value: unknown): boolean =>
    Array.isArray(value) ? value.length > 0 : Boolean(value)
  const found = Object.entries(asked).find(([, value]) => isAsked(value))
  if (!found) return
  throw new FaultError({ type: 'Unsupported', feature: `${operation} with ${found[0]}` })
}
