/**
 * One step of a backup job: CREATED, until its resource can be fixed and there is room; PENDING, while its content is
 * being fixed; RUNNING, while its host writes it into the vault. Each step reads the records, does what is next, writes
 * what came of it, and may be repeated after a crash at any line.
 */
import type { BackupResult } from '../../domain/backup.ts'
import { lockProblem } from '../../domain/backup/lifecycle.ts'
import type { BackupJob, RecoveryPoint } from '../../domain/backup/records.ts'
import { pointArn } from '../../domain/backup/arn.ts'
import { MINUTE_MS } from '../../domain/backup/sizes.ts'
import { FaultError } from '../../domain/faults.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App } from '../context.ts'
import { backgroundCtx } from './background.ts'
import { copyInsert } from './copies.ts'
import { reasonOf } from './faults.ts'
import { AIR_GAPPED, handlerMust } from './jobs.ts'
import { notify } from './notify.ts'
import { retainedOf } from './retention.ts'
import { ATTEMPTS_MAX, isPaused, retryDelayMs } from './retry.ts'
import { vaultPlace } from './vault-key.ts'
import { vaultUsed } from './vaults.ts'
import { workCancel, workFollow, workForget } from './work.ts'

/** True when something changed, so that it is worth looking again at once. */
export async function backupStep(app: App, job: BackupJob, hasRoom: boolean): Promise<boolean> {
  const now = app.clock.now()
  if (job.state === 'ABORTING') return jobEnd(app, job, 'ABORTED', job.message)
  if (job.state !== 'RUNNING' && now > job.startBy) {
    return jobEnd(
      app,
      job,
      'EXPIRED',
      job.message ?? 'The job did not start within its start window',
    )
  }
  if (job.startedAt !== null && now > job.startedAt + job.completionMinutes * MINUTE_MS) {
    const message = 'The job did not complete within its completion window'
    return jobChange(app, job, (one) => ({ ...one, state: 'ABORTING', message, isLate: true }))
  }
  if (isPaused(job.retryAt, now)) return false
  if (job.state !== 'CREATED') return run(app, job)
  if (hasRoom) return begin(app, job)
  await app.store.transact((tx) => waits(tx, job.id, 'It waits for others that run to end'))
  return false
}

async function begin(app: App, job: BackupJob): Promise<boolean> {
  const ctx = backgroundCtx(app, job, job.id)
  const handler = handlerMust(job.resourceType)
  try {
    return await app.store.transact(async (tx) => {
      const now = await tx.get('backupJob', job.id)
      const vault = await tx.get('backupVault', job.vaultId)
      if (now?.state !== 'CREATED') return false
      if (!vault) throw new JobProblem(`Backup vault ${job.vaultName} does not exist`)
      if (vault.isAirGapped) throw new JobProblem(AIR_GAPPED)
      const problem = lockProblem(vault.lock, job.lifecycle)
      if (problem) throw new JobProblem(`Backup job failed because ${problem}`)
      if (await isBusy(tx, job)) {
        return waits(tx, job.id, 'It waits for another backup of the resource to end')
      }
      const frozen = await handler.begin(ctx, tx, now)
      if (frozen === null) return false
      if (typeof frozen === 'string') return waits(tx, job.id, frozen)
      const base = await basePointOf(tx, job)
      const withBase = { ...frozen, basePointId: base?.id ?? null }
      await tx.insert('backupPoint', pointOf(app, now, frozen.description))
      await tx.update('backupJob', {
        ...now,
        state: 'PENDING',
        frozen: withBase,
        retryAt: null,
        message: null,
      })
      return true
    })
  } catch (error) {
    if (!(error instanceof FaultError) && !(error instanceof JobProblem)) throw error
    return jobEnd(app, job, 'FAILED', reasonOf(error))
  }
}

/** Says why it does not begin yet; written once. */
async function waits(tx: StoreTransaction, id: string, message: string): Promise<false> {
  const job = await tx.get('backupJob', id)
  if (job?.state === 'CREATED' && job.message !== message) {
    await tx.update('backupJob', { ...job, message })
  }
  return false
}

