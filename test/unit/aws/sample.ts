/** Sample values of modelled shapes for round trips: every member present, but no shape within itself. */
import { serviceModel, shapeOf } from '../../../src/aws/model.ts'
import type { ServiceModel, ServiceName, Shape, ShapeReference } from '../../../src/aws/model.ts'

/** Deeper lists have one item. */
const WIDE_DEPTH_MAX = 3
const AT = new Date(1_700_000_000_000)

export function sampleOf(
  service: ServiceName,
  reference: ShapeReference,
  skip: (member: string, shape: Shape) => boolean = () => false,
): unknown {
  return sample(serviceModel(service), reference, [], skip)
}

function sample(
  model: ServiceModel,
  reference: ShapeReference,
  within: readonly string[],
  skip: (member: string, shape: Shape) => boolean,
): unknown {
  const shape = shapeOf(model, reference)
  const inner = [...within, reference.shape]
  const each = (part: ShapeReference): unknown => sample(model, part, inner, skip)
  switch (shape.type) {
    case 'structure': {
      const all = Object.entries(shape.members ?? {})
      const members = shape.union ? all.slice(0, 1) : all
      return Object.fromEntries(
        members
          .filter(([name, member]) => !skip(name, shapeOf(model, member)))
          .filter(([, member]) => !isWithin(model, member, inner))
          .map(([name, member]) => [name, each(member)]),
      )
    }
    case 'list': {
      const wanted = within.length > WIDE_DEPTH_MAX ? 1 : 2
      const count = bounded(wanted, shape)
      return Array.from({ length: count }, () => each(shape.member!))
    }
    case 'map': {
      return { [each(shape.key!) as string]: each(shape.value!) }
    }
    case 'boolean':
      return true
    case 'integer':
    case 'long':
      return bounded(7, shape)
    case 'float':
    case 'double':
      return bounded(0.5, shape)
    case 'timestamp':
      return AT
    case 'blob':
      return Buffer.from('some bytes')
    default:
      return shape.enum?.[0] ?? sampleText(shape)
  }
}

function bounded(value: number, { min = -Infinity, max = Infinity }: Shape): number {
  return Math.min(Math.max(value, min), max)
}

/** Also through a list or a map. */
function isWithin(
  model: ServiceModel,
  reference: ShapeReference,
  within: readonly string[],
): boolean {
  if (within.includes(reference.shape)) return true
  const { member, value } = shapeOf(model, reference)
  const part = member ?? value
  return part !== undefined && isWithin(model, part, within)
}

function sampleText(shape: Shape): string {
  const text = `a<b>&"c d"+%é${'x'.repeat(Math.max(0, (shape.min ?? 0) - 12))}`
  return text.slice(0, Math.max(shape.max ?? text.length, 1))
}

/** Buffers and dates made comparable; what the SDK leaves undefined removed. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('hex')}`
  if (value instanceof Date) return `date:${value.toISOString()}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => item !== undefined && key !== '$metadata')
      .map(([key, item]) => [key, plain(item)]),
  )
}
