/** SSH key pairs: the public half only; a private key is answered once and never kept. */
import type { IdOf } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export interface KeyPair extends ResourceBase<IdOf<'keyPair'>> {
  name: string
  type: 'rsa' | 'ed25519'
  /** As AWS computes it: see app/key-pairs.ts. */
  fingerprint: string
  /** One line of OpenSSH's authorized_keys. */
  publicKey: string
}
