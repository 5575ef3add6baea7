/**
 * The parameters of a call and its answer as the trail keeps them: names begin small as in CloudTrail's records, what
 * is secret is left out (by the model, and by its name), bytes too, and lists and depth have an end.
 */
import type { ServiceModel, Shape, ShapeReference } from '../model.ts'

const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS'
/** Beside what the models call sensitive. */
const SECRET =
  /password|secret|passphrase|private_?key|keymaterial|plaintext|userdata|activationkey|sessiontoken|identitytoken|tokencode|authenticationcode|samlassertion|granttoken|base32string|qrcode|presharedkey/i
const ITEMS_MAX = 20
const DEPTH_MAX = 12
const TEXT_MAX = 1_024

export function parametersKept(
  model: ServiceModel,
  reference: { shape: string } | undefined,
  value: unknown,
): unknown {
  const shape = reference && model.shapes[reference.shape]
  return keep(model, shape, value, 0)
}

function keep(
  model: ServiceModel,
  shape: Shape | undefined,
  value: unknown,
  depth: number,
): unknown {
  if (value === undefined || value === null) return null
  if (shape?.sensitive) return HIDDEN
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `(${value.length} bytes)`
  if (typeof value === 'string') {
    return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value
  }
  if (typeof value !== 'object') return value
  if (depth >= DEPTH_MAX) return '…'
  const of = (reference: ShapeReference | undefined): Shape | undefined =>
    reference && model.shapes[reference.shape]
  if (Array.isArray(value)) {
    const kept = value
      .slice(0, ITEMS_MAX)
      .map((one) => keep(model, of(shape?.member), one, depth + 1))
    const more = value.length - kept.length
    return more > 0 ? [...kept, `… ${more} more`] : kept
  }
  const isMap = shape?.type === 'map'
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  const kept = entries.slice(0, isMap ? ITEMS_MAX : entries.length).map(([name, one]) => {
    const member = isMap ? of(shape.value) : of(shape?.members?.[name])
    const isSecret = typeof one !== 'object' && SECRET.test(name)
    return [
      isMap ? name : lowerFirst(name),
      isSecret ? HIDDEN : keep(model, member, one, depth + 1),
    ] as const
  })
  return Object.fromEntries(kept)
}

function lowerFirst(name: string): string {
  return /^[A-Z]{2}/.test(name) ? name : name.charAt(0).toLowerCase() + name.slice(1)
}
