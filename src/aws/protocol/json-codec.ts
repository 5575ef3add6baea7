/**
 * The JSON-like protocols' bodies, both ways: AWS JSON 1.0/1.1, rest-json bodies and (with `native`) CBOR, where
 * dates and bytes have types of their own. Compiled from the model; the decoder enforces all that the model says.
 */
import { serviceModel, shapeOf } from '../model.ts'
import type { ServiceModel, ServiceName, Shape, ShapeReference } from '../model.ts'
import { compileCheck, lowerFirst, parseTimestamp, report } from './constraints.ts'
import type { Check, Findings } from './constraints.ts'

export type DecodeValue = (value: unknown, findings: Findings) => unknown
export type EncodeValue = (value: unknown) => unknown

export interface JsonCodec {
  decode: DecodeValue
  encode: EncodeValue
}

interface Compiler {
  model: ServiceModel
  native: boolean
  codec(reference: ShapeReference): JsonCodec
}

const compilers = new Map<string, Compiler>()

export function jsonCodec(
  service: ServiceName,
  reference: ShapeReference,
  options: { native?: boolean } = {},
): JsonCodec {
  const native = options.native === true
  const key = `${service}/${native}`
  let compiler = compilers.get(key)
  if (compiler === undefined) {
    compiler = createCompiler(serviceModel(service), native)
    compilers.set(key, compiler)
  }
  return compiler.codec(reference)
}

function createCompiler(model: ServiceModel, native: boolean): Compiler {
  const cache = new Map<string, JsonCodec>()
  const compiler: Compiler = {
    model,
    native,
    codec: (reference) => {
      const key = `${reference.shape}|${reference.timestampFormat ?? ''}`
      const known = cache.get(key)
      if (known) return known
      // Recursive shapes find this entry, whose parts are filled in below.
      const codec: JsonCodec = { decode: (v) => v, encode: (v) => v }
      cache.set(key, codec)
      const shape = shapeOf(model, reference)
      return Object.assign(codec, compileShape(compiler, shape, reference))
    },
  }
  return compiler
}

function compileShape(compiler: Compiler, shape: Shape, reference: ShapeReference): JsonCodec {
  if (shape.document) return { decode: (value) => value, encode: (value) => value }
  switch (shape.type) {
    case 'structure':
      return structureCodec(compiler, shape, (member) => member.location === undefined)
    case 'list':
      return listCodec(compiler, shape)
    case 'map':
      return mapCodec(compiler, shape)
    default:
      return scalarCodec(compiler, shape, reference)
  }
}

const EXPECTED: Record<string, string> = { structure: 'a structure', list: 'a list', map: 'a map' }

function foundName(value: unknown): string {
  if (Array.isArray(value)) return 'START_ARRAY'
  if (value === null) return 'NULL_VALUE'
  if (typeof value === 'object') return 'START_OBJECT'
  return `${typeof value === 'bigint' ? 'NUMBER' : typeof value}_VALUE`.toUpperCase()
}

