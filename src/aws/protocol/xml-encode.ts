/**
 * Answers of the EC2 Query and AWS Query protocols. Encoders are compiled from the model into closures that append
 * to a string; the string is flushed into buffers, because large strings are where V8 spends its time (measured:
 * half of the time of an answer with 1,000 instances).
 *
 * Rules that clients depend on: an empty list is the empty element, an absent member is no element (botocore reads
 * `<nextToken/>` as '' and chokes on an empty number or date), booleans in lower case, dates as ISO 8601.
 */
import { assert } from '../../lib/assert.ts'
import { serviceModel, shapeOf } from '../model.ts'
import type { ServiceModel, ServiceName, Shape, ShapeReference } from '../model.ts'

const FLUSH_AT_CHARS = 16_384

export interface XmlWriter {
  text: string
  chunks: Buffer[]
}

export function flush(out: XmlWriter): void {
  out.chunks.push(Buffer.from(out.text, 'utf8'))
  out.text = ''
}

type Encode = (out: XmlWriter, value: unknown, open: string, close: string) => void

// oxlint-disable-next-line no-control-regex -- these are what XML 1.0 cannot carry even escaped
const SPECIAL = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
// oxlint-disable-next-line no-control-regex
const SPECIAL_ALL = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
}

export function escapeXml(text: string): string {
  if (!SPECIAL.test(text)) return text
  return text.replace(SPECIAL_ALL, (char) => ESCAPES[char] ?? '\ufffd')
}

type EncodeMembers = (out: XmlWriter, value: Readonly<Record<string, unknown>>) => void

const compiled = new Map<string, EncodeMembers>()

/** Writes the members of a structure (an operation's output, an error) without an element around them. */
export function xmlMembersEncoder(service: ServiceName, shapeName: string): EncodeMembers {
  const key = `${service}/${shapeName}`
  let encode = compiled.get(key)
  if (encode === undefined) {
    const model = serviceModel(service)
    const compile = createCompiler(model)
    encode = compileMembers(shapeOf(model, { shape: shapeName }), compile)
    compiled.set(key, encode)
  }
  return encode
}

type Compile = (reference: ShapeReference) => Encode

function createCompiler(model: ServiceModel): Compile {
  const cache = new Map<string, Encode>()
  const compile: Compile = (reference) => {
    const key = `${reference.shape}|${reference.flattened ?? ''}|${reference.timestampFormat ?? ''}`
    const known = cache.get(key)
    if (known) return known
    let real: Encode | undefined
    cache.set(key, (out, value, open, close) => real!(out, value, open, close))
    real = compileShape(shapeOf(model, reference), reference, compile)
    cache.set(key, real)
    return real
  }
  return compile
}

function compileShape(shape: Shape, reference: ShapeReference, compile: Compile): Encode {
  switch (shape.type) {
    case 'structure': {
      const members = compileMembers(shape, compile)
      return (out, value, open, close) => {
        out.text += open
        members(out, value as Record<string, unknown>)
        out.text += close
        if (out.text.length > FLUSH_AT_CHARS) flush(out)
      }
    }
    case 'list':
      return compileList(shape, reference, compile)
    case 'map':
      return compileMap(shape, reference, compile)
    default: {
      const write = scalarWriter(shape, reference)
      return (out, value, open, close) => {
        out.text += open + write(value) + close
      }
    }
  }
}

function compileMembers(shape: Shape, compile: Compile): EncodeMembers {
  const members = Object.entries(shape.members ?? {}).map(([name, member]) => {
    const tag = member.locationName ?? name
    let encode: Encode | undefined
    return {
      name,
      open: `<${tag}>`,
      close: `</${tag}>`,
      get encode() {
        return (encode ??= compile(member))
      },
    }
  })
  return (out, value) => {
    for (const member of members) {
      const item = value[member.name]
      if (item === undefined || item === null) continue
      member.encode(out, item, member.open, member.close)
    }
  }
}

function compileList(shape: Shape, reference: ShapeReference, compile: Compile): Encode {
  const item = compile(shape.member!)
  const flat = (reference.flattened ?? shape.flattened) === true
  const tag = shape.member!.locationName ?? 'member'
  const itemOpen = `<${tag}>`
  const itemClose = `</${tag}>`
  return (out, value, open, close) => {
    const items = value as readonly unknown[]
    if (flat) {
      for (const each of items) item(out, each, open, close)
      return
    }
    out.text += open
    for (const each of items) item(out, each, itemOpen, itemClose)
    out.text += close
  }
}

function compileMap(shape: Shape, reference: ShapeReference, compile: Compile): Encode {
  const value = compile(shape.value!)
  const flat = (reference.flattened ?? shape.flattened) === true
  const keyTag = shape.key!.locationName ?? 'key'
  const valueTag = shape.value!.locationName ?? 'value'
  return (out, map, open, close) => {
    const entryOpen = flat ? open : '<entry>'
    const entryClose = flat ? close : '</entry>'
    if (!flat) out.text += open
    for (const [key, each] of Object.entries(map as object)) {
      out.text += `${entryOpen}<${keyTag}>${escapeXml(key)}</${keyTag}>`
      value(out, each, `<${valueTag}>`, `</${valueTag}>`)
      out.text += entryClose
    }
    if (!flat) out.text += close
  }
}

function scalarWriter(shape: Shape, reference: ShapeReference): (value: unknown) => string {
  switch (shape.type) {
    case 'boolean':
      return (value) => (value === true ? 'true' : 'false')
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return (value) => {
        assert(Number.isFinite(value), `a number in the answer is ${String(value)}`)
        return String(value)
      }
    case 'timestamp': {
      const seconds = (reference.timestampFormat ?? shape.timestampFormat) === 'unixTimestamp'
      return (value) => {
        const date = value instanceof Date ? value : new Date(value as number | string)
        return seconds ? String(date.getTime() / 1000) : date.toISOString()
      }
    }
    case 'blob':
      return (value) => Buffer.from(value as Uint8Array).toString('base64')
    default:
      return (value) => escapeXml(String(value))
  }
}