/** The job's fault, or its vault's: it fails and says so. */
class JobProblem extends Error {
  override name = 'JobProblem'
}

/** One backup of a resource at a time, into whatever vault. */
async function isBusy(tx: StoreReader, job: BackupJob): Promise<boolean> {
  const reference = { name: 'busy', value: job.resourceArn }
  const others = await tx.list('backupJob', { reference })
  return others.some((one) => one.id !== job.id)
}

/** The newest point of the resource in the vault whose layers or state are still there to compare with. */
async function basePointOf(
  reader: StoreReader,
  job: BackupJob,
): Promise<RecoveryPoint | undefined> {
  const reference = { name: 'base', value: job.resourceArn }
  const points = await reader.list('backupPoint', { reference })
  return points
    .filter((one) => one.vaultId === job.vaultId && one.state === 'COMPLETED' && !one.damage)
    .sort((a, b) => b.createdAt - a.createdAt)[0]
}

function pointOf(
  app: App,
  job: BackupJob,
  description: Readonly<Record<string, unknown>>,
): RecoveryPoint {
  const { account, region, resourceArn, resourceType, resourceName, roleArn } = job
  return {
    id: job.pointId,
    account,
    region,
    generation: 0,
    createdAt: app.clock.now(),
    tags: { ...(description.tags as object), ...job.pointTags },
    vaultId: job.vaultId,
    vaultName: job.vaultName,
    resourceArn,
    resourceType,
    resourceName,
    roleArn,
    copyOf: null,
    state: 'CREATING',
    message: null,
    createdBy: job.createdBy,
    sizeBytes: 0,
    completedAt: null,
    lifecycle: job.lifecycle,
    isCold: false,
    lastRestoreAt: null,
    consistency: null,
    description,
    disks: [],
    baseline: null,
    token: null,
    damage: null,
  }
}

async function run(app: App, job: BackupJob): Promise<boolean> {
  const handler = handlerMust(job.resourceType)
  const vault = await app.store.get('backupVault', job.vaultId)
  if (!vault) return jobEnd(app, job, 'FAILED', `The vault ${job.vaultName} is gone`)
  const base = job.frozen?.basePointId
    ? await app.store.get('backupPoint', job.frozen.basePointId)
    : undefined
  const ready = await handler.describe(app, job, base)
  if (ready.state === 'waiting') return false
  if (ready.state === 'failed') {
    if (ready.isFinal) return jobEnd(app, job, 'FAILED', ready.reason)
    return job.state === 'RUNNING' ? again(app, job, ready.reason) : anew(app, job, ready.reason)
  }
  if (job.state === 'PENDING') {
    const startedAt = app.clock.now()
    await app.store.transact(async (tx) => {
      const one = await tx.get('backupJob', job.id)
      if (one?.state !== 'PENDING') return
      // From here on something of it may lie there, whatever comes of it.
      await vaultUsed(tx, job.vaultId, startedAt)
      await tx.update('backupJob', { ...one, state: 'RUNNING', startedAt })
    })
    notify(app, vault, { event: 'BACKUP_JOB_STARTED', details: detailsOf(job, 'RUNNING') })
    return true
  }
  let progress
  try {
    const place = await vaultPlace(app, vault)
    const { host, work, bandwidthMax = null } = ready.task
    const description = { ...work.description, point: pointSaid(job) }
    const point = await app.store.get('backupPoint', job.pointId)
    const retained = point ? retainedOf(vault, point, app.clock.now()) : {}
    const own = { vault: place, pointId: job.pointId, bandwidthMax, ...retained }
    const whole = { ...work, ...own, description }
    progress = await workFollow(job.id, whole, host)
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    return again(app, job, reasonOf(error))
  }
  const { outcome, doneBytes, totalBytes } = progress
  if (outcome === null) return progressed(app, job, doneBytes, totalBytes)
  if (outcome.isDone) return complete(app, job, outcome.result)
  await workForget(app, job.id)
  return outcome.isFinal
    ? jobEnd(app, job, 'FAILED', outcome.reason)
    : again(app, job, outcome.reason)
}

