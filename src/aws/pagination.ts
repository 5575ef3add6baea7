/**
 * Pages over records in a stable order. A `NextToken` holds the last key given out, not an offset, so records
 * that come and go between pages are neither repeated nor make others be skipped. A token is signed with the
 * daemon's key and bound to account, region, operation and parameters: it cannot be made up, nor carried
 * elsewhere.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { hashOfInput } from './canonical.ts'
import { errorShape, serviceModel, shapeOf } from './model.ts'
import type { ServiceName } from './model.ts'
import type { Page, PageOptions } from './operation.ts'
import { WireError } from './wire-error.ts'

export interface PageRequest {
  service: ServiceName
  operation: string
  account: string
  region: string
  input: Readonly<Record<string, unknown>>
  tokenKey: Uint8Array
}

interface PageMembers {
  token: string
  limit: string
}

function first(name: string | string[]): string {
  return Array.isArray(name) ? name[0]! : name
}

export function pageMembers(service: ServiceName, operation: string): PageMembers {
  const paginator = serviceModel(service).paginators[operation]
  return {
    token: paginator ? first(paginator.input_token) : 'NextToken',
    limit: paginator?.limit_key ?? 'MaxResults',
  }
}

/** EC2's, where neither the shape nor the prose of an operation says another. */
const EC2_BOUNDS = { min: 5, max: 1_000 }
const MAC_BYTES = 16

export function pageOf<T>(
  request: PageRequest,
  records: readonly T[],
  options: PageOptions<T>,
): Page<T> {
  const size = pageSize(request) ?? options.defaultSize ?? Infinity
  const after = readToken(request)
  const keyed = records.map((record) => ({ key: options.key(record), record }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const start = after === undefined ? 0 : firstAfter(keyed, after)
  const taken = keyed.slice(start, start + size)
  const isLast = start + taken.length >= keyed.length
  return {
    items: taken.map(({ record }) => record),
    nextToken: isLast ? undefined : makeToken(request, taken.at(-1)!.key),
  }
}

/** What a page needs of records in the order of their keys: one more than it holds tells that it is not the last. */
export function pageWindow(
  request: PageRequest,
  defaultSize: number,
): { after: string; count: number } {
  return { after: readToken(request) ?? '', count: (pageSize(request) ?? defaultSize) + 1 }
}

function firstAfter(keyed: readonly { key: string }[], after: string): number {
  let low = 0
  let high = keyed.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keyed[middle]!.key > after) high = middle
    else low = middle + 1
  }
  return low
}

/** Checked for every request, also of operations that never page. @throws WireError */
export function checkPaging(request: PageRequest): void {
  pageSize(request)
  readToken(request)
}

function pageSize({ service, operation, input }: PageRequest): number | undefined {
  const { limit } = pageMembers(service, operation)
  const given = input[limit]
  if (typeof given !== 'number') return undefined
  const model = serviceModel(service)
  const reference = model.operations[operation]!.input!
  const member = shapeOf(model, reference).members?.[limit]
  const shape = member && shapeOf(model, member)
  const rules = model.pages[operation] ?? {}
  const fallback = service === 'ec2' ? EC2_BOUNDS : { min: 1, max: Number.MAX_SAFE_INTEGER }
  const min = shape?.min ?? rules.min ?? fallback.min
  const max = shape?.max ?? rules.max ?? fallback.max
  if (rules.excludesIds) refuseIds(input)
  if (given < min || (given > max && !rules.clamps)) {
    const bound = given < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`
    throw new WireError(
      service === 'ec2' ? 'InvalidParameterValue' : 'ValidationException',
      `Value ( ${given} ) for parameter maxResults is invalid. Expecting a value ${bound}.`,
    )
  }
  return Math.min(given, max)
}

function refuseIds(input: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(input)) {
    if (!name.endsWith('Ids') || !Array.isArray(value) || value.length === 0) continue
    const parameter = name === 'InstanceIds' ? 'instancesSet' : name
    throw new WireError(
      'InvalidParameterCombination',
      `The parameter ${parameter} cannot be used with the parameter maxResults`,
    )
  }
}

function tokenMac(request: PageRequest, payload: Uint8Array): Buffer {
  const { token, limit } = pageMembers(request.service, request.operation)
  const without = new Set([token, limit, 'DryRun'])
  const parameters = hashOfInput(request.operation, request.input, without)
  return createHmac('sha256', request.tokenKey)
    .update(`${request.service}\n${request.account}\n${request.region}\n${parameters}\n`)
    .update(payload)
    .digest()
    .subarray(0, MAC_BYTES)
}

function makeToken(request: PageRequest, key: string): string {
  const payload = Buffer.from(key, 'utf8')
  return Buffer.concat([tokenMac(request, payload), payload]).toString('base64url')
}

function readToken(request: PageRequest): string | undefined {
  const { token } = pageMembers(request.service, request.operation)
  const given = request.input[token]
  if (typeof given !== 'string' || given === '') return undefined
  const bytes = Buffer.from(given, 'base64url')
  const payload = bytes.subarray(MAC_BYTES)
  const mac = bytes.subarray(0, MAC_BYTES)
  const genuine =
    mac.length === MAC_BYTES &&
    bytes.toString('base64url') === given &&
    timingSafeEqual(mac, tokenMac(request, payload))
  if (!genuine) throw tokenError(request)
  return payload.toString('utf8')
}

/** The service's own words for a token it did not make. */
function tokenError({ service, operation }: PageRequest): WireError {
  const model = serviceModel(service)
  const modelled = (model.operations[operation]?.errors ?? [])
    .map((error) => error.shape)
    .find((name) => /Token/.test(name) && /Invalid/.test(name) && /Next|Pagination/.test(name))
  if (modelled !== undefined && errorShape(model, modelled)) {
    return new WireError(modelled, 'The specified pagination token is not valid.')
  }
  if (service === 'ec2') {
    return new WireError('InvalidNextToken', 'The specified NextToken is not valid.')
  }
  const own = model.shapes.ValidationException ? undefined : 'InvalidParameterValueException'
  const code =
    own !== undefined && model.shapes[own]
      ? own
      : model.metadata.protocol === 'query'
        ? 'ValidationError'
        : 'ValidationException'
  return new WireError(code, 'The specified pagination token is not valid.')
}
