/**
 * Forms of the EC2 Query and AWS Query protocols (`Filter.1.Value.1=x`, `Tags.member.1.Key=x`) into the input
 * objects that the SDK's types describe. Two steps: the flat pairs become a tree, a decoder compiled from the model
 * reads the tree. Guarantees: everything the model demands holds of the result, or there are violations.
 *
 * EC2: keys are `queryName`, else the capitalised `locationName`, else the member's name; lists are flat.
 * Query: keys are `locationName` or the member's name; lists have `.member` unless flattened; maps `.entry.N.key`.
 */
import { serviceModel, shapeOf } from '../model.ts'
import type { ServiceModel, ServiceName, Shape, ShapeReference } from '../model.ts'
import { WireError } from '../wire-error.ts'
import { compileCheck, compileTextReader, lowerFirst, report } from './constraints.ts'
import type { Findings } from './constraints.ts'

export interface FormNode {
  text?: string
  children?: Map<string, FormNode>
}

type Dialect = 'ec2' | 'query'
type Decode = (node: FormNode, findings: Findings) => unknown

/** AWS's largest honest forms (1,000 ids, RunInstances with everything) stay far below. */
const PAIRS_MAX = 20_000
const DEPTH_MAX = 24

/** Parts of the envelope, not parameters of the operation. Signature parts occur in presigned URLs. */
const ENVELOPE = /^(?:Action|Version|X-Amz-[A-Za-z0-9-]+)$/i

/** @throws WireError for a form that is not one. */
export function parseForm(pairs: Iterable<readonly [string, string]>): FormNode {
  const root: FormNode = { children: new Map() }
  let count = 0
  for (const [key, text] of pairs) {
    if (ENVELOPE.test(key)) continue
    if (++count > PAIRS_MAX) {
      throw new WireError('InvalidQueryParameter', `More than ${PAIRS_MAX} parameters`)
    }
    const steps = key.split('.')
    if (steps.length > DEPTH_MAX) {
      throw new WireError('InvalidQueryParameter', `The parameter ${key.slice(0, 80)} is too deep`)
    }
    let node = root
    for (const step of steps) {
      node.children ??= new Map()
      let child = node.children.get(step)
      if (child === undefined) node.children.set(step, (child = {}))
      node = child
    }
    node.text = text
  }
  return root
}

const compiled = new Map<string, Decode>()

/** The decoder of an operation's input. */
export function queryDecoder(service: ServiceName, operation: string, dialect: Dialect): Decode {
  const key = `${service}/${operation}/${dialect}`
  let decode = compiled.get(key)
  if (decode === undefined) {
    const model = serviceModel(service)
    const input = model.operations[operation]?.input
    const compiler = createCompiler(model, dialect)
    decode = input ? compiler({ shape: input.shape }) : compileStructure({ type: 'structure' }, [])
    compiled.set(key, decode)
  }
  return decode
}

interface CompiledMember {
  name: string
  wire: string
  /** How violations name it. */
  shown: string
  required: boolean
  decode: () => Decode
}

function createCompiler(model: ServiceModel, dialect: Dialect): (ref: ShapeReference) => Decode {
  const cache = new Map<string, Decode>()
  const compile = (reference: ShapeReference): Decode => {
    const key = `${reference.shape}|${reference.flattened ?? ''}|${reference.timestampFormat ?? ''}`
    const known = cache.get(key)
    if (known) return known
    // Shapes may contain themselves: the entry exists before its parts are compiled, which happens at first use.
    let real: Decode | undefined
    cache.set(key, (node, findings) => real!(node, findings))
    real = compileShape(shapeOf(model, reference), reference)
    cache.set(key, real)
    return real
  }
  const compileShape = (shape: Shape, reference: ShapeReference): Decode => {
    switch (shape.type) {
      case 'structure':
        return compileStructure(shape, membersOf(shape))
      case 'list':
        return compileList(shape, reference, dialect, compile)
      case 'map':
        return compileMap(shape, reference, compile)
      default: {
        const read = compileTextReader(shape, reference.timestampFormat ?? shape.timestampFormat)
        return (node, findings) => {
          for (const child of node.children?.keys() ?? [])
            report(findings, { type: 'unknown' }, child)
          return node.text === undefined ? undefined : read(node.text, findings)
        }
      }
    }
  }
  const membersOf = (shape: Shape): CompiledMember[] => {
    const required = new Set(shape.required)
    return Object.entries(shape.members ?? {}).map(([name, member]) => {
      const wire = wireName(name, member, dialect)
      let decode: Decode | undefined
      return {
        name,
        wire,
        shown: dialect === 'ec2' ? wire : lowerFirst(name),
        required: required.has(name),
        decode: () => (decode ??= compile(member)),
      }
    })
  }
  return compile
}