/** What a record of the point says beyond its content, so that it can be made again from the vault alone. */
function pointSaid(job: BackupJob): Record<string, unknown> {
  const { account, region, vaultName, resourceArn, resourceType, resourceName } = job
  const { roleArn, lifecycle, pointTags, createdBy } = job
  const resource = { resourceArn, resourceType, resourceName }
  return { account, region, vaultName, ...resource, roleArn, lifecycle, pointTags, createdBy }
}

async function progressed(
  app: App,
  job: BackupJob,
  doneBytes: number,
  totalBytes: number | null,
): Promise<boolean> {
  const percentDone = totalBytes ? Math.min(99, Math.floor((doneBytes / totalBytes) * 100)) : 0
  // Records are written when there is something to see, not with every chunk.
  if (percentDone === job.percentDone && job.transferredBytes !== null) return false
  await jobChange(app, job, (one) => ({ ...one, percentDone, transferredBytes: doneBytes }))
  return false
}

/** The same work again after a pause: the host goes on where the vault shows that it stopped. */
async function again(app: App, job: BackupJob, message: string): Promise<boolean> {
  if (job.attempts + 1 >= ATTEMPTS_MAX) return jobEnd(app, job, 'FAILED', message)
  app.log.warn({ job: job.id, message, attempt: job.attempts + 1 }, 'a backup is tried again')
  const retryAt = app.clock.now() + retryDelayMs(job.attempts)
  return jobChange(app, job, (one) => ({ ...one, attempts: one.attempts + 1, retryAt, message }))
}

/** From the beginning: its content could not be fixed. */
async function anew(app: App, job: BackupJob, message: string): Promise<boolean> {
  if (job.attempts + 1 >= ATTEMPTS_MAX) return jobEnd(app, job, 'FAILED', message)
  const retryAt = app.clock.now() + retryDelayMs(job.attempts)
  await app.store.transact(async (tx) => {
    const one = await tx.get('backupJob', job.id)
    if (one?.state !== 'PENDING') return
    await undo(tx, one)
    const attempts = one.attempts + 1
    await tx.update('backupJob', {
      ...one,
      state: 'CREATED',
      frozen: null,
      attempts,
      retryAt,
      message,
    })
  })
  app.activate('layers')
  return true
}

async function undo(tx: StoreTransaction, job: BackupJob): Promise<void> {
  await handlerMust(job.resourceType).end(tx, job, null)
  const point = await tx.get('backupPoint', job.pointId)
  if (point?.state !== 'CREATING') return
  if (job.startedAt === null) return tx.remove('backupPoint', point)
  if (job.isLate) {
    // As on AWS: it tells that there is none of that time, until it is deleted or its retention is over.
    const message = 'The backup was not done when its completion window closed'
    return void (await tx.update('backupPoint', { ...point, state: 'PARTIAL', message }))
  }
  // It may be whole in the vault all the same, and what nobody knows of would never go.
  await tx.update('backupPoint', { ...point, state: 'DELETING' })
}

