/**
 * AWS's service authorization reference as data: for each operation the types of resources that a policy can name, for
 * each type its ARN. data/authorisation.json, read at first use.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceName } from '../model.ts'

export interface ServiceReference {
  /** By operation, only those with resource-level permissions. */
  actions: Readonly<Record<string, readonly string[]>>
  /** By type, an ARN with `${Region}`, `${Account}`, `${Partition}` and `*`. */
  resources: Readonly<Record<string, string>>
  conditionKeys: readonly string[]
}

const FILE = join(import.meta.dirname, '..', '..', '..', 'data', 'authorisation.json')
let reference: Readonly<Record<string, ServiceReference>> | undefined

export function authorisationReference(service: ServiceName): ServiceReference {
  reference ??= JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, ServiceReference>
  return reference[service] ?? { actions: {}, resources: {}, conditionKeys: [] }
}

export function resourceTypesOf(service: ServiceName, operation: string): readonly string[] {
  const { actions } = authorisationReference(service)
  return Object.hasOwn(actions, operation) ? actions[operation]! : []
}
