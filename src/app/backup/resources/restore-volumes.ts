/**
 * Volumes made from a recovery point: a record each, then its file, then its content by a host's work. Until an
 * instance takes them, or they are handed over as they are, they are `creating` and nobody can use them.
 */
import { GIB } from '../../../domain/backup/sizes.ts'
import type { RestoreJob } from '../../../domain/backup/records.ts'
import type { VolumeId } from '../../../domain/ids.ts'
import type { Tags } from '../../../domain/resource.ts'
import type { Volume } from '../../../domain/volume.ts'
import type { VolumeType } from '../../../domain/volume-type.ts'
import type { StoreTransaction } from '../../../store/store.ts'
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

/** In a restore's metadata: machines may have the volumes while they are still being filled. */
export const INSTANT_KEY = 'brume:instant'

/** One step; with `volumes` once all of them can be used, and are whole unless the restore is instant. */
export async function volumesRestore(
  step: RestoreStep,
  zone: string,
  wanted: readonly VolumeToRestore[],
): Promise<
  | { volumes: RestoredVolumes; isWhole: boolean; doneBytes: number }
  | Exclude<RestoreState, { state: 'done' }>
> {
  const { app } = step.ctx
  const made = volumesMadeBy(step.job)
  if (Object.keys(made).length === 0) {
    await volumesInsert(step, zone, wanted)
    app.activate('volumes')
    return { state: 'running', doneBytes: 0 }
  }
  let doneBytes = 0
  const seen = new Set<'running' | 'usable' | 'whole'>()
  const filled = new Set((step.job.made.filled ?? []) as string[])
  for (const { diskId } of wanted) {
    const volume = await app.store.get('volume', made[diskId]!)
    if (!volume || volume.intended === 'absent') {
      return { state: 'failed', reason: `the volume ${made[diskId]} was deleted meanwhile` }
    }
    const state = await fill(step, volume, diskId, filled)
    if ('reason' in state) return state
    seen.add(state.state)
    doneBytes += state.doneBytes
  }
  if (seen.has('running')) return { state: 'running', doneBytes }
  return { volumes: made, isWhole: !seen.has('usable'), doneBytes }
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

type Filled =
  | { state: 'running' | 'usable' | 'whole'; doneBytes: number }
  | { state: 'failed' | 'again'; reason: string }

async function fill(
  step: RestoreStep,
  volume: Volume,
  diskId: string,
  filled: Set<string>,
): Promise<Filled> {
  const { app } = step.ctx
  if (filled.has(diskId)) return { state: 'whole', doneBytes: volume.sizeGiB * GIB }
  if (!volume.isMaterialised) {
    app.activate('volumes')
    return { state: 'running', doneBytes: 0 }
  }
  const keys = await volumeKeys(app, volume)
  if (typeof keys === 'string') return { state: 'again', reason: keys }
  const isInstant = step.job.metadata[INSTANT_KEY] === 'true'
  const { id: volumeId, sizeGiB } = volume
  const what = { vault: step.place, pointId: step.point.id, diskId, volumeId, sizeGiB, keys }
  const work = { type: 'restore-volume' as const, ...what, ...(isInstant && { isInstant }) }
  const progress = await step.work(volumeId, work, await hostOf(app, volume))
  const { outcome, doneBytes } = progress
  if (outcome === null) {
    return { state: progress.isUsable ? 'usable' : 'running', doneBytes }
  }
  if (outcome.isDone) {
    filled.add(diskId)
    await step.keep({ filled: [...filled] })
    return { state: 'whole', doneBytes }
  }
  return { state: outcome.isFinal ? 'failed' : 'again', reason: outcome.reason }
}

/** A restore that failed leaves no volumes. */
export async function volumesDiscard(tx: StoreTransaction, job: RestoreJob): Promise<void> {
  for (const id of Object.values(volumesMadeBy(job))) {
    const volume = await tx.get('volume', id)
    if (volume?.isFilling) await tx.update('volume', { ...volume, intended: 'absent' })
  }
}
