/**
 * What the owner of the host does with vaults, beside AWS's API: a vault's key for the worst day, a vault found again
 * by it, a check of everything in one, and which place a point lies in.
 */
import { parsePointArn, vaultArn } from '../../domain/backup/arn.ts'
import type { PointOfVault, VaultPlace } from '../../domain/backup.ts'
import type { BackupVault, RecoveryPoint } from '../../domain/backup/records.ts'
import { baseOf } from '../network/scope.ts'
import type { App } from '../context.ts'
import { pointsAdopt } from './adopt.ts'
import { anyHost, backgroundCtx, backupHostOf } from './background.ts'
import { invalidParameter, resourceNotFound } from './faults.ts'
import type { Scope } from './resources/handler.ts'
import { locationGet, placeLocation, vaultKeyAdopt, vaultPlace } from './vault-key.ts'
import { vaultFind } from './vaults.ts'

/** Whoever has this and the vault has what was backed up into it. */
export interface VaultKeyFile {
  format: 'brume-vault-key'
  version: 1
  vaultId: string
  name: string
  account: string
  region: string
  /** A registered location's name; null: a folder. For the reader: the key opens the vault wherever it lies. */
  location: string | null
  /** 32 bytes, base64. */
  key: string
}

const VAULT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export async function vaultKeyExport(app: App, scope: Scope, name: string): Promise<VaultKeyFile> {
  const vault = await vaultMust(app, scope, name)
  const { key } = await vaultPlace(app, vault)
  const { id: vaultId, account, region, location } = vault
  return {
    format: 'brume-vault-key',
    version: 1,
    ...{ vaultId, name, account, region, location, key },
  }
}

/** @throws InvalidParameterValueException for what is no such file. */
export function vaultKeyFileOf(value: unknown): VaultKeyFile {
  const file = (value ?? {}) as Partial<VaultKeyFile>
  const isOurs = file.format === 'brume-vault-key' && file.version === 1
  const isWhole =
    VAULT_ID.test(file.vaultId ?? '') &&
    typeof file.name === 'string' &&
    Buffer.from(file.key ?? '', 'base64').length === 32
  if (!isOurs || !isWhole) throw invalidParameter('this is no key file of a vault')
  return file as VaultKeyFile
}

/**
 * A vault that this cloud knows nothing of, in the caller's account and region: its record, then those of all points
 * that are in it. Repeated, it adds the points that are not known yet.
 */
export interface VaultRecovered {
  vaultName: string
  vaultArn: string
  pointCount: number
  newPointCount: number
  points: (Pick<PointOfVault, 'pointId' | 'createdAt' | 'disks'> & { resourceArn: string | null })[]
}

export async function vaultRecover(
  app: App,
  scope: Scope,
  file: VaultKeyFile,
  location: string | null,
): Promise<VaultRecovered> {
  const { vaultId } = file
  const place = { vaultId, key: file.key, location: await placeLocation(app, vaultId, location) }
  // With another key, or at the wrong place, nothing is written.
  const found = await backupHostOf(anyHost(app)).points(place)
  if (found.length === 0) throw invalidParameter('there is no recovery point in this vault')
  const ctx = backgroundCtx(app, scope, 'recover')
  const known = await app.store.get('backupVault', vaultId)
  const isTaken = (await vaultFind(app.store, { ...scope, name: file.name })) !== undefined
  const name = isTaken ? `${file.name.slice(0, 40)}-${vaultId.slice(0, 8)}` : file.name
  const vault =
    known ??
    (await app.store.transact(async (tx): Promise<BackupVault> => {
      const key = await vaultKeyAdopt(ctx, tx, name, Buffer.from(file.key, 'base64'))
      const more = { policy: null, lock: null, notifications: null, creatorRequestId: null }
      // What kept the vault apart was the account that is gone; a lock is put on again by its owner.
      const isAirGapped = false
      const base = baseOf(ctx, {})
      return tx.insert('backupVault', {
        ...{ ...base, id: vaultId, name, key, location, isAirGapped, ...more, deletedAt: null },
      })
    }))
  const adopted = await pointsAdopt(app, vault)
  return {
    vaultName: vault.name,
    vaultArn: vaultArn(vault),
    pointCount: found.length,
    newPointCount: adopted.length,
    points: found.map(({ pointId, createdAt, description, disks }) => {
      const said = description['point'] as { resourceArn?: string } | undefined
      return { pointId, createdAt, resourceArn: said?.resourceArn ?? null, disks }
    }),
  }
}

/** By ARN or by id. */
export async function pointPlace(
  app: App,
  scope: Scope,
  word: string,
): Promise<{ place: VaultPlace; point: RecoveryPoint }> {
  const point = await app.store.get('backupPoint', parsePointArn(word)?.id ?? word)
  const vault = point && (await app.store.get('backupVault', point.vaultId))
  if (!vault || point.account !== scope.account || point.region !== scope.region) {
    throw resourceNotFound(`Recovery point ${word} does not exist`)
  }
  return { place: await vaultPlace(app, vault), point }
}

export async function vaultMust(app: App, scope: Scope, name: string): Promise<BackupVault> {
  const vault = await vaultFind(app.store, { ...scope, name })
  if (!vault || vault.deletedAt !== null) {
    throw resourceNotFound(`Backup vault ${name} does not exist`)
  }
  return vault
}

export async function locationMust(app: App, name: string): Promise<void> {
  if (!(await locationGet(app.store, name))) {
    throw invalidParameter(`No location is registered with the name ${name}`)
  }
}
