/**
 * The key of a vault: 32 random bytes that encipher all its chunks, kept wrapped by a key of KMS. And where the vault
 * is: a folder of the host, or a location that the host's owner registered (`./brume backup location`).
 */
import type { VaultLocation, VaultPlace } from '../../domain/backup.ts'
import { vaultArn, type Place } from '../../domain/backup/arn.ts'
import type { BackupVault } from '../../domain/backup/records.ts'
import { kmsKeyArn, type DataKey, type KmsKey } from '../../domain/kms.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { decipher, encipher, keyIdOf } from '../kms/crypto.ts'
import { usable } from '../kms/find.ts'
import { serviceKeyEnsure } from '../kms/keys.ts'
import { keyNamed } from '../volumes/encryption.ts'
import { invalidParameter, invalidRequest } from './faults.ts'

const KEY_BYTES = 32
const ALIAS = 'alias/aws/backup'
const DESCRIPTION = 'Default key that protects my Backup data when no other key is defined'

const contextOf = (vault: Place & { name: string }) => ({
  'aws:backup:backup-vault': vaultArn(vault),
})

/** A new one. `keyId` null: the account's own key for backups. */
export async function vaultKeyMake(
  ctx: Ctx,
  tx: StoreTransaction,
  name: string,
  keyId: string | null,
): Promise<DataKey> {
  const key =
    keyId === null
      ? await serviceKeyEnsure(ctx, tx, ALIAS, DESCRIPTION)
      : await keyNamed(ctx, keyId, tx)
  return wrapped(ctx, key, name, ctx.app.random.bytes(KEY_BYTES))
}

/** The key of a vault that was found again, under the account's own key for backups. */
export async function vaultKeyAdopt(
  ctx: Ctx,
  tx: StoreTransaction,
  name: string,
  secret: Uint8Array,
): Promise<DataKey> {
  return wrapped(ctx, await serviceKeyEnsure(ctx, tx, ALIAS, DESCRIPTION), name, secret)
}

function wrapped(ctx: Ctx, key: KmsKey, name: string, secret: Uint8Array): DataKey {
  const bytes = encipher(ctx.app, usable(key), secret, contextOf({ ...ctx, name }))
  return { keyArn: kmsKeyArn(key), wrapped: Buffer.from(bytes).toString('base64') }
}

/** @throws FaultError when its key of KMS cannot be used, or its location is not registered any more. */
export async function vaultPlace(app: App, vault: BackupVault): Promise<VaultPlace> {
  const bytes = Buffer.from(vault.key.wrapped, 'base64')
  const key = await app.store.get('kmsKey', keyIdOf(bytes) ?? '')
  if (!key) throw invalidRequest(`Key '${vault.key.keyArn}' does not exist: the vault is locked`)
  const secret = decipher(app, usable(key), bytes, contextOf(vault))
  return {
    vaultId: vault.id,
    key: Buffer.from(secret).toString('base64'),
    location: await locationOf(app, vault),
  }
}

/** The tag by which a new vault says where it is to be. */
export const LOCATION_TAG = 'brume:location'

export interface RegisteredLocation {
  endpoint: string | null
  region: string
  bucket: string
  prefix: string
  accessKeyId: string
  /** The secret key, sealed with the cloud's own. */
  sealedSecret: string
}

const settingOf = (name: string): string => `backup-location:${name}`
const SEAL_PURPOSE = 'backup-location'
const NAME = /^[\w-]{1,64}$/

export async function locationGet(
  reader: StoreReader,
  name: string,
): Promise<RegisteredLocation | undefined> {
  const text = await reader.setting(settingOf(name))
  return text ? (JSON.parse(text) as RegisteredLocation) : undefined
}

/** By the host's owner. @throws InvalidParameterValueException */
export async function locationPut(
  app: App,
  name: string,
  {
    secretAccessKey,
    ...location
  }: Omit<RegisteredLocation, 'sealedSecret'> & { secretAccessKey: string },
): Promise<void> {
  if (!NAME.test(name))
    throw invalidParameter(`A location's name has letters, digits, - and _: ${name}`)
  const sealedSecret = app.seal.seal(SEAL_PURPOSE, secretAccessKey)
  const body = JSON.stringify({ ...location, sealedSecret } satisfies RegisteredLocation)
  await app.store.transact((tx) => tx.settingPut(settingOf(name), body))
}

export async function locationNames(app: App): Promise<string[]> {
  const names = await app.store.settingNames(settingOf(''))
  return names.map((name) => name.slice(settingOf('').length))
}

function locationOf(app: App, vault: BackupVault): Promise<VaultLocation> {
  return placeLocation(app, vault.id, vault.location)
}

/** Where a vault of this id lies: a folder, or a place of its own in a registered location. */
export async function placeLocation(
  app: App,
  vaultId: string,
  location: string | null,
): Promise<VaultLocation> {
  if (location === null) return { type: 'folder', path: vaultId }
  const found = await locationGet(app.store, location)
  if (!found) throw invalidRequest(`The location ${location} is not registered any more`)
  const { sealedSecret, accessKeyId, ...rest } = found
  const secretAccessKey = app.seal.open(SEAL_PURPOSE, sealedSecret)
  if (secretAccessKey === undefined)
    throw invalidRequest(`The secret of ${location} cannot be opened`)
  const prefix = `${rest.prefix}${vaultId}/`
  return { type: 's3', ...rest, prefix, credentials: { accessKeyId, secretAccessKey } }
}
