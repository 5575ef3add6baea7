/** Recovery points: found, changed, deleted. What becomes of them with time: ages.ts. */
import { parsePointArn, pointArn } from '../../domain/backup/arn.ts'
import { deleteAt, lifecycleProblem, lockProblem } from '../../domain/backup/lifecycle.ts'
import type {
  BackupVault,
  LegalHold,
  Lifecycle,
  RecoveryPoint,
} from '../../domain/backup/records.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { scopeOf } from '../network/scope.ts'
import { invalidParameter, invalidRequest, invalidState, resourceNotFound } from './faults.ts'
import { notify } from './notify.ts'
import { upkeepSetting, vaultGet } from './vaults.ts'

/** @throws ResourceNotFoundException */
export async function pointGet(
  ctx: Ctx,
  vault: BackupVault,
  arn: string,
  reader: StoreReader = ctx.app.store,
): Promise<RecoveryPoint> {
  const parsed = parsePointArn(arn)
  if (!parsed) throw invalidParameter(`Invalid recovery point ARN: ${arn}`)
  const point = await reader.get('backupPoint', parsed.id)
  if (point?.vaultId === vault.id && pointArn(point) === arn) return point
  throw resourceNotFound(`Recovery point ${arn} does not exist in the vault ${vault.name}`)
}

/** Of a request that names only the point. @throws ResourceNotFoundException */
export async function pointOfArn(
  ctx: Ctx,
  arn: string,
  reader: StoreReader = ctx.app.store,
): Promise<RecoveryPoint> {
  const parsed = parsePointArn(arn)
  if (!parsed) throw invalidParameter(`Invalid recovery point ARN: ${arn}`)
  const point = await reader.get('backupPoint', parsed.id)
  const isOwn = point?.account === ctx.account && point.region === ctx.region
  if (isOwn && pointArn(point) === arn) return point
  throw resourceNotFound(`Recovery point ${arn} does not exist`)
}

export async function pointsOfVault(ctx: Ctx, name: string): Promise<RecoveryPoint[]> {
  const vault = await vaultGet(ctx, name)
  return ctx.app.store.list('backupPoint', { reference: { name: 'vault', value: vault.id } })
}

export async function pointsOfAccount(ctx: Ctx): Promise<RecoveryPoint[]> {
  return ctx.app.store.list('backupPoint', scopeOf(ctx))
}

/** Of the vault it was copied from or made in: whether a hold keeps the point. */
export function isHeldBy(hold: LegalHold, point: RecoveryPoint): boolean {
  if (hold.state !== 'ACTIVE') return false
  const { vaultNames, resourceArns, range } = hold
  if (vaultNames.length > 0 && !vaultNames.includes(point.vaultName)) return false
  if (resourceArns.length > 0 && !resourceArns.includes(point.resourceArn)) return false
  if (range === null) return true
  return point.createdAt >= range.from && point.createdAt <= range.to
}

export async function holdsOn(reader: StoreReader, point: RecoveryPoint): Promise<LegalHold[]> {
  const { account, region } = point
  const reference = { name: 'active', value: 'yes' }
  const holds = await reader.list('backupHold', { account, region, reference })
  return holds.filter((hold) => isHeldBy(hold, point))
}

/** It is gone for its users once its content is gone from the vault. */
export async function pointDelete(ctx: Ctx, vaultName: string, arn: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const vault = await vaultGet(ctx, vaultName, tx)
    const point = await pointGet(ctx, vault, arn, tx)
    if (point.state === 'DELETING') return
    if (point.state === 'CREATING') {
      throw invalidState(`Recovery point ${arn} is CREATING and cannot be deleted`)
    }
    if (vault.lock !== null) {
      throw invalidRequest(
        `Recovery point ${arn} cannot be deleted: the vault ${vault.name} is locked`,
      )
    }
    if ((await holdsOn(tx, point)).length > 0) {
      throw invalidRequest('Recovery point cannot be deleted because it has active legal hold(s)')
    }
    await tx.update('backupPoint', { ...point, state: 'DELETING' })
  })
  ctx.app.activate('backupAges')
}

export async function pointLifecycleChange(
  ctx: Ctx,
  vaultName: string,
  arn: string,
  lifecycle: Lifecycle | null,
): Promise<RecoveryPoint> {
  const problem = lifecycle && lifecycleProblem(lifecycle)
  if (problem) throw invalidParameter(problem)
  const changed = await ctx.app.store.transact(async (tx) => {
    const vault = await vaultGet(ctx, vaultName, tx)
    const point = await pointGet(ctx, vault, arn, tx)
    if (point.state === 'DELETING' || point.state === 'CREATING') {
      throw invalidRequest(`Recovery point ${arn} is ${point.state}`)
    }
    const before = point.lifecycle?.coldAfterDays ?? null
    if (point.isCold && before !== (lifecycle?.coldAfterDays ?? null)) {
      throw invalidRequest(
        'MoveToColdStorageAfterDays cannot be changed after a backup has been transitioned to cold',
      )
    }
    if (vault.lock) lockCheck(vault, point, lifecycle)
    // One that was kept beyond its retention is in its retention again.
    const state = point.state === 'EXPIRED' ? 'COMPLETED' : point.state
    // Where the place keeps it (retention.ts), it is told at once.
    if (vault.lock) await tx.settingPut(upkeepSetting('retained', vault.id), '0')
    return tx.update('backupPoint', { ...point, lifecycle, state })
  })
  const vault = await ctx.app.store.get('backupVault', changed.vaultId)
  const details = { RecoveryPointArn: arn, ResourceArn: changed.resourceArn }
  notify(ctx.app, vault, { event: 'RECOVERY_POINT_MODIFIED', details })
  ctx.app.activate('backupAges')
  return changed
}

/** In a locked vault a retention can only grow, and stays within the lock's bounds. */
function lockCheck(vault: BackupVault, point: RecoveryPoint, after: Lifecycle | null): void {
  const problem = lockProblem(vault.lock, after)
  if (problem) throw invalidRequest(`The lifecycle cannot be: ${problem}`)
  const was = deleteAt(point.lifecycle, point.createdAt) ?? Infinity
  const is = deleteAt(after, point.createdAt) ?? Infinity
  if (is < was) throw invalidRequest('The retention cannot be shortened: the vault is locked')
}

/** Its content stays where it is: as AWS, only for continuous backups, of which there are none. */
export function disassociationRefusal(arn: string) {
  return invalidRequest(`Recovery point ${arn} is no continuous backup and has no parent`)
}

/** Whether somebody reads it now: it goes when they are done. */
export async function isInUse(app: App, point: RecoveryPoint): Promise<boolean> {
  const open = { reference: { name: 'open', value: 'yes' } }
  const [backups, copies, restores] = await Promise.all([
    app.store.list('backupJob', open),
    app.store.list('backupCopyJob', open),
    app.store.list('backupRestoreJob', open),
  ])
  return (
    backups.some((job) => job.frozen?.basePointId === point.id) ||
    copies.some((job) => job.sourcePointId === point.id) ||
    restores.some((job) => job.pointId === point.id)
  )
}
