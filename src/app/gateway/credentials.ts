/**
 * Username and password of a hypervisor: never stored in the clear. Sealed with the cloud's own key, or with a key of
 * KMS that the user named: disable it, and nobody reaches the hypervisor any more.
 */
import { addressParse, type HypervisorAddress } from '../../domain/hypervisor-address.ts'
import type { Hypervisor } from '../../domain/gateway.ts'
import type { KmsKey } from '../../domain/kms.ts'
import type { App } from '../context.ts'
import { decipher, encipher } from '../kms/crypto.ts'
import { usable } from '../kms/find.ts'
import { withCertificates } from './certificates.ts'

export interface Credentials {
  username: string | null
  password: string | null
}

const NONE: Credentials = { username: null, password: null }
const purpose = (id: string) => `hypervisor:${id}`
const context = (id: string) => ({ 'aws:backup-gateway:hypervisor': id })

export function credentialsSeal(
  app: App,
  id: string,
  key: KmsKey | null,
  credentials: Credentials,
): string | null {
  if (credentials.username === null && credentials.password === null) return null
  const text = JSON.stringify(credentials)
  if (key === null) return app.seal.seal(purpose(id), text)
  return Buffer.from(encipher(app, usable(key), Buffer.from(text), context(id))).toString('base64')
}

/** @throws FaultError of KMS when the key cannot be used; Error when it was sealed by another cloud. */
export async function credentialsOpen(app: App, hypervisor: Hypervisor): Promise<Credentials> {
  const { id, sealed, kmsKeyId } = hypervisor
  if (sealed === null) return NONE
  if (kmsKeyId === null) {
    const text = app.seal.open(purpose(id), sealed)
    if (text === undefined) throw new Error('its credentials were sealed with another key')
    return JSON.parse(text) as Credentials
  }
  const key = await app.store.get('kmsKey', kmsKeyId)
  if (!key) throw new Error(`the key ${hypervisor.kmsKeyArn} of its credentials does not exist`)
  const bytes = decipher(app, usable(key), Buffer.from(sealed, 'base64'), context(id))
  return JSON.parse(Buffer.from(bytes).toString()) as Credentials
}

/** How a hypervisor is reached. @throws as `credentialsOpen` */
export async function addressOf(app: App, hypervisor: Hypervisor): Promise<HypervisorAddress> {
  const { username, password } = await credentialsOpen(app, hypervisor)
  return withCertificates(app, addressParse(hypervisor.host, username, password))
}
