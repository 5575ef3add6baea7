/** Restores: always of a new resource. As records, and their steps; what is made is the handlers' (resources/). */
import { randomUUID } from 'node:crypto'
import type { VaultPlace } from '../../domain/backup.ts'
import type { BackupVault, RecoveryPoint, RestoreJob } from '../../domain/backup/records.ts'
import { FaultError } from '../../domain/faults.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { App, Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { anyHost, backgroundCtx } from './background.ts'
import {
  invalidParameter,
  invalidRequest,
  missingParameter,
  reasonOf,
  resourceNotFound,
} from './faults.ts'
import { handlerMust } from './jobs.ts'
import { notify } from './notify.ts'
import { pointOfArn } from './points.ts'
import type { RestoreState, RestoreStep } from './resources/handler.ts'
import { volumesDiscard } from './resources/restore-volumes.ts'
import { isPaused, RESTORE_ATTEMPTS_MAX, retryDelayMs } from './retry.ts'
import { roleChecked } from './roles.ts'
import { vaultPlace } from './vault-key.ts'
import { workFollow, workForget } from './work.ts'

export interface RestoreRequest {
  pointArn: string
  metadata: Readonly<Record<string, string>>
  roleArn: string | null
  idempotencyToken: string | null
  resourceType: string | null
  areTagsCopied: boolean
}

export async function restoreStart(ctx: Ctx, request: RestoreRequest): Promise<RestoreJob> {
  const { roleArn } = request
  // Without a role that the caller may pass nothing is made in the account.
  if (roleArn === null) throw missingParameter('IamRoleArn is required')
  roleChecked(ctx, roleArn)
  const point = await pointOfArn(ctx, request.pointArn)
  const handler = handlerMust(point.resourceType)
  if (request.resourceType !== null && request.resourceType !== point.resourceType) {
    throw invalidParameter(
      `ResourceType ${request.resourceType} does not match the recovery point, which is of ${point.resourceType}`,
    )
  }
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'StartRestoreJob', request.idempotencyToken, async () => {
      if (point.state !== 'COMPLETED' && point.state !== 'EXPIRED') {
        throw invalidRequest(`Recovery point ${request.pointArn} is ${point.state}`)
      }
      await handler.restoreCheck({ ...ctx }, point, request.metadata)
      const { metadata, areTagsCopied } = request
      const more = { metadata, areTagsCopied, test: null, made: {} }
      const job = restoreOf(ctx, point, { ...more, roleArn })
      return (await tx.insert('backupRestoreJob', job)).id
    }),
  )
  ctx.app.activate('backupJobs')
  return restoreGet(ctx, result)
}

export function restoreOf(
  ctx: Ctx,
  point: Awaited<ReturnType<typeof pointOfArn>>,
  more: Pick<RestoreJob, 'metadata' | 'areTagsCopied' | 'test' | 'roleArn' | 'made'>,
): RestoreJob {
  return {
    ...baseOf(ctx),
    ...more,
    id: randomUUID(),
    resourceArn: point.resourceArn,
    resourceType: point.resourceType,
    resourceName: point.resourceName,
    vaultId: point.vaultId,
    pointId: point.id,
    state: 'PENDING',
    message: null,
    percentDone: 0,
    sizeBytes: point.sizeBytes,
    endedAt: null,
    attempts: 0,
    retryAt: null,
    createdResourceArn: null,
    validation: null,
    deletion: null,
  }
}

/** @throws ResourceNotFoundException */
export async function restoreGet(ctx: Ctx, id: string): Promise<RestoreJob> {
  const job = await ctx.app.store.get('backupRestoreJob', id)
  if (job?.account === ctx.account && job.region === ctx.region) return job
  throw resourceNotFound(`Restore job ${id} does not exist`)
}

/** True when something changed. */
export async function restoreJobStep(
  app: App,
  job: RestoreJob,
  hasRoom: boolean,
): Promise<boolean> {
  if (job.state === 'PENDING' && !hasRoom) return false
  if (isPaused(job.retryAt, app.clock.now())) return false
  const point = await app.store.get('backupPoint', job.pointId)
  const vault = await app.store.get('backupVault', job.vaultId)
  if (!point || !vault) {
    return restoreEnd(app, job, { state: 'failed', reason: 'The point is gone' })
  }
  if (job.state === 'PENDING') {
    await restoreChange(app, job, { state: 'RUNNING' })
    notify(app, vault, { event: 'RESTORE_JOB_STARTED', details: detailsOf(job) })
    return true
  }
  const works: string[] = []
  let state = await handlerStep(app, job, point, vault, works)
  if (state.state === 'again') {
    for (const id of works) await workForget(app, id)
    if (job.attempts + 1 < RESTORE_ATTEMPTS_MAX) return again(app, job, state.reason)
    state = { ...state, state: 'failed' }
  }
  if (state.state === 'running') {
    const total = point.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)
    const percentDone = total ? Math.min(99, Math.floor((state.doneBytes / total) * 100)) : 0
    const createdResourceArn = state.arn ?? job.createdResourceArn
    const isNew = createdResourceArn !== job.createdResourceArn || percentDone !== job.percentDone
    if (isNew) await restoreChange(app, job, { percentDone, createdResourceArn })
    return false
  }
  await restoreEnd(app, job, state)
  for (const id of works) await workForget(app, id)
  return true
}

