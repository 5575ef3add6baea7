/** Parameters of Systems Manager: as an account keeps its own, and as any is read. */
import type { ResourceBase } from './resource.ts'

export const PARAMETER_TYPES = ['String', 'StringList', 'SecureString'] as const
export type ParameterType = (typeof PARAMETER_TYPES)[number]

export interface ParameterValue {
  /** From 1. */
  version: number
  type: ParameterType
  /** Of a SecureString: KMS's ciphertext in base64. */
  value: string
  /** What it was enciphered with, as it was named; null: it is not. */
  keyId: string | null
  description: string
  tier: 'Standard' | 'Advanced'
  dataType: 'text' | 'aws:ec2:image'
  modifiedAt: number
  /** Who put it: an ARN. */
  modifiedBy: string
}

/** Its id says whose it is: `parameter:<account>:<region>:<name>`. */
export interface StoredParameter extends ResourceBase<string> {
  name: string
  /** Oldest first, never empty. */
  values: readonly ParameterValue[]
}

export function parameterId(account: string, region: string, name: string): string {
  return `parameter:${account}:${region}:${name}`
}

export function parameterArnOf(parameter: {
  account: string
  region: string
  name: string
}): string {
  const { account, region, name } = parameter
  return `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`
}

export interface ParameterVersion {
  value: string
  /** From 1. */
  version: number
  modifiedAt: number
  /** Absent of public ones: `String`, `text`. */
  own?: ParameterValue
}

export interface Parameter {
  name: string
  /** Oldest first, never empty. */
  versions: readonly ParameterVersion[]
}
