/** Dimensions: a list of pairs on the wire, a record within. */
import type { Dimension } from '@aws-sdk/client-cloudwatch'
import { service } from '../../app/metrics/alarm-records.ts'

/** @throws the service's `InvalidParameterValue` when a name comes twice. */
export function dimensionsOf(list: readonly Dimension[] | undefined): Record<string, string> {
  const dimensions: Record<string, string> = {}
  for (const { Name, Value } of list ?? []) {
    if (Object.hasOwn(dimensions, Name!)) {
      throw service('InvalidParameterValue', `No dimension may occur twice: ${Name}`)
    }
    dimensions[Name!] = Value!
  }
  return dimensions
}

export function dimensionsPresent(dimensions: Readonly<Record<string, string>>): Dimension[] {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }))
}
