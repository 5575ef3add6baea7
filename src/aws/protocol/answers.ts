/**
 * The envelopes: how each protocol wraps a result or an error. The bytes here are what SDKs look for; the golden
 * tests in test/unit/aws/envelopes.test.ts hold them still.
 */
import { errorShape, serviceModel } from '../model.ts'
import type { Protocol, ServiceName } from '../model.ts'
import type { WireError } from '../wire-error.ts'
import { encodeCbor } from './cbor.ts'
import { jsonCodec } from './json-codec.ts'
import { encodeRest } from './rest-json.ts'
import { escapeXml, flush, xmlMembersEncoder } from './xml-encode.ts'
import type { XmlWriter } from './xml-encode.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: readonly Uint8Array[]
}

/** What the envelope depends on, known before the operation runs. */
export interface Addressed {
  service: ServiceName
  protocol: Protocol
  operation: string
}

const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
const XML_TYPE = 'text/xml;charset=UTF-8'

export function successAnswer(
  to: Addressed,
  output: Readonly<Record<string, unknown>>,
  requestId: string,
): Answer {
  const model = serviceModel(to.service)
  const shape = model.operations[to.operation]!.output?.shape
  const headers: Record<string, string> = { 'x-amzn-requestid': requestId }
  switch (to.protocol) {
    case 'ec2':
    case 'query':
      headers['content-type'] = XML_TYPE
      return { status: 200, headers, body: xmlSuccess(to, shape, output, requestId) }
    case 'json': {
      headers['content-type'] = `application/x-amz-json-${model.metadata.jsonVersion ?? '1.1'}`
      const encoded = shape === undefined ? {} : jsonCodec(to.service, { shape }).encode(output)
      return { status: 200, headers, body: [Buffer.from(JSON.stringify(encoded))] }
    }
    case 'cbor': {
      Object.assign(headers, CBOR_HEADERS)
      const codec =
        shape === undefined ? undefined : jsonCodec(to.service, { shape }, { native: true })
      return { status: 200, headers, body: [encodeCbor(codec?.encode(output) ?? {})] }
    }
    case 'rest-json': {
      const rest = encodeRest(to.service, to.operation, output)
      headers['content-type'] = 'application/json'
      return { status: rest.status, headers: { ...headers, ...rest.headers }, body: [rest.body] }
    }
  }
}

const CBOR_HEADERS = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }

function xmlSuccess(
  to: Addressed,
  shape: string | undefined,
  output: Readonly<Record<string, unknown>>,
  requestId: string,
): readonly Uint8Array[] {
  const namespace = serviceModel(to.service).metadata.xmlNamespace ?? ''
  const root = `${to.operation}Response`
  const out: XmlWriter = { text: `${XML_HEAD}<${root} xmlns="${namespace}">`, chunks: [] }
  if (to.protocol === 'ec2') {
    out.text += `<requestId>${requestId}</requestId>`
    // What EC2 answers where the model has nothing to say.
    if (shape === undefined) out.text += '<return>true</return>'
    else xmlMembersEncoder(to.service, shape)(out, output)
  } else {
    if (shape !== undefined) {
      out.text += `<${to.operation}Result>`
      xmlMembersEncoder(to.service, shape)(out, output)
      out.text += `</${to.operation}Result>`
    }
    out.text += `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`
  }
  out.text += `</${root}>`
  flush(out)
  return out.chunks
}

export function errorAnswer(
  to: { service: ServiceName | undefined; protocol: Protocol },
  error: WireError,
  requestId: string,
): Answer {
  const headers: Record<string, string> = { 'x-amzn-requestid': requestId }
  const known = to.service && errorShape(serviceModel(to.service), error.code)
  const status = known?.shape.error?.httpStatusCode ?? error.status
  const queryCode = known?.shape.error?.code ?? error.code
  const sender = status < 500
  const message = error.message || error.code
  switch (to.protocol) {
    case 'ec2': {
      headers['content-type'] = XML_TYPE
      const text =
        `${XML_HEAD}<Response><Errors><Error><Code>${escapeXml(queryCode)}</Code>` +
        `<Message>${escapeXml(message)}</Message></Error></Errors>` +
        `<RequestID>${requestId}</RequestID></Response>`
      return { status, headers, body: [Buffer.from(text)] }
    }
    case 'query': {
      headers['content-type'] = XML_TYPE
      const namespace = to.service ? (serviceModel(to.service).metadata.xmlNamespace ?? '') : ''
      const text =
        `${XML_HEAD}<ErrorResponse xmlns="${namespace}"><Error>` +
        `<Type>${sender ? 'Sender' : 'Receiver'}</Type><Code>${escapeXml(queryCode)}</Code>` +
        `<Message>${escapeXml(message)}</Message></Error>` +
        `<RequestId>${requestId}</RequestId></ErrorResponse>`
      return { status, headers, body: [Buffer.from(text)] }
    }
    default: {
      const name = known?.name ?? error.code
      headers['x-amzn-errortype'] = name
      if (to.service && serviceModel(to.service).metadata.awsQueryCompatible) {
        headers['x-amzn-query-error'] = `${queryCode};${sender ? 'Sender' : 'Receiver'}`
      }
      const native = to.protocol === 'cbor'
      const fields =
        known === undefined
          ? {}
          : (jsonCodec(to.service!, { shape: known.name }, { native }).encode({
              message,
              Message: message,
              ...error.fields,
            }) as object)
      const body = { __type: name, message, ...fields }
      if (native) {
        return { status, headers: { ...headers, ...CBOR_HEADERS }, body: [encodeCbor(body)] }
      }
      headers['content-type'] =
        to.protocol === 'json' ? 'application/x-amz-json-1.1' : 'application/json'
      return { status, headers, body: [Buffer.from(JSON.stringify(body))] }
    }
  }
}
