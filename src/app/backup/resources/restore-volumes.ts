/**
 * Volumes made from a recovery point: a record each, then its file, then its content by a host's work. Until an
 * instance takes them, or they are handed over as they are, they are `creating` and nobody can use them.
 */
import { GIB } from '../../../domain/backup/sizes.ts'
import type { RestoreJob } from '../../../domain/backup/records.ts'
import type { VolumeId } from '../../../domain/ids.ts'
import type { Tags } from '../../../domain/resource.ts'
import type { Volume, VolumeType } from '../../../domain/volume.ts'
import type { App } from '../../context.ts'
import { hostOf } from '../../snapshots/settle.ts'
import { volumeCreatePlan } from '../../volumes/create.ts'
import { volumeEncrypted, volumeKeys } from '../../volumes/encryption.ts'
import type { RestoreState, RestoreStep } from './handler.ts'

export interface VolumeToRestore {
  diskId: string
  sizeBytes: number
  /** Null: as large as the disk was. */
  sizeGiB: number | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
  isEncrypted: boolean
  kmsKeyId: string | null
  bootFolder: string | null
  tags: Tags
}

/** By disk, the volume that it became. */
export type RestoredVolumes = Readonly<Record<string, VolumeId>>

export function volumesMadeBy(job: RestoreJob): RestoredVolumes {
  return (job.made.volumes ?? {}) as RestoredVolumes
}

/** One step; with `volumes` once all of them are whole. */
export async function volumesRestore(
  step: RestoreStep,
  zone: string,
  wanted: readonly VolumeToRestore[],
): Promise<{ volumes: RestoredVolumes } | Exclude<RestoreState, { state: 'done' }>> {
  const { app } = step.ctx
  const made = volumesMadeBy(step.job)
  if (Object.keys(made).length === 0) {
    await volumesInsert(step, zone, wanted)
    app.activate('volumes')
    return { state: 'running', doneBytes: 0 }
  }
  let doneBytes = 0
  let isWhole = true
  for (const { diskId } of wanted) {
    const volume = await app.store.get('volume', made[diskId]!)
    if (!volume || volume.intended === 'absent') {
      return { state: 'failed', reason: `the volume ${made[diskId]} was deleted meanwhile` }
    }
    const state = await fill(step, volume, diskId)
    if (state.state === 'failed') return state
    if (state.state === 'running') isWhole = false
    doneBytes += state.doneBytes
  }
  return isWhole ? { volumes: made } : { state: 'running', doneBytes }
}

async function volumesInsert(
  step: RestoreStep,
  zone: string,
  wanted: readonly VolumeToRestore[],
): Promise<void> {
  const { ctx } = step
  await ctx.app.store.transact(async (tx) => {
    const volumes: Record<string, VolumeId> = {}
    for (const disk of wanted) {
      const encryption = { isEncrypted: disk.isEncrypted || null, keyId: disk.kmsKeyId }
      const sizeGiB = disk.sizeGiB ?? Math.ceil(disk.sizeBytes / GIB)
      const request = { ...disk, sizeGiB, zone, snapshotId: null, encryption, clientToken: null }
      const planned = await volumeCreatePlan(ctx, request, tx)
      const { bootFolder } = disk
      const volume = await volumeEncrypted(ctx, tx, { ...planned, bootFolder }, encryption)
      await tx.insert('volume', { ...volume, isFilling: true })
      volumes[disk.diskId] = volume.id
    }
    await step.keep({ volumes }, tx)
  })
}

async function fill(
  step: RestoreStep,
  volume: Volume,
  diskId: string,
): Promise<
  { state: 'running' | 'whole'; doneBytes: number } | { state: 'failed'; reason: string }
> {
  const { app } = step.ctx
  if (!volume.isFilling) return { state: 'whole', doneBytes: volume.sizeGiB * GIB }
  if (!volume.isMaterialised) {
    app.activate('volumes')
    return { state: 'running', doneBytes: 0 }
  }
  const keys = await volumeKeys(app, volume)
  if (typeof keys === 'string') return { state: 'failed', reason: keys }
  const { id: pointId } = step.point
  const { id: volumeId, sizeGiB } = volume
  const work = {
    type: 'restore-volume',
    vault: step.place,
    pointId,
    diskId,
    volumeId,
    sizeGiB,
    keys,
  } as const
  const { outcome, doneBytes } = await step.work(volumeId, work, await hostOf(app, volume))
  if (outcome === null) return { state: 'running', doneBytes }
  if (outcome.isDone) return { state: 'whole', doneBytes }
  return { state: 'failed', reason: outcome.reason }
}

/** A restore that failed leaves no volumes. */
export async function volumesDiscard(app: App, job: RestoreJob): Promise<void> {
  await app.store.transact(async (tx) => {
    for (const id of Object.values(volumesMadeBy(job))) {
      const volume = await tx.get('volume', id)
      if (volume?.isFilling) await tx.update('volume', { ...volume, intended: 'absent' })
    }
  })
  app.activate('volumes')
}
