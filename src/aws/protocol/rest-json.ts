/**
 * rest-json: which operation a method and path mean, and the parts of input and output that live outside the body
 * (labels, query string, headers, payload blobs, the status code). A trailing slash is tolerated both ways, because
 * boto3 sends the template's and JavaScript and Go do not.
 */
import { headerText } from '../header-text.ts'
import { serviceModel, shapeOf } from '../model.ts'
import type { ServiceModel, ServiceName, Shape, ShapeReference } from '../model.ts'
import { compileTextReader, lowerFirst, report } from './constraints.ts'
import type { Findings, TextReader } from './constraints.ts'
import { jsonCodec, structureCodec } from './json-codec.ts'

export interface RestRequest {
  method: string
  /** Still escaped. */
  path: string
  query: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
}

interface Route {
  operation: string
  method: string
  expression: RegExp
  labels: string[]
  /** `?operation=…` in the template. */
  fixedQuery: [string, string][]
  literals: number
}

const routesOf = new Map<ServiceName, Route[]>()

function compileRoutes(model: ServiceModel): Route[] {
  const routes = Object.entries(model.operations).map(([operation, { http }]): Route => {
    const [path = '/', query = ''] = http.requestUri.split('?')
    const labels: string[] = []
    let literals = 0
    const pattern = trimSlash(path).replace(/\{(\w+)(\+?)\}|[^{}]+/g, (part, label, greedy) => {
      if (label === undefined) {
        literals += part.length
        return part.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
      }
      labels.push(label as string)
      return greedy ? '(.+)' : '([^/]+)'
    })
    return {
      operation,
      method: http.method,
      expression: new RegExp(`^${pattern}$`),
      labels,
      fixedQuery: [...new URLSearchParams(query)],
      literals,
    }
  })
  return routes.sort((a, b) => b.fixedQuery.length - a.fixedQuery.length || b.literals - a.literals)
}

function trimSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

export interface RestMatch {
  operation: string
  labels: Record<string, string>
}

export function matchRest(service: ServiceName, request: RestRequest): RestMatch | undefined {
  let routes = routesOf.get(service)
  if (routes === undefined) routesOf.set(service, (routes = compileRoutes(serviceModel(service))))
  const path = trimSlash(request.path)
  for (const route of routes) {
    if (route.method !== request.method) continue
    const found = route.expression.exec(path)
    if (found === null) continue
    const fixed = route.fixedQuery.every(([key, value]) =>
      request.query.some((pair) => pair[0] === key && pair[1] === value),
    )
    if (!fixed) continue
    const labels = Object.fromEntries(route.labels.map((label, at) => [label, found[at + 1]!]))
    return { operation: route.operation, labels }
  }
  return undefined
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** @throws SyntaxError for a body that is not JSON. */
export function decodeRest(
  service: ServiceName,
  match: RestMatch,
  request: RestRequest,
  findings: Findings,
): Record<string, unknown> {
  const model = serviceModel(service)
  const reference = model.operations[match.operation]!.input
  if (reference === undefined) return {}
  const shape = shapeOf(model, reference)
  const out: Record<string, unknown> = {}
  const required = new Set(shape.required)
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    if (member.location === undefined) continue
    findings.path.push(lowerFirst(name))
    const value = readLocated(model, name, member, match, request, findings)
    if (value !== undefined) out[name] = value
    else if (required.has(name)) report(findings, { type: 'missing' })
    findings.path.pop()
  }
  return Object.assign(out, decodeBody(service, shape, request.body, findings))
}

function decodeBody(
  service: ServiceName,
  shape: Shape,
  body: Buffer,
  findings: Findings,
): Record<string, unknown> {
  const payload = shape.payload
  if (payload !== undefined) {
    const member = shape.members![payload]!
    if (shapeOf(serviceModel(service), member).type === 'blob') return { [payload]: body }
    if (body.length === 0) return {}
    const value = JSON.parse(body.toString('utf8')) as unknown
    return { [payload]: jsonCodec(service, member).decode(value, findings) }
  }
  const codec = structureCodec(
    { codec: (member) => jsonCodec(service, member) },
    shape,
    (member) => member.location === undefined,
  )
  const value = body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as unknown)
  return (codec.decode(value, findings) ?? {}) as Record<string, unknown>
}

const textReaders = new WeakMap<ShapeReference, TextReader>()

function textReaderOf(shape: Shape, member: ShapeReference): TextReader {
  let reader = textReaders.get(member)
  if (reader === undefined) {
    reader = compileTextReader(shape, member.timestampFormat ?? shape.timestampFormat)
    textReaders.set(member, reader)
  }
  return reader
}

function readLocated(
  model: ServiceModel,
  name: string,
  member: ShapeReference,
  match: RestMatch,
  request: RestRequest,
  findings: Findings,
): unknown {
  const shape = shapeOf(model, member)
  const wire = member.locationName ?? name
  const read = (text: string): unknown => textReaderOf(shape, member)(text, findings)
  switch (member.location) {
    case 'uri': {
      const text = match.labels[wire]
      return text === undefined ? undefined : read(safeDecode(text))
    }
    case 'querystring': {
      const values = request.query.filter(([key]) => key === wire).map(([, value]) => value)
      if (values.length === 0) return undefined
      if (shape.type !== 'list') return read(values[0]!)
      const item = textReaderOf(shapeOf(model, shape.member!), shape.member!)
      return values.map((value) => item(value, findings))
    }
    case 'header': {
      const text = request.headers[wire.toLowerCase()]
      return typeof text === 'string' ? read(headerText(text)) : undefined
    }
    case 'headers': {
      const prefix = wire.toLowerCase()
      const found = Object.entries(request.headers)
        .filter(([key, value]) => key.startsWith(prefix) && typeof value === 'string')
        .map(([key, value]) => [key.slice(prefix.length), value])
      return found.length > 0 ? Object.fromEntries(found) : undefined
    }
    default:
      return undefined
  }
}

export interface RestAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

export function encodeRest(
  service: ServiceName,
  operation: string,
  output: Readonly<Record<string, unknown>>,
): RestAnswer {
  const model = serviceModel(service)
  const { http, output: reference } = model.operations[operation]!
  const answer: RestAnswer = {
    status: http.responseCode ?? 200,
    headers: {},
    body: Buffer.alloc(0),
  }
  if (reference === undefined) return answer
  const shape = shapeOf(model, reference)
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const value = output[name]
    if (value === undefined || value === null) continue
    if (member.location === 'statusCode') answer.status = value as number
    if (member.location === 'header') {
      answer.headers[(member.locationName ?? name).toLowerCase()] = headerOf(value)
    }
  }
  if (shape.payload !== undefined) {
    const member = shape.members![shape.payload]!
    const value = output[shape.payload]
    if (shapeOf(model, member).type === 'blob') {
      answer.headers['content-type'] = 'application/octet-stream'
      answer.body = value === undefined ? Buffer.alloc(0) : Buffer.from(value as Uint8Array)
      return answer
    }
    const encoded = value === undefined ? {} : jsonCodec(service, member).encode(value)
    answer.body = Buffer.from(JSON.stringify(encoded))
    return answer
  }
  const codec = jsonCodec(service, { shape: reference.shape })
  if (answer.status !== 204) answer.body = Buffer.from(JSON.stringify(codec.encode(output)))
  return answer
}

function headerOf(value: unknown): string {
  return value instanceof Date ? value.toUTCString() : String(value)
}
