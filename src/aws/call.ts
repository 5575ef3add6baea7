/** The engine bound to one request: what `call.filter` and `call.page` of an operation do. */
import type { EdgeRequest } from './edge-request.ts'
import { compileFilters } from './filters.ts'
import type { FilterInput } from './filters.ts'
import { serviceModel } from './model.ts'
import type { AnyOperation, Call } from './operation.ts'
import { checkPaging, pageOf, pageWindow } from './pagination.ts'
import type { PageRequest } from './pagination.ts'

export interface Engine {
  definition: AnyOperation
  edge: Pick<EdgeRequest, 'service' | 'operation' | 'account' | 'region'>
  input: Readonly<Record<string, unknown>>
  tokenKey: Uint8Array
}

function pageRequest({ edge, input, tokenKey }: Engine): PageRequest {
  const { service, operation, account, region } = edge
  return { service, operation, account, region, input, tokenKey }
}

function filterTest({ definition, edge, input }: Engine): (record: unknown) => boolean {
  const documented = serviceModel(edge.service).filters[edge.operation] ?? []
  // A few operations, DescribeNatGateways among them, have the singular.
  const filters = (input.Filters ?? input.Filter) as FilterInput[] | undefined
  return compileFilters<unknown>(filters, {
    table: (definition.filters ?? {}) as never,
    tagsOf: definition.tagsOf as never,
    documented,
  })
}

/** Refuses wrong filters, sizes and tokens before an operation starts, whether or not it looks at them. */
export function checkEngine(engine: Engine): void {
  // Only EC2's Filters have this form; other services' are ordinary parameters.
  if (engine.edge.service === 'ec2') filterTest(engine)
  checkPaging(pageRequest(engine))
}

export function bindCall(engine: Engine): Call<unknown> {
  return {
    filter: (records) => {
      const test = filterTest(engine)
      return records.filter((record) => test(record))
    },
    page: (records, options) => pageOf(pageRequest(engine), records, options),
    pageWindow: (defaultSize) => pageWindow(pageRequest(engine), defaultSize),
  }
}
