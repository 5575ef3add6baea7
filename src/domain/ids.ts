/**
 * Branded identifiers, parsed once at the edge: a plain string is not an id.
 * Format as AWS's long ids: a prefix, a dash, 17 hexadecimal digits (key pairs and rules included).
 */
import { FaultError } from './faults.ts'
import { ID_PREFIXES, type ResourceKind } from './id-prefixes.ts'

declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

export type AccountId = Id<'account'>
export type IdOf<K extends ResourceKind> = Id<K>
export type InstanceId = IdOf<'instance'>
export type VolumeId = IdOf<'volume'>
export type SnapshotId = IdOf<'snapshot'>
export type ImageId = IdOf<'image'>
export type VpcId = IdOf<'vpc'>
export type SubnetId = IdOf<'subnet'>
export type SecurityGroupId = IdOf<'securityGroup'>
export type NetworkInterfaceId = IdOf<'networkInterface'>
export type HostId = Id<'host'>

/** Random bytes, injected so that a seed replays a run. */
export interface RandomSource {
  bytes(length: number): Uint8Array
}

export function newId<K extends ResourceKind>(kind: K, random: RandomSource): IdOf<K> {
  const hex = Buffer.from(random.bytes(9)).toString('hex').slice(0, 17)
  return `${ID_PREFIXES[kind]}-${hex}` as IdOf<K>
}

/** Accepts AWS's long (17 digits) and short (8 digits) forms. @throws Fault `MalformedId`. */
export function parseId<K extends ResourceKind>(kind: K, text: string): IdOf<K> {
  const prefix = ID_PREFIXES[kind]
  const digits = text.startsWith(`${prefix}-`) ? text.slice(prefix.length + 1) : ''
  if (!/^(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(digits)) {
    throw new FaultError({ type: 'MalformedId', kind, id: text })
  }
  return text as IdOf<K>
}

/** The kind an id claims to be by its prefix, or undefined. Longest prefix first (`eni-attach-` before `eni-`). */
export function kindOfId(id: string): ResourceKind | undefined {
  const dash = id.lastIndexOf('-')
  if (dash < 0) return undefined
  const prefix = id.slice(0, dash)
  return KIND_BY_PREFIX.get(prefix)
}

const KIND_BY_PREFIX = new Map(
  Object.entries(ID_PREFIXES).map(([kind, prefix]) => [prefix as string, kind as ResourceKind]),
)

/** @throws Fault `InvalidValue` unless 12 digits. */
export function parseAccountId(text: string): AccountId {
  if (!/^\d{12}$/.test(text)) {
    throw new FaultError({
      type: 'InvalidValue',
      parameter: 'AccountId',
      value: text,
      reason: 'an account id has 12 digits',
    })
  }
  return text as AccountId
}