async function complete(app: App, job: BackupJob, result: BackupResult): Promise<boolean> {
  const handler = handlerMust(job.resourceType)
  const isDone = await app.store.transact(async (tx) => {
    const one = await tx.get('backupJob', job.id)
    const point = await tx.get('backupPoint', job.pointId)
    if (one?.state !== 'RUNNING' || !point) return false
    const seen = await handler.consistency?.(tx, one)
    const message = [result.message, seen?.message].filter(Boolean).join('. ') || null
    const baseline = await handler.end(tx, one, result)
    await baselinesDrop(tx, point)
    const completedAt = app.clock.now()
    const frozenDisks = (one.frozen?.disks ?? []).map(({ diskId, label, sizeBytes }) => {
      return { diskId, label, sizeBytes }
    })
    const whole: RecoveryPoint = {
      ...point,
      state: 'COMPLETED',
      completedAt,
      sizeBytes: result.sizeBytes ?? 0,
      disks: result.disks ?? frozenDisks,
      consistency: result.consistency ?? seen?.consistency ?? 'crash',
      message,
      baseline,
      token: result.token ?? null,
    }
    await tx.update('backupPoint', whole)
    await vaultUsed(tx, point.vaultId, completedAt)
    await tx.update('backupJob', {
      ...one,
      state: 'COMPLETED',
      percentDone: 100,
      message,
      sizeBytes: result.sizeBytes ?? null,
      transferredBytes: result.addedBytes ?? null,
      endedAt: completedAt,
      retryAt: null,
    })
    const ctx = backgroundCtx(app, one, one.id)
    for (const copy of one.copies) await copyInsert(ctx, tx, whole, copy, { createdBy: one })
    return true
  })
  await workForget(app, job.id)
  if (!isDone) return false
  app.log.info({ job: job.id, resource: job.resourceArn, ...result, disks: undefined }, 'backed up')
  app.activate('layers')
  // What waited for the layer that this backup read.
  app.activate('chains')
  await notifyEnd(app, job, 'COMPLETED', result.message ?? null)
  return true
}

/** What earlier points of the resource kept in the vault: the newest has what the next backup needs. */
async function baselinesDrop(tx: StoreTransaction, point: RecoveryPoint): Promise<void> {
  const reference = { name: 'base', value: point.resourceArn }
  for (const other of await tx.list('backupPoint', { reference })) {
    if (other.id === point.id || other.vaultId !== point.vaultId) continue
    await handlerMust(other.resourceType).baselineDrop(tx, other)
    await tx.update('backupPoint', { ...other, baseline: null, token: null })
  }
}

async function jobChange(
  app: App,
  { id, state }: BackupJob,
  change: (job: BackupJob) => BackupJob,
): Promise<boolean> {
  return app.store.transact(async (tx) => {
    const job = await tx.get('backupJob', id)
    // Stopped meanwhile, or already further.
    if (job?.state !== state) return true
    await tx.update('backupJob', change(job))
    return true
  })
}

async function jobEnd(
  app: App,
  job: BackupJob,
  state: 'ABORTED' | 'EXPIRED' | 'FAILED',
  message: string | null,
): Promise<boolean> {
  // Nothing is written any more when what was written is deleted.
  await workCancel(app, job.id)
  const handler = handlerMust(job.resourceType)
  if (handler.settle && !(await handler.settle(app, job))) return false
  const hasEnded = await app.store.transact(async (tx) => {
    const one = await tx.get('backupJob', job.id)
    if (one?.state !== job.state) return false
    await undo(tx, one)
    const endedAt = app.clock.now()
    await tx.update('backupJob', { ...one, state, message, endedAt, frozen: null, retryAt: null })
    return true
  })
  await workForget(app, job.id)
  if (!hasEnded) return true
  app.log.warn({ job: job.id, resource: job.resourceArn, state, message }, 'backup ended')
  app.activate('layers')
  app.activate('backupAges')
  await notifyEnd(app, job, state, message)
  return true
}

const detailsOf = (job: BackupJob, state: string, message: string | null = null) => ({
  BackupJobId: job.id,
  ResourceArn: job.resourceArn,
  ResourceType: job.resourceType,
  RecoveryPointArn: pointArn({ ...job, id: job.pointId }),
  State: state,
  StatusMessage: message,
})

async function notifyEnd(
  app: App,
  job: BackupJob,
  state: 'ABORTED' | 'COMPLETED' | 'EXPIRED' | 'FAILED',
  message: string | null,
): Promise<void> {
  const vault = await app.store.get('backupVault', job.vaultId)
  const details = detailsOf(job, state, message)
  const words = { ABORTED: 'FAILED', COMPLETED: 'SUCCESSFUL', EXPIRED: 'EXPIRED', FAILED: 'FAILED' }
  notify(app, vault, { event: 'BACKUP_JOB_COMPLETED', details })
  notify(app, vault, { event: `BACKUP_JOB_${words[state]}`, details })
}
