/** Copies of recovery points to other vaults, regions and accounts: as records, and their steps. */
import { randomUUID } from 'node:crypto'
import { parseVaultArn, vaultArn } from '../../domain/backup/arn.ts'
import { lifecycleProblem, lockProblem } from '../../domain/backup/lifecycle.ts'
import type {
  BackupVault,
  CopyAction,
  CopyJob,
  CreatedByPlan,
  RecoveryPoint,
} from '../../domain/backup/records.ts'
import { pointArn } from '../../domain/backup/arn.ts'
import { FaultError } from '../../domain/faults.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { App, Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { anyHost, backgroundCtx } from './background.ts'
import { invalidParameter, invalidRequest, reasonOf, resourceNotFound } from './faults.ts'
import { notify } from './notify.ts'
import { pointGet } from './points.ts'
import { retainedOf } from './retention.ts'
import { ATTEMPTS_MAX, isPaused, retryDelayMs } from './retry.ts'
import { roleChecked } from './roles.ts'
import { mayCopyAcross } from './settings.ts'
import { vaultPlace } from './vault-key.ts'
import { vaultFind, vaultGet, vaultUsed } from './vaults.ts'
import { mayCopyInto } from './vault-policy.ts'
import { workCancel, workFollow, workForget } from './work.ts'

export interface CopyRequest {
  pointArn: string
  sourceVaultName: string
  destinationVaultArn: string
  roleArn: string
  idempotencyToken: string | null
  lifecycle: CopyAction['lifecycle']
}

export async function copyStart(ctx: Ctx, request: CopyRequest): Promise<CopyJob> {
  roleChecked(ctx, request.roleArn)
  const problem = request.lifecycle && lifecycleProblem(request.lifecycle)
  if (problem) throw invalidParameter(problem)
  const destination = parseVaultArn(request.destinationVaultArn)
  if (!destination) throw invalidParameter(`Invalid ARN of a vault: ${request.destinationVaultArn}`)
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'StartCopyJob', request.idempotencyToken, async () => {
      const vault = await vaultGet(ctx, request.sourceVaultName, tx)
      const point = await pointGet(ctx, vault, request.pointArn, tx)
      if (vaultArn(vault) === request.destinationVaultArn) {
        throw invalidParameter('A copy goes to another vault than its source')
      }
      if (point.state !== 'COMPLETED') {
        throw invalidRequest(`Recovery point ${request.pointArn} is ${point.state}`)
      }
      const isOwn = destination.account === ctx.account
      if (isOwn && !(await vaultFind(tx, destination))) {
        throw resourceNotFound(`Backup vault ${request.destinationVaultArn} does not exist`)
      }
      const { lifecycle, roleArn, destinationVaultArn } = request
      const action = { lifecycle, vaultArn: destinationVaultArn }
      return (await copyInsert(ctx, tx, point, action, { roleArn })).id
    }),
  )
  ctx.app.activate('backupJobs')
  return copyGet(ctx, result)
}

export async function copyInsert(
  ctx: Ctx,
  tx: StoreTransaction,
  point: RecoveryPoint,
  action: CopyAction,
  by: { roleArn?: string; createdBy?: { id: string; createdBy: CreatedByPlan | null } },
): Promise<CopyJob> {
  return tx.insert('backupCopyJob', {
    ...baseOf(ctx),
    id: randomUUID(),
    resourceArn: point.resourceArn,
    resourceType: point.resourceType,
    resourceName: point.resourceName,
    roleArn: by.roleArn ?? point.roleArn,
    state: 'CREATED',
    message: null,
    percentDone: 0,
    sizeBytes: point.sizeBytes,
    endedAt: null,
    attempts: 0,
    retryAt: null,
    sourceVaultArn: vaultArn({ ...point, name: point.vaultName }),
    sourcePointId: point.id,
    destinationVaultArn: action.vaultArn,
    destinationPointId: randomUUID(),
    createdBy: by.createdBy?.createdBy ?? null,
    createdByJobId: by.createdBy?.id ?? null,
    lifecycle: action.lifecycle,
  })
}

/** @throws ResourceNotFoundException */
export async function copyGet(ctx: Ctx, id: string): Promise<CopyJob> {
  const job = await ctx.app.store.get('backupCopyJob', id)
  if (job?.account === ctx.account && job.region === ctx.region) return job
  throw resourceNotFound(`Copy job ${id} does not exist`)
}

/** True when something changed. */
export async function copyStep(app: App, job: CopyJob, hasRoom: boolean): Promise<boolean> {
  if (isPaused(job.retryAt, app.clock.now())) return false
  if (job.state === 'CREATED' && !hasRoom) return false
  try {
    const vaults = await placesOf(app, job)
    return job.state === 'CREATED' ? await begin(app, job, vaults) : await run(app, job, vaults)
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    return copyEnd(app, job, 'FAILED', reasonOf(error))
  }
}

interface Vaults {
  source: BackupVault
  target: BackupVault
  point: RecoveryPoint
}

