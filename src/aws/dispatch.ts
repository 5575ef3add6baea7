/**
 * One AWS request from bytes to bytes: route, authenticate, decode, validate, run the operation, encode. Always
 * answers in the protocol of the caller, always with a request id; a bug becomes InternalError with the whole
 * story in the log.
 */
import { randomUUID } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import type { Ctx } from '../app/context.ts'
import type { Trail } from '../app/trail.ts'
import { FaultError } from '../domain/faults.ts'
import type { Log } from '../lib/log.ts'
import { TimeoutError, withDeadline } from '../lib/time.ts'
import { anonymousCaller, authenticate } from './auth/authenticate.ts'
import type { Authentication } from './auth/authenticate.ts'
import { readClaim } from './auth/sigv4.ts'
import { bindCall, checkEngine } from './call.ts'
import { hashOfInput } from './canonical.ts'
import { isNoted, trailEvent } from './cloudtrail/record.ts'
import { faultError } from './faults.ts'
import { serviceModel, shapeOf } from './model.ts'
import type { Protocol, ServiceModel, ServiceName } from './model.ts'
import type { AnyOperation } from './operation.ts'
import type { OperationSource } from './operation-files.ts'
import { errorAnswer, successAnswer } from './protocol/answers.ts'
import type { Addressed, Answer } from './protocol/answers.ts'
import { decodeInput } from './protocol/decode-input.ts'
import { routeRequest } from './route.ts'
import type { RoutableRequest, Routed } from './route.ts'
import { WireError } from './wire-error.ts'
import type { EdgeRequest } from './edge-request.ts'
import type { Via } from './edge-request.ts'

export interface RawRequest {
  method: string
  path: string
  query: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
  sourceIp: string
  /** Absent: by the cloud's own port. */
  via?: Via
}

export interface RequestReport {
  requestId: string
  service: string
  operation: string
  status: number
  /** AWS's error code, absent for success. */
  code: string | undefined
  durationMs: number
}

export interface DispatchOptions {
  auth: Authentication
  contextOf: (request: EdgeRequest) => Ctx | Promise<Ctx>
  operations: OperationSource
  /** Signs page tokens; the same for as long as tokens should live. */
  tokenKey: Uint8Array
  log: Log
  /** Whether the caller may: throws the fault `Unauthorized`. */
  authorise?: (ctx: Ctx, request: EdgeRequest, input: object) => void | Promise<void>
  onRequest?: (report: RequestReport) => void
  /** Takes what is worth noting, after the answer is made. */
  trail?: Pick<Trail, 'note'>
}

/** Clients give up after a minute; work goes on, the answer does not wait for it. */
const HANDLER_DEADLINE_MS = 60_000
const INFLATED_BYTES_MAX = 16 * 1024 * 1024
const COVERAGE = 'docs/aws-coverage.md lists what is served'

export type Dispatch = (request: RawRequest) => Promise<Answer>

export function createDispatch(options: DispatchOptions): Dispatch {
  return async (raw) => {
    const requestId = randomUUID()
    const started = performance.now()
    const state: State = {
      routed: { service: undefined, protocol: 'rest-json', operation: undefined },
    }
    let answer: Answer
    let wire: WireError | undefined
    try {
      answer = await serve(options, raw, requestId, state)
    } catch (error) {
      const { service, protocol } = state.routed
      wire = toWireError(options.log, error, state.routed, requestId)
      answer = errorAnswer({ service, protocol }, wire, requestId)
    }
    options.onRequest?.({
      requestId,
      service: state.routed.service ?? 'unknown',
      operation: state.known ?? 'unknown',
      status: answer.status,
      code: wire?.code,
      durationMs: performance.now() - started,
    })
    note(options, state, wire)
    return answer
  }
}

interface State {
  routed: Routed
  /** The operation's name once the model has confirmed it: safe as a metric's label. */
  known?: string
  /** Once it is known who asks for what. */
  edge?: EdgeRequest
  input?: Record<string, unknown>
  output?: Record<string, unknown>
}

function note({ trail, auth }: DispatchOptions, state: State, error: WireError | undefined): void {
  const { edge, input, output } = state
  if (!trail || !edge || !input || !isNoted(edge, error?.code)) return
  const at = auth.now()
  trail.note(() => trailEvent({ edge, input, output, error, at }))
}

async function serve(
  options: DispatchOptions,
  raw: RawRequest,
  requestId: string,
  state: State,
): Promise<Answer> {
  const request = routable(raw)
  const claim = readClaim(raw)
  state.routed = routeRequest(request, typeof claim === 'object' ? claim : undefined)
  const { service, protocol, operation } = state.routed
  if (service === undefined) throw unknownService(state.routed)
  const model = serviceModel(service)
  const known = operation === undefined ? undefined : model.operations[operation]
  const unsigned = known?.authtype === 'v4-unsigned-body'
  // What is signed by nobody is not looked at, even when a client signs it all the same.
  const caller =
    known?.authtype === 'none'
      ? anonymousCaller(options.auth, claim)
      : await authenticate(options.auth, raw, protocol, unsigned)
  if (known === undefined || operation === undefined) throw unknownOperation(service, state.routed)
  state.known = operation
  if (!options.operations.has(service, operation)) throw unserved(protocol, service, operation)
  const to: Addressed = { service, protocol, operation }
  const input = decodeInput(to, { ...request, body: inflate(request) }, state.routed.rest)
  const edge: EdgeRequest = {
    ...caller,
    requestId,
    requestHash: hashOfInput(operation, input, tokenMembers(model, operation)),
    sourceIp: raw.sourceIp,
    ...(raw.via && { via: raw.via }),
    userAgent: headerOf(raw, 'user-agent'),
    referer: headerOf(raw, 'referer'),
    service,
    operation,
  }
  state.edge = edge
  state.input = input
  const definition = await options.operations.load(service, operation)
  const output = await run(options, definition, edge, input)
  state.output = output
  return successAnswer(to, output, requestId)
}