export function wireName(name: string, member: ShapeReference, dialect: Dialect): string {
  if (dialect === 'query') return member.locationName ?? name
  if (member.queryName !== undefined) return member.queryName
  const located = member.locationName ?? name
  return located.charAt(0).toUpperCase() + located.slice(1)
}

function compileStructure(_shape: Shape, members: CompiledMember[]): Decode {
  const byWire = new Map(members.map((member) => [member.wire, member]))
  const required = members.filter((member) => member.required)
  return (node, findings) => {
    const out: Record<string, unknown> = {}
    if (node.text) report(findings, { type: 'unknown' })
    for (const [wire, child] of node.children ?? []) {
      const member = byWire.get(wire)
      if (member === undefined) {
        report(findings, { type: 'unknown' }, wire)
        continue
      }
      findings.path.push(member.shown)
      const value = member.decode()(child, findings)
      findings.path.pop()
      if (value !== undefined) out[member.name] = value
    }
    for (const member of required) {
      const child = node.children?.get(member.wire)
      if (child === undefined) report(findings, { type: 'missing' }, member.shown)
    }
    return out
  }
}

function compileList(
  shape: Shape,
  reference: ShapeReference,
  dialect: Dialect,
  compile: (ref: ShapeReference) => Decode,
): Decode {
  const item = compile(shape.member!)
  const check = compileCheck(shape)
  const flat = dialect === 'ec2' || (reference.flattened ?? shape.flattened) === true
  const inner = shape.member!.locationName ?? 'member'
  return (node, findings) => {
    // `Names=` is how Query says "an empty list"; `InstanceId=i-1` is a mistake for `InstanceId.1=i-1`.
    if (node.text) report(findings, { type: 'unknown' })
    const holder = flat ? node : node.children?.get(inner)
    const entries = [...(holder?.children ?? [])]
      .map(([step, child]) => ({ index: Number(step), step, child }))
      .sort((a, b) => a.index - b.index)
    const out: unknown[] = []
    for (const { index, step, child } of entries) {
      if (!/^\d{1,6}$/.test(step)) {
        report(findings, { type: 'unknown' }, step)
        continue
      }
      findings.path.push(dialect === 'ec2' ? step : `${index}.member`)
      const value = item(child, findings)
      findings.path.pop()
      if (value !== undefined) out.push(value)
    }
    check?.(out, findings)
    return out
  }
}

function compileMap(
  shape: Shape,
  reference: ShapeReference,
  compile: (ref: ShapeReference) => Decode,
): Decode {
  const value = compile(shape.value!)
  const check = compileCheck(shape)
  const flat = (reference.flattened ?? shape.flattened) === true
  const keyName = shape.key!.locationName ?? 'key'
  const valueName = shape.value!.locationName ?? 'value'
  return (node, findings) => {
    const out: Record<string, unknown> = {}
    const holder = flat ? node : node.children?.get('entry')
    for (const entry of holder?.children?.values() ?? []) {
      const key = entry.children?.get(keyName)?.text
      const child = entry.children?.get(valueName)
      if (key === undefined || child === undefined) continue
      findings.path.push(key)
      out[key] = value(child, findings)
      findings.path.pop()
    }
    check?.(out, findings)
    return out
  }
}