function mismatch(findings: Findings, value: unknown, expected: string): undefined {
  const text = typeof value === 'object' ? '' : String(value)
  report(findings, { type: 'kind', value: text, expected, found: foundName(value) })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Also used for the body of a rest-json request, whose other members come from elsewhere. */
export function structureCodec(
  compiler: Pick<Compiler, 'codec'> & { model?: ServiceModel },
  shape: Shape,
  inBody: (member: ShapeReference) => boolean,
): JsonCodec {
  const required = new Set(shape.required)
  // EC2's other names are those of XML's elements.
  const isOfXml = compiler.model?.metadata.protocol === 'ec2'
  const members = Object.entries(shape.members ?? {})
    .filter(([, member]) => inBody(member))
    .map(([name, member]) => {
      let codec: JsonCodec | undefined
      return {
        name,
        wire: isOfXml ? name : (member.locationName ?? name),
        get codec() {
          return (codec ??= compiler.codec(member))
        },
      }
    })
  const byWire = new Map(members.map((member) => [member.wire, member]))
  return {
    decode: (value, findings) => {
      if (!isRecord(value)) return mismatch(findings, value, EXPECTED.structure!)
      const out: Record<string, unknown> = {}
      for (const [wire, item] of Object.entries(value)) {
        if (item === null || wire === '__type') continue
        const known = byWire.get(wire)
        if (known === undefined) {
          report(findings, { type: 'unknown' }, wire)
          continue
        }
        findings.path.push(lowerFirst(known.name))
        const decoded = known.codec.decode(item, findings)
        findings.path.pop()
        if (decoded !== undefined) out[known.name] = decoded
      }
      for (const { name, wire } of members) {
        if (!required.has(name)) continue
        const given = value[wire]
        if (given === undefined || given === null) {
          report(findings, { type: 'missing' }, lowerFirst(name))
        }
      }
      return out
    },
    encode: (value) => {
      const out: Record<string, unknown> = {}
      for (const member of members) {
        const item = (value as Record<string, unknown>)[member.name]
        if (item !== undefined && item !== null) out[member.wire] = member.codec.encode(item)
      }
      return out
    },
  }
}

function checked(check: Check | undefined, value: unknown, findings: Findings): unknown {
  check?.(value, findings)
  return value
}

function listCodec(compiler: Compiler, shape: Shape): JsonCodec {
  const item = compiler.codec(shape.member!)
  const check = compileCheck(shape)
  return {
    decode: (value, findings) => {
      if (!Array.isArray(value)) return mismatch(findings, value, EXPECTED.list!)
      const out = value.map((each, index) => {
        findings.path.push(`${index + 1}.member`)
        const decoded = each === null ? null : item.decode(each, findings)
        findings.path.pop()
        return decoded
      })
      return checked(check, out, findings)
    },
    encode: (value) =>
      (value as unknown[]).map((each) => (each === null ? null : item.encode(each))),
  }
}

function mapCodec(compiler: Compiler, shape: Shape): JsonCodec {
  const item = compiler.codec(shape.value!)
  const keyCheck = compileCheck(compiler.model.shapes[shape.key!.shape]!)
  const check = compileCheck(shape)
  return {
    decode: (value, findings) => {
      if (!isRecord(value)) return mismatch(findings, value, EXPECTED.map!)
      const out: Record<string, unknown> = {}
      for (const [key, each] of Object.entries(value)) {
        findings.path.push(key)
        keyCheck?.(key, findings)
        if (each !== null) out[key] = item.decode(each, findings)
        findings.path.pop()
      }
      return checked(check, out, findings)
    },
    encode: (value) =>
      Object.fromEntries(
        Object.entries(value as object).map(([key, each]) => [key, item.encode(each)]),
      ),
  }
}

function scalarCodec(compiler: Compiler, shape: Shape, reference: ShapeReference): JsonCodec {
  const check = compileCheck(shape)
  const { decode, encode } = plainScalar(compiler, shape, reference)
  return {
    decode: (value, findings) => {
      const decoded = decode(value, findings)
      return decoded === undefined ? undefined : checked(check, decoded, findings)
    },
    encode,
  }
}

function plainScalar(compiler: Compiler, shape: Shape, reference: ShapeReference): JsonCodec {
  const typed =
    (test: (value: unknown) => boolean, expected: string): DecodeValue =>
    (value, findings) =>
      test(value) ? value : mismatch(findings, value, expected)
  const same: EncodeValue = (value) => value
  switch (shape.type) {
    case 'boolean':
      return { decode: typed((value) => typeof value === 'boolean', 'a Boolean'), encode: same }
    case 'integer':
      return { decode: typed(Number.isInteger, 'an Integer'), encode: same }
    case 'long':
      return {
        decode: (value, findings) => {
          const number = typeof value === 'bigint' ? Number(value) : value
          return Number.isInteger(number) ? number : mismatch(findings, value, 'a Long')
        },
        encode: same,
      }
    case 'float':
    case 'double':
      return {
        decode: (value, findings) => {
          const words = value === 'NaN' || value === 'Infinity' || value === '-Infinity'
          if (words) return Number(value)
          return typeof value === 'number' ? value : mismatch(findings, value, 'a Double')
        },
        encode: (value) => (Number.isFinite(value) ? value : String(value)),
      }
    case 'timestamp':
      return timestampCodec(compiler.native, reference.timestampFormat ?? shape.timestampFormat)
    case 'blob':
      return blobCodec(compiler.native)
    default:
      return { decode: typed((value) => typeof value === 'string', 'a String'), encode: same }
  }
}

function timestampCodec(native: boolean, format: ShapeReference['timestampFormat']): JsonCodec {
  return {
    decode: (value, findings) => {
      if (value instanceof Date) return value
      const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
      return parseTimestamp(text, format) ?? mismatch(findings, value, 'a Date')
    },
    encode: (value) => {
      const date = value instanceof Date ? value : new Date(value as number | string)
      if (native) return date
      return format === 'iso8601' ? date.toISOString() : date.getTime() / 1000
    },
  }
}

function blobCodec(native: boolean): JsonCodec {
  return {
    decode: (value, findings) => {
      if (value instanceof Uint8Array) return value
      const text = typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
      return text ? Buffer.from(value as string, 'base64') : mismatch(findings, value, 'a Blob')
    },
    encode: (value) => (native ? value : Buffer.from(value as Uint8Array).toString('base64')),
  }
}
