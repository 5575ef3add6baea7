/**
 * What can go wrong through no bug of ours, as data. A fault names the resource and carries its fields; the edge
 * (src/aws/<service>) chooses the AWS error code and the user's words. Never match on message text.
 */
import type { ResourceKind } from './id-prefixes.ts'

export type Fault =
  | { type: 'NotFound'; kind: ResourceKind | (string & {}); ids: readonly string[] }
  | { type: 'MalformedId'; kind: ResourceKind; id: string }
  /** A resource with this name or key exists already. */
  | { type: 'Duplicate'; kind: ResourceKind | (string & {}); name: string }
  /** The resource's state forbids the operation. */
  | {
      type: 'IncorrectState'
      kind: ResourceKind
      id: string
      state: string
      operation: string
      hint?: string
    }
  /** `isDeletion`: somebody wanted it away, and not for himself. */
  | { type: 'InUse'; kind: ResourceKind; id: string; by: string; isDeletion?: boolean }
  /** Cannot be deleted or changed while others depend on it. */
  | { type: 'DependencyViolation'; kind: ResourceKind; id: string; dependents: readonly string[] }
  | { type: 'MissingParameter'; parameter: string; hint?: string }
  | { type: 'InvalidValue'; parameter: string; value: string; reason: string }
  | { type: 'InvalidCombination'; parameters: readonly string[]; reason: string }
  | { type: 'UnknownParameter'; parameter: string }
  | { type: 'LimitExceeded'; kind: ResourceKind | (string & {}); limit: number; reason: string }
  /** A `ClientToken` came back with other parameters. */
  | { type: 'IdempotencyMismatch'; token: string }
  | { type: 'InvalidToken'; reason: string }
  /** No host has room now. */
  | { type: 'CapacityShort'; instanceType: string; zone: string; reason: string }
  /** This installation can never run it: wrong architecture, too big, needs a GPU. */
  | { type: 'TypeUnsupported'; instanceType: string; reason: string; suggestion: string | null }
  | { type: 'NoFreeAddress'; subnetId: string }
  | {
      type: 'TerminationProtected'
      instanceId: string
      attribute: 'disableApiTermination' | 'disableApiStop'
    }
  | { type: 'RuleNotFound'; groupId: string; description: string }
  | { type: 'RuleDuplicate'; groupId: string; description: string }
  /** A rule that names no peer, or more than one where one is asked. */
  | { type: 'RuleMalformed'; reason: string }
  /** The name belongs to the cloud: `default` for a group. */
  | { type: 'ReservedName'; kind: ResourceKind; name: string; reason: string }
  /** The request needs the account's default VPC, which was deleted. */
  | { type: 'DefaultVpcMissing'; isAskedFor?: boolean }
  /** A block that is too big, too small, outside of what contains it, or not allowed beside another. */
  | { type: 'BadRange'; kind: 'vpc' | 'subnet'; cidr: string; reason: string }
  /** There can be one of it, and there is one. */
  | { type: 'AlreadyDefault'; kind: 'vpc' | 'subnet'; id: string; zone?: string }
  /** A gateway, address or interface that is not where the request has it. */
  | { type: 'NotAttached'; kind: 'internetGateway' | 'networkInterface'; id: string; to: string }
  /** The gateway of a VPC some of whose interfaces have public addresses. */
  | { type: 'AddressesMapped'; vpcId: string }
  /** An instance named where one interface is meant, and it has several, or none. */
  | { type: 'InterfaceAmbiguous'; instanceId: string; count: number }
  /** An address, route table or ACL association that another one stands in the way of. */
  | { type: 'AlreadyAssociated'; id: string; with: string }
  /** A change of a version that is not the newest any more. */
  | { type: 'VersionMismatch'; kind: ResourceKind; id: string; version: number }
  /** Two things that must be in one VPC are not. */
  | { type: 'NetworkMismatch'; ids: readonly [string, string] }
  | { type: 'Unauthorized'; action: string; reason: string }
  /** Seen, perhaps used, by the account, but not its own to change. */
  | { type: 'NotOwner'; kind: ResourceKind; id: string }
  /** Never allowed in this situation, whoever asks. */
  | { type: 'NotPermitted'; kind: ResourceKind; id: string; reason: string }
  /** A volume and an instance of different availability zones. */
  | { type: 'ZoneMismatch'; volumeId: string; instanceId: string }
  | { type: 'DefaultResource'; kind: ResourceKind; id: string; reason: string }
  /** One of the demands of hibernation is not met. */
  | { type: 'HibernationUnsupported'; reason: string }
  /** Known to AWS, not served by us, said plainly. */
  | { type: 'Unsupported'; feature: string; hint?: string }
  /** For services whose modelled errors have no counterpart above: the edge of that service maps `code`. */
  | { type: 'Service'; code: string; message: string; fields?: Readonly<Record<string, unknown>> }

export type FaultType = Fault['type']

export class FaultError extends Error {
  override name = 'FaultError'
  readonly fault: Fault

  constructor(fault: Fault, options: { cause?: unknown } = {}) {
    super(JSON.stringify(fault), options)
    this.fault = fault
  }
}

export function notFound(kind: ResourceKind | (string & {}), ...ids: string[]): FaultError {
  return new FaultError({ type: 'NotFound', kind, ids })
}

export function invalidValue(parameter: string, value: unknown, reason: string): FaultError {
  return new FaultError({ type: 'InvalidValue', parameter, value: String(value), reason })
}
