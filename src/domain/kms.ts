/** Keys of KMS and their names. Material is never stored but sealed; only what it enciphered leaves. */
import type { ResourceBase } from './resource.ts'

export interface KmsKey extends ResourceBase<string> {
  description: string
  state: 'Enabled' | 'Disabled' | 'PendingDeletion'
  /** `AWS`: made for a service of the account, and not its owner's to change. */
  manager: 'CUSTOMER' | 'AWS'
  /** A policy document. */
  policy: string
  /** The last enciphers, each deciphers what it enciphered. */
  materials: readonly KmsMaterial[]
  rotation: { isEnabled: boolean; periodDays: number; nextAt: number | null }
  deleteAt: number | null
}

export interface KmsMaterial {
  id: string
  /** 32 bytes, sealed with the cloud's own key. */
  sealed: string
  createdAt: number
  origin: 'first' | 'AUTOMATIC' | 'ON_DEMAND'
}

/** Its id says whose it is: `alias:<account>:<region>:<name>`. */
export interface KmsAlias extends ResourceBase<string> {
  /** `alias/…` */
  name: string
  keyId: string
  updatedAt: number
}

export function kmsAliasId(account: string, region: string, name: string): string {
  return `alias:${account}:${region}:${name}`
}

export function kmsKeyArn(key: { account: string; region: string; id: string }): string {
  return `arn:aws:kms:${key.region}:${key.account}:key/${key.id}`
}

export function kmsAliasArn(alias: { account: string; region: string; name: string }): string {
  return `arn:aws:kms:${alias.region}:${alias.account}:${alias.name}`
}

/** The key of a volume's content, wrapped under a key of KMS: what is kept beside the content. */
export interface DataKey {
  /** Of the key of KMS. */
  keyArn: string
  /** KMS's ciphertext in base64. */
  wrapped: string
}
