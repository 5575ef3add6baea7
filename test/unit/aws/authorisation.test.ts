/**
 * Every served operation has its permissions: AWS's reference knows it, or the list of exceptions does. The list of
 * operations that AWS lets a policy limit to resources, and whose resources are not derived here, may only shrink.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { servedOperations } from '../../../scripts/generate-coverage.ts'
import { DERIVERS, FREE } from '../../../src/aws/authorisation/authorise.ts'
import { resourceTypesOf } from '../../../src/aws/authorisation/reference.ts'
import { SERVICE_ADDRESSES } from '../../../src/aws/route.ts'
import type { ServiceName } from '../../../src/aws/model.ts'

const FILE = join(import.meta.dirname, 'authorisation-without-resources.txt')

test('operations whose resources are not derived are listed, no more and no less', () => {
  const services = Object.keys(SERVICE_ADDRESSES) as ServiceName[]
  const uncovered = services
    .filter((service) => DERIVERS[service] === undefined)
    .flatMap((service) => servedOperations(service).map((name) => [service, name] as const))
    .filter(([service, name]) => !FREE.has(`${service}:${name}`))
    .filter(([service, name]) => resourceTypesOf(service, name).length > 0)
    .map(([service, name]) => `${service}:${name}`)
    .sort()
  const listed = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => /^[a-z]/.test(line))
  expect(uncovered).toEqual(listed)
})