/** @throws FaultError for a copy that cannot be, or may not. */
async function placesOf(app: App, job: CopyJob): Promise<Vaults> {
  const point = await app.store.get('backupPoint', job.sourcePointId)
  const source = point && (await app.store.get('backupVault', point.vaultId))
  if (!point || !source) throw resourceNotFound('The recovery point is gone')
  const destination = parseVaultArn(job.destinationVaultArn)
  const target = destination && (await vaultFind(app.store, destination))
  const isOther = destination?.account !== job.account
  const ctx = backgroundCtx(app, job, job.id)
  const isAllowed =
    target !== undefined &&
    (!isOther ||
      ((await mayCopyAcross(ctx, target.account)) && mayCopyInto(target, job.account, job.roleArn)))
  if (!target && !isOther) throw resourceNotFound(`${job.destinationVaultArn} does not exist`)
  if (!isAllowed) {
    throw invalidRequest(
      `Access denied trying to call AWS Backup service: ${job.destinationVaultArn} takes no ` +
        'copies of this account (its access policy, the organization, and the setting ' +
        'isCrossAccountBackupEnabled must allow them)',
    )
  }
  return { source, target: target!, point }
}

async function begin(app: App, job: CopyJob, { target, point }: Vaults): Promise<boolean> {
  const problem = lockProblem(target.lock, job.lifecycle)
  if (problem) throw invalidRequest(`Copy job failed because ${problem}`)
  await app.store.transact(async (tx) => {
    const now = await tx.get('backupCopyJob', job.id)
    if (now?.state !== 'CREATED') return
    await tx.insert('backupPoint', {
      ...point,
      id: job.destinationPointId,
      account: target.account,
      region: target.region,
      generation: 0,
      createdAt: app.clock.now(),
      vaultId: target.id,
      vaultName: target.name,
      copyOf: { vaultArn: job.sourceVaultArn, pointArn: pointArn(point) },
      state: 'CREATING',
      completedAt: null,
      lifecycle: job.lifecycle,
      isCold: false,
      lastRestoreAt: null,
      baseline: null,
      token: null,
    })
    await vaultUsed(tx, target.id, app.clock.now())
    await tx.update('backupCopyJob', { ...now, state: 'RUNNING' })
  })
  notifyCopy(app, target, job, 'STARTED')
  return true
}

async function run(app: App, job: CopyJob, { source, target, point }: Vaults): Promise<boolean> {
  const from = await vaultPlace(app, source)
  const to = await vaultPlace(app, target)
  const newPointId = job.destinationPointId
  const copied = await app.store.get('backupPoint', newPointId)
  const retained = copied ? retainedOf(target, copied, app.clock.now()) : {}
  const work = { type: 'copy', from, to, pointId: point.id, newPointId, ...retained } as const
  const { outcome, doneBytes, totalBytes } = await workFollow(job.id, work, anyHost(app))
  if (outcome === null) {
    const percentDone = totalBytes ? Math.min(99, Math.floor((doneBytes / totalBytes) * 100)) : 0
    if (percentDone !== job.percentDone) await copyChange(app, job, { percentDone })
    return false
  }
  await workForget(app, job.id)
  if (outcome.isDone) {
    const { notRetained } = outcome.result
    const message = notRetained ? `not kept from being removed: ${notRetained}` : null
    return copyEnd(app, job, 'COMPLETED', message)
  }
  if (outcome.isFinal || job.attempts + 1 >= ATTEMPTS_MAX) {
    return copyEnd(app, job, 'FAILED', outcome.reason)
  }
  const retryAt = app.clock.now() + retryDelayMs(job.attempts)
  return copyChange(app, job, { attempts: job.attempts + 1, retryAt, message: outcome.reason })
}

async function copyChange(app: App, job: CopyJob, change: Partial<CopyJob>): Promise<boolean> {
  await app.store.transact(async (tx) => {
    const now = await tx.get('backupCopyJob', job.id)
    if (now?.state === job.state) await tx.update('backupCopyJob', { ...now, ...change })
  })
  return true
}

async function copyEnd(
  app: App,
  job: CopyJob,
  state: 'COMPLETED' | 'FAILED',
  message: string | null,
): Promise<boolean> {
  const isDone = state === 'COMPLETED'
  // Nothing is written any more when what was written is deleted.
  if (!isDone) await workCancel(app, job.id)
  const vault = await app.store.transact(async (tx) => {
    const now = await tx.get('backupCopyJob', job.id)
    if (now?.state !== job.state) return undefined
    const endedAt = app.clock.now()
    const percentDone = isDone ? 100 : now.percentDone
    await tx.update('backupCopyJob', {
      ...now,
      state,
      message,
      endedAt,
      percentDone,
      retryAt: null,
    })
    const copy = await tx.get('backupPoint', job.destinationPointId)
    if (copy?.state === 'CREATING') {
      if (isDone) await vaultUsed(tx, copy.vaultId, endedAt)
      if (isDone)
        await tx.update('backupPoint', { ...copy, state: 'COMPLETED', completedAt: endedAt })
      // It may be whole in the vault all the same.
      else await tx.update('backupPoint', { ...copy, state: 'DELETING' })
    }
    return copy && (await tx.get('backupVault', copy.vaultId))
  })
  app.log.info({ job: job.id, state, message }, 'copy of a recovery point ended')
  if (!isDone) app.activate('backupAges')
  if (vault) notifyCopy(app, vault, job, isDone ? 'SUCCESSFUL' : 'FAILED')
  return true
}

function notifyCopy(app: App, vault: BackupVault, job: CopyJob, word: string): void {
  const details = {
    CopyJobId: job.id,
    ResourceArn: job.resourceArn,
    ResourceType: job.resourceType,
  }
  notify(app, vault, { event: `COPY_JOB_${word}`, details })
}
