/** Backup vaults: made, found, described, locked, deleted. Source: AWS Backup API reference. */
import { randomUUID } from 'node:crypto'
import { vaultArn, type Place } from '../../domain/backup/arn.ts'
import type { BackupVault, VaultLock } from '../../domain/backup/records.ts'
import { DAY_MS } from '../../domain/backup/sizes.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import {
  alreadyExists,
  invalidParameter,
  invalidRequest,
  limitExceeded,
  resourceNotFound,
} from './faults.ts'
import { tagsChecked } from './tags.ts'
import { LOCATION_TAG, locationGet, vaultKeyMake } from './vault-key.ts'

/** AWS's default quota in a region. */
const VAULTS_MAX = 100
const RETENTION_DAYS_MAX = 36_500
const COOLING_DAYS_MIN = 3

export interface VaultRequest {
  name: string
  keyId: string | null
  tags: Tags
  creatorRequestId: string | null
  /** Of a logically air-gapped one. */
  airGap?: { minRetentionDays: number; maxRetentionDays: number }
}

export async function vaultCreate(ctx: Ctx, request: VaultRequest): Promise<BackupVault> {
  const { name, keyId, creatorRequestId, airGap } = request
  if (airGap) retentionCheck({ ...airGap, changeableForDays: null })
  const tags = tagsChecked(request.tags)
  return ctx.app.store.transact(async (tx) => {
    const known = await vaultFind(tx, { ...ctx, name })
    if (known) {
      const isRepeated = creatorRequestId !== null && known.creatorRequestId === creatorRequestId
      if (isRepeated) return known
      throw alreadyExists(`Backup vault with the same name already exists: ${name}`, {
        Arn: vaultArn(known),
        CreatorRequestId: known.creatorRequestId ?? undefined,
      })
    }
    if ((await vaultsOf(ctx, tx)).length >= VAULTS_MAX) {
      throw limitExceeded(`At most ${VAULTS_MAX} backup vaults in a region`)
    }
    const location = tags[LOCATION_TAG] ?? null
    if (location !== null && !(await locationGet(tx, location))) {
      throw invalidParameter(`No location is registered with the name ${location}`)
    }
    return tx.insert('backupVault', {
      ...baseOf(ctx, tags),
      id: randomUUID(),
      name,
      key: await vaultKeyMake(ctx, tx, name, keyId),
      location,
      policy: null,
      isAirGapped: airGap !== undefined,
      lock: airGap ? { ...airGap, lockedAt: ctx.app.clock.now() } : null,
      notifications: null,
      creatorRequestId,
      deletedAt: null,
    })
  })
}

export async function vaultFind(
  reader: StoreReader,
  { account, region, name }: Place & { name: string },
): Promise<BackupVault | undefined> {
  const reference = { name: 'name', value: name }
  return (await reader.list('backupVault', { account, region, reference }))[0]
}

export async function vaultsOf(
  ctx: Ctx,
  reader: StoreReader = ctx.app.store,
): Promise<BackupVault[]> {
  const vaults = await reader.list('backupVault', scopeOf(ctx))
  return vaults.filter((vault) => vault.deletedAt === null)
}

/** @throws ResourceNotFoundException */
export async function vaultGet(
  ctx: Ctx,
  name: string,
  reader: StoreReader = ctx.app.store,
): Promise<BackupVault> {
  const vault = await vaultFind(reader, { ...scopeOf(ctx), name })
  if (!vault) throw resourceNotFound(`Backup vault ${name} does not exist`)
  return vault
}

export async function vaultChange(
  ctx: Ctx,
  name: string,
  change: (vault: BackupVault, tx: StoreTransaction) => BackupVault | Promise<BackupVault>,
): Promise<BackupVault> {
  return ctx.app.store.transact(async (tx) => {
    return tx.update('backupVault', await change(await vaultGet(ctx, name, tx), tx))
  })
}

export async function pointsCount(reader: StoreReader, vaultId: string): Promise<number> {
  return reader.count('backupPoint', { reference: { name: 'vault', value: vaultId } })
}

