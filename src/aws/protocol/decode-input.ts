/** The input of an operation from a request in any protocol, or the error that the protocol has for a bad one. */
import { serviceModel } from '../model.ts'
import type { RoutableRequest } from '../route.ts'
import { violationError } from '../violations.ts'
import type { Violation } from '../violations.ts'
import { WireError } from '../wire-error.ts'
import type { Addressed } from './answers.ts'
import { CborError, decodeCbor } from './cbor.ts'
import type { Findings } from './constraints.ts'
import { jsonCodec } from './json-codec.ts'
import { parseForm, queryDecoder } from './query-decode.ts'
import { decodeRest } from './rest-json.ts'
import type { RestMatch } from './rest-json.ts'

type Input = Record<string, unknown>

export function decodeInput(
  to: Addressed,
  request: RoutableRequest,
  rest: RestMatch | undefined,
): Input {
  const findings: Findings = { path: [], violations: [] }
  const input = decode(to, request, rest, findings)
  const [first, ...others] = findings.violations as [Violation?, ...Violation[]]
  if (first === undefined) return input
  throw inOwnWords(to, violationError(to.protocol, [first, ...others]), first)
}

/** Services whose models know no ValidationException have errors of their own for it: AWS Backup's. */
function inOwnWords(to: Addressed, error: WireError, first: Violation): WireError {
  const { shapes } = serviceModel(to.service)
  if (error.code !== 'ValidationException' || shapes.ValidationException) return error
  const isMissing = first.type === 'missing' && shapes.MissingParameterValueException
  const code = isMissing ? 'MissingParameterValueException' : 'InvalidParameterValueException'
  return shapes[code] ? new WireError(code, error.message) : error
}

function decode(
  to: Addressed,
  request: RoutableRequest,
  rest: RestMatch | undefined,
  findings: Findings,
): Input {
  switch (to.protocol) {
    case 'ec2':
    case 'query': {
      const tree = parseForm(request.form)
      return queryDecoder(to.service, to.operation, to.protocol)(tree, findings) as Input
    }
    case 'rest-json':
      return notJson(() => decodeRest(to.service, rest!, request, findings))
    case 'json':
    case 'cbor': {
      const native = to.protocol === 'cbor'
      const { body } = request
      const parse = (): unknown => (native ? decodeCbor(body) : JSON.parse(body.toString('utf8')))
      const value = body.length === 0 ? {} : notJson(parse)
      const reference = serviceModel(to.service).operations[to.operation]!.input
      if (reference === undefined) return {}
      return (jsonCodec(to.service, reference, { native }).decode(value, findings) ?? {}) as Input
    }
  }
}

function notJson<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof CborError)) throw error
    throw new WireError('SerializationException', `The body cannot be read: ${error.message}`, {
      cause: error,
    })
  }
}
