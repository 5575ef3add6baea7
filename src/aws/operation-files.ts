/**
 * Finds operations by their files and imports one at its first call, so that a start costs one directory listing a
 * service, however many operations there are.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { kebabCase } from './model.ts'
import type { ServiceName } from './model.ts'
import type { AnyOperation } from './operation.ts'

export interface OperationSource {
  has(service: ServiceName, operation: string): boolean
  load(service: ServiceName, operation: string): Promise<AnyOperation>
}

/** The kebab-case names of the operations that have a file. */
export function operationFiles(service: ServiceName, root = import.meta.dirname): string[] {
  const folder = join(root, service, 'operations')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => /^[a-z][a-z0-9-]*\.(?:ts|js)$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort()
}

export function operationsFromFiles(root = import.meta.dirname): OperationSource {
  const extension = import.meta.filename.endsWith('.js') ? '.js' : '.ts'
  const files = new Map<ServiceName, Set<string>>()
  const namesOf = (service: ServiceName): Set<string> => {
    let names = files.get(service)
    if (names === undefined) files.set(service, (names = new Set(operationFiles(service, root))))
    return names
  }
  const loaded = new Map<string, Promise<AnyOperation>>()
  return {
    has: (service, operation) => namesOf(service).has(kebabCase(operation)),
    load: (service, operation) => {
      const key = `${service}/${operation}`
      let module = loaded.get(key)
      if (module === undefined) {
        const path = join(root, service, 'operations', kebabCase(operation) + extension)
        module = import(pathToFileURL(path).href).then(
          (exports: { default: AnyOperation }) => exports.default,
        )
        loaded.set(key, module)
      }
      return module
    },
  }
}