/** `works`: the ids of what it stated. */
async function handlerStep(
  app: App,
  job: RestoreJob,
  point: RecoveryPoint,
  vault: BackupVault,
  works: string[],
): Promise<RestoreState> {
  let place: VaultPlace
  try {
    place = await vaultPlace(app, vault)
  } catch (error) {
    // A key that is disabled may be enabled again.
    if (error instanceof FaultError) return { state: 'again', reason: reasonOf(error) }
    throw error
  }
  const step: RestoreStep = {
    ctx: backgroundCtx(app, job, job.id),
    job,
    point,
    vault,
    place,
    work: (name, work, host) => {
      works.push(`${job.id}/${name}`)
      return workFollow(`${job.id}/${name}`, work, host ?? anyHost(app))
    },
    keep: async (made, tx) => {
      const write = async (to: StoreTransaction): Promise<void> => {
        const now = await to.get('backupRestoreJob', job.id)
        if (now) await to.update('backupRestoreJob', { ...now, made: { ...now.made, ...made } })
      }
      await (tx ? write(tx) : app.store.transact(write))
    },
  }
  try {
    return await handlerMust(job.resourceType).restore(step)
  } catch (error) {
    if (error instanceof FaultError) return { state: 'failed', reason: reasonOf(error) }
    throw error
  }
}

/** What is made stays, and is gone on with after a pause. */
async function again(app: App, job: RestoreJob, message: string): Promise<boolean> {
  app.log.warn({ job: job.id, message, attempt: job.attempts + 1 }, 'a restore is tried again')
  const retryAt = app.clock.now() + retryDelayMs(job.attempts)
  await restoreChange(app, job, { attempts: job.attempts + 1, retryAt, message })
  return true
}

async function restoreChange(
  app: App,
  { id, state }: RestoreJob,
  change: Partial<RestoreJob>,
): Promise<void> {
  await app.store.transact(async (tx) => {
    const now = await tx.get('backupRestoreJob', id)
    if (now?.state === state) await tx.update('backupRestoreJob', { ...now, ...change })
  })
}

async function restoreEnd(
  app: App,
  job: RestoreJob,
  ended: Extract<RestoreState, { state: 'done' | 'failed' }>,
): Promise<boolean> {
  const isDone = ended.state === 'done'
  const endedAt = app.clock.now()
  await app.store.transact(async (tx) => {
    const now = await tx.get('backupRestoreJob', job.id)
    if (now?.state !== job.state) return
    await tx.update('backupRestoreJob', {
      ...now,
      state: isDone ? 'COMPLETED' : 'FAILED',
      message: isDone ? (ended.message ?? null) : ended.reason,
      percentDone: isDone ? 100 : now.percentDone,
      createdResourceArn: isDone ? ended.arn : null,
      endedAt,
      validation: isDone && now.test ? { state: 'VALIDATING', message: null } : null,
    })
    const point = await tx.get('backupPoint', job.pointId)
    if (isDone && point) await tx.update('backupPoint', { ...point, lastRestoreAt: endedAt })
    // With it: nobody looks at a job that has ended.
    if (!isDone) await volumesDiscard(tx, now)
  })
  if (!isDone) app.activate('volumes')
  app.log.info({ job: job.id, ...ended }, 'restore ended')
  const vault = await app.store.get('backupVault', job.vaultId)
  const details = { ...detailsOf(job), State: isDone ? 'COMPLETED' : 'FAILED' }
  notify(app, vault, { event: 'RESTORE_JOB_COMPLETED', details })
  notify(app, vault, { event: `RESTORE_JOB_${isDone ? 'SUCCESSFUL' : 'FAILED'}`, details })
  app.activate('backupTests')
  return true
}

const detailsOf = (job: RestoreJob) => ({
  RestoreJobId: job.id,
  ResourceArn: job.resourceArn,
  ResourceType: job.resourceType,
})