async function run(
  options: DispatchOptions,
  definition: AnyOperation,
  edge: EdgeRequest,
  input: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const engine = { definition, edge, input, tokenKey: options.tokenKey }
  checkEngine(engine)
  const ctx = await options.contextOf(edge)
  await options.authorise?.(ctx, edge, input)
  const work = async (): Promise<Record<string, unknown>> => {
    await definition.check?.(ctx, input as never)
    if (input.DryRun === true) {
      throw new WireError(
        edge.service === 'ec2' ? 'DryRunOperation' : 'DryRunOperationException',
        'Request would have succeeded, but DryRun flag is set.',
        { status: 412 },
      )
    }
    const output = await definition.handle(ctx, input as never, bindCall(engine) as never)
    return (output ?? {}) as Record<string, unknown>
  }
  return await withDeadline(`${edge.service} ${edge.operation}`, HANDLER_DEADLINE_MS, work())
}

function headerOf({ headers }: RawRequest, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

function routable(raw: RawRequest): RoutableRequest {
  const type = String(raw.headers['content-type'] ?? '')
  const isForm = raw.method === 'POST' && type.startsWith('application/x-www-form-urlencoded')
  const form =
    isForm && raw.body.length > 0 ? [...new URLSearchParams(raw.body.toString('utf8'))] : []
  return { ...raw, form: raw.query.length > 0 ? [...raw.query, ...form] : form }
}

/** CloudWatch's clients compress large bodies (after signing them). */
function inflate(request: RoutableRequest): Buffer {
  if (request.headers['content-encoding'] !== 'gzip') return request.body
  try {
    return gunzipSync(request.body, { maxOutputLength: INFLATED_BYTES_MAX })
  } catch (error) {
    throw new WireError('SerializationException', 'The body is not gzip data, or too large', {
      cause: error,
    })
  }
}

const tokenMembersOf = new Map<string, ReadonlySet<string>>()

function tokenMembers(model: ServiceModel, operation: string): ReadonlySet<string> {
  const key = `${model.metadata.serviceId}/${operation}`
  let names = tokenMembersOf.get(key)
  if (names === undefined) {
    const reference = model.operations[operation]!.input
    const members = reference ? Object.entries(shapeOf(model, reference).members ?? {}) : []
    const tokens = members.filter(
      ([name, member]) => member.idempotencyToken || name === 'ClientToken',
    )
    names = new Set(['DryRun', ...tokens.map(([name]) => name)])
    tokenMembersOf.set(key, names)
  }
  return names
}

function unserved(protocol: Protocol, service: ServiceName, operation: string): WireError {
  const isQuery = protocol === 'ec2' || protocol === 'query'
  return new WireError(
    isQuery ? 'UnsupportedOperation' : 'UnsupportedOperationException',
    `${service}:${operation} is not served yet; ${COVERAGE}.`,
  )
}

function unknownOperation(service: ServiceName, { protocol, operation }: Routed): WireError {
  if (protocol === 'ec2' || protocol === 'query') {
    if (operation === undefined) {
      return new WireError('MissingAction', 'The request must contain the parameter Action')
    }
    return new WireError(
      'InvalidAction',
      `The action ${operation} is not valid for this web service.`,
    )
  }
  const what = operation === undefined ? 'this method and path' : operation
  return new WireError('UnknownOperationException', `${service} has no operation for ${what}.`, {
    status: protocol === 'json' ? 400 : 404,
  })
}

function unknownService({ protocol, operation }: Routed): WireError {
  const isQuery = protocol === 'ec2' || protocol === 'query'
  return new WireError(
    isQuery ? 'InvalidAction' : 'UnknownOperationException',
    `No service here has this operation (${operation ?? 'none named'}); ${COVERAGE}.`,
    { status: isQuery || protocol === 'json' ? 400 : 404 },
  )
}

function toWireError(log: Log, error: unknown, routed: Routed, requestId: string): WireError {
  if (error instanceof WireError) return error
  const service = routed.service
  if (error instanceof FaultError && service !== undefined) {
    return faultError(service, routed.protocol, error.fault)
  }
  const fields = { requestId, service, operation: routed.operation, err: error }
  if (error instanceof TimeoutError) {
    log.error(fields, 'the operation took too long to answer')
    return new WireError(
      'Unavailable',
      'The server took too long; the operation may still complete.',
      {
        status: 503,
      },
    )
  }
  log.error(fields, 'bug: unhandled error in an operation')
  const code = routed.protocol === 'ec2' ? 'InternalError' : 'InternalFailure'
  return new WireError(code, `An internal error has occurred (request ${requestId}).`, {
    status: 500,
  })
}