/** @throws InvalidRequestException while it holds something, or is about to. */
export async function vaultDelete(ctx: Ctx, name: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const vault = await vaultGet(ctx, name, tx)
    const reference = { name: 'vault', value: vault.id }
    const isBusy = (await tx.count('backupJob', { reference })) > 0
    const open = { reference: { name: 'open', value: 'yes' } }
    const copies = await tx.list('backupCopyJob', open)
    const isTarget = copies.some((copy) => copy.destinationVaultArn === vaultArn(vault))
    if ((await pointsCount(tx, vault.id)) > 0 || isBusy || isTarget) {
      throw invalidRequest('Backup vault cannot be deleted because it contains recovery points.')
    }
    await tx.update('backupVault', { ...vault, deletedAt: ctx.app.clock.now() })
  })
  ctx.app.activate('backupAges')
}

export type UpkeepTask = 'collected' | 'verified' | 'retained'

/** When a vault's upkeep was last done. */
export function upkeepSetting(task: UpkeepTask, vaultId: string): string {
  return `backup-${task}:${vaultId}`
}

/** AWS gives every account a vault of this name; here it is made when it is first meant. */
const DEFAULT_NAME = 'Default'

export async function defaultVaultEnsure(ctx: Ctx, names: readonly string[]): Promise<void> {
  if (!names.includes(DEFAULT_NAME)) return
  if (await vaultFind(ctx.app.store, { ...scopeOf(ctx), name: DEFAULT_NAME })) return
  const request = { name: DEFAULT_NAME, keyId: null, tags: {}, creatorRequestId: DEFAULT_NAME }
  await vaultCreate(ctx, request)
}

/** From its first work on a vault has upkeep (upkeep.ts): what fails leaves something there, too. */
export async function vaultUsed(tx: StoreTransaction, vaultId: string, now: number): Promise<void> {
  for (const task of ['collected', 'verified'] as const) {
    const name = upkeepSetting(task, vaultId)
    if ((await tx.setting(name)) === undefined) await tx.settingPut(name, String(now))
  }
}

export interface LockRequest {
  minRetentionDays: number | null
  maxRetentionDays: number | null
  changeableForDays: number | null
}

/** Whether nobody can change it any more. */
export function lockIsFinal(lock: VaultLock | null, now: number): boolean {
  return lock !== null && lock.lockedAt !== null && (lock.isFinal === true || lock.lockedAt <= now)
}

function retentionCheck({ minRetentionDays, maxRetentionDays }: LockRequest): void {
  if (minRetentionDays !== null && minRetentionDays < 1) {
    throw invalidParameter('MinRetentionDays is at least 1')
  }
  if (
    maxRetentionDays !== null &&
    (maxRetentionDays < 1 || maxRetentionDays > RETENTION_DAYS_MAX)
  ) {
    throw invalidParameter(`MaxRetentionDays is between 1 and ${RETENTION_DAYS_MAX}`)
  }
  if (minRetentionDays !== null && minRetentionDays > (maxRetentionDays ?? RETENTION_DAYS_MAX)) {
    throw invalidParameter('MinRetentionDays cannot be greater than MaxRetentionDays')
  }
}

export async function vaultLock(ctx: Ctx, name: string, request: LockRequest): Promise<void> {
  retentionCheck(request)
  const { minRetentionDays, maxRetentionDays, changeableForDays } = request
  const days = changeableForDays
  if (days !== null && (days < COOLING_DAYS_MIN || days > RETENTION_DAYS_MAX)) {
    throw invalidParameter(
      `ChangeableForDays is between ${COOLING_DAYS_MIN} and ${RETENTION_DAYS_MAX}`,
    )
  }
  await vaultChange(ctx, name, (vault) => {
    const now = ctx.app.clock.now()
    if (lockIsFinal(vault.lock, now)) throw lockRefusal(vault)
    const lockedAt = days === null ? null : now + days * DAY_MS
    return { ...vault, lock: { minRetentionDays, maxRetentionDays, lockedAt } }
  })
}

export async function vaultUnlock(ctx: Ctx, name: string): Promise<void> {
  await vaultChange(ctx, name, (vault) => {
    if (lockIsFinal(vault.lock, ctx.app.clock.now())) throw lockRefusal(vault)
    return { ...vault, lock: null }
  })
}

function lockRefusal({ name, lock }: BackupVault) {
  const since = new Date(lock!.lockedAt!).toISOString()
  return invalidRequest(
    `Vault Lock configuration of ${name} is immutable since ${since} and cannot be changed.`,
  )
}
