/** Backup jobs as records: asked for, stopped, found. What they do is the reconciler's (job-steps.ts). */
import { randomUUID } from 'node:crypto'
import { lifecycleProblem } from '../../domain/backup/lifecycle.ts'
import type {
  BackupJob,
  BackupVault,
  CopyAction,
  CreatedByPlan,
  Lifecycle,
} from '../../domain/backup/records.ts'
import { MINUTE_MS } from '../../domain/backup/sizes.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { invalidParameter, invalidRequest, limitExceeded, resourceNotFound } from './faults.ts'
import { windowsCheck } from './plans.ts'
import type { BackedResource } from './resources/handler.ts'
import { handlerOf, handlerOfArn } from './resources/registry.ts'
import { roleChecked } from './roles.ts'
import { isOptedIn } from './settings.ts'
import { tagsChecked } from './tags.ts'
import { defaultVaultEnsure, vaultGet } from './vaults.ts'

/** Asked for and not ended, in an account and region. */
const OPEN_JOBS_MAX = 1_000

export const AIR_GAPPED = 'A logically air-gapped vault is filled by copies, not by backups'

export interface JobRequest {
  vaultName: string
  resourceArn: string
  roleArn: string
  idempotencyToken: string | null
  startWindowMinutes: number
  completionWindowMinutes: number
  lifecycle: Lifecycle | null
  pointTags: Tags
  options: Readonly<Record<string, string>>
}

export async function backupStart(ctx: Ctx, request: JobRequest): Promise<BackupJob> {
  windowsCheck(request.startWindowMinutes, request.completionWindowMinutes)
  roleChecked(ctx, request.roleArn)
  const problem = request.lifecycle && lifecycleProblem(request.lifecycle)
  if (problem) throw invalidParameter(problem)
  const handler = handlerOfArn(request.resourceArn)
  if (!handler) throw invalidParameter(`Unsupported resource type: ${request.resourceArn}`)
  for (const [name, value] of Object.entries(request.options)) {
    if (!Object.hasOwn(handler.options, name) || !handler.options[name]!.includes(value)) {
      throw invalidParameter(`Invalid backup option ${name}=${value} for ${handler.type}`)
    }
  }
  if (!(await isOptedIn(ctx, handler.type))) {
    throw invalidRequest(`${handler.type} is not opted in for AWS Backup in this region`)
  }
  await defaultVaultEnsure(ctx, [request.vaultName])
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'StartBackupJob', request.idempotencyToken, async () => {
      const vault = await vaultGet(ctx, request.vaultName, tx)
      if (vault.isAirGapped) throw invalidRequest(AIR_GAPPED)
      const resource = await handler.find(tx, scopeOf(ctx), request.resourceArn)
      if (!resource) throw invalidParameter(`${request.resourceArn} does not exist`)
      const { startWindowMinutes, completionWindowMinutes, ...rest } = request
      const more = { startWindowMinutes, completionWindowMinutes, copies: [], createdBy: null }
      return (await jobInsert(ctx, tx, vault, resource, { ...rest, ...more })).id
    }),
  )
  ctx.app.activate('backupJobs')
  return backupJobGet(ctx, result)
}

export interface NewJob {
  roleArn: string
  startWindowMinutes: number
  completionWindowMinutes: number
  lifecycle: Lifecycle | null
  pointTags: Tags
  copies: readonly CopyAction[]
  options: Readonly<Record<string, string>>
  createdBy: CreatedByPlan | null
}

export async function jobInsert(
  ctx: Ctx,
  tx: StoreTransaction,
  vault: Pick<BackupVault, 'id' | 'name'>,
  resource: BackedResource,
  { startWindowMinutes, completionWindowMinutes, pointTags, ...request }: NewJob,
): Promise<BackupJob> {
  const open = await tx.count('backupJob', {
    ...scopeOf(ctx),
    reference: { name: 'open', value: 'yes' },
  })
  if (open >= OPEN_JOBS_MAX) throw limitExceeded(`At most ${OPEN_JOBS_MAX} backup jobs at once`)
  const base = baseOf(ctx)
  const { roleArn, lifecycle, copies, options, createdBy } = request
  return tx.insert('backupJob', {
    ...base,
    id: randomUUID(),
    resourceArn: resource.arn,
    resourceType: resource.type,
    resourceName: resource.name,
    roleArn,
    lifecycle,
    copies,
    options,
    createdBy,
    pointTags: tagsChecked(pointTags),
    vaultId: vault.id,
    vaultName: vault.name,
    pointId: randomUUID(),
    state: 'CREATED',
    message: null,
    percentDone: 0,
    sizeBytes: null,
    transferredBytes: null,
    startBy: base.createdAt + startWindowMinutes * MINUTE_MS,
    completionMinutes: completionWindowMinutes,
    startedAt: null,
    endedAt: null,
    attempts: 0,
    retryAt: null,
    frozen: null,
  })
}

/** @throws ResourceNotFoundException */
export async function backupJobGet(
  ctx: Ctx,
  id: string,
  reader: StoreReader = ctx.app.store,
): Promise<BackupJob> {
  const job = await reader.get('backupJob', id)
  if (job?.account === ctx.account && job.region === ctx.region) return job
  throw resourceNotFound(`Backup job ${id} does not exist`)
}

/** It ends as soon as its host has let go. @throws InvalidRequestException for one that has ended. */
export async function backupStop(ctx: Ctx, id: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const job = await backupJobGet(ctx, id, tx)
    if (job.state === 'ABORTING' || job.state === 'ABORTED') return
    if (!['CREATED', 'PENDING', 'RUNNING'].includes(job.state)) {
      throw invalidRequest(`Backup job ${id} is ${job.state} and cannot be stopped`)
    }
    await tx.update('backupJob', { ...job, state: 'ABORTING', message: 'Stopped by its user' })
  })
  ctx.app.activate('backupJobs')
}

/** A handler of a type that jobs and points name. @throws InvalidParameterValueException */
export function handlerMust(type: BackupJob['resourceType']) {
  const handler = handlerOf(type)
  if (!handler) throw invalidParameter(`Unsupported resource type: ${type}`)
  return handler
}
