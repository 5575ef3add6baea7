/**
 * The content of volumes fixed for a backup: hidden snapshots, so that the machinery of snapshots (one instant for all
 * volumes of a machine, repeated after a crash, layers kept as long as a record names them) serves backups too. The
 * snapshots of the last backup stay as the baseline of the next: what lies above their layers has changed since.
 */
import type { DiskSource } from '../../../domain/backup.ts'
import type {
  BackupJob,
  FrozenContent,
  FrozenDisk,
  RecoveryPoint,
} from '../../../domain/backup/records.ts'
import { GIB } from '../../../domain/backup/sizes.ts'
import { snapshotStateOf } from '../../../domain/image.ts'
import type { LayerId } from '../../../domain/layer.ts'
import type { Volume } from '../../../domain/volume.ts'
import { assert } from '../../../lib/assert.ts'
import type { StoreTransaction } from '../../../store/store.ts'
import type { App, Ctx } from '../../context.ts'
import { batchId, snapshotOf } from '../../snapshots/take.ts'
import { layerKeys } from '../../volumes/encryption.ts'
import type { BackupReady } from './handler.ts'
import { hostOf } from '../../snapshots/settle.ts'

/** In the transaction that lets the job begin. */
export async function freezeBegin(
  ctx: Ctx,
  tx: StoreTransaction,
  job: BackupJob,
  volumes: readonly { volume: Volume; label: string }[],
  description: Readonly<Record<string, unknown>>,
): Promise<FrozenContent> {
  const batch = batchId(ctx)
  const disks: FrozenDisk[] = []
  for (const { volume, label } of volumes) {
    const { made, layer } = snapshotOf(ctx, volume, `Backup ${job.pointId}`, {}, batch)
    await tx.insert('layer', layer)
    await tx.insert('snapshot', { ...made, backupJobId: job.id, isQuiesced: isAsked(job) })
    const { id: snapshotId } = made
    const sizeBytes = volume.sizeGiB * GIB
    disks.push({ diskId: volume.id, label, sizeBytes, snapshotId, layerId: layer.id })
  }
  return { batch, disks, basePointId: null, description }
}

/** Whether it is fixed by now; if so, what the host has to read. */
export async function freezeDescribe(
  app: App,
  job: BackupJob,
  base: RecoveryPoint | undefined,
): Promise<BackupReady> {
  const frozen = job.frozen!
  const ids = frozen.disks.map((disk) => disk.snapshotId)
  const snapshots = await app.store.list('snapshot', { ids })
  const failed = snapshots.find((one) => snapshotStateOf(one) === 'error')
  if (failed || snapshots.length < ids.length) {
    const reason = failed?.stateMessage ?? 'a snapshot that the backup needs is gone'
    return { state: 'failed', reason, isFinal: false }
  }
  if (snapshots.some((one) => snapshotStateOf(one) === 'pending')) {
    await app.snapshotsTaken(frozen.batch!)
    return { state: 'waiting' }
  }
  const volume = await app.store.get('volume', frozen.disks[0]!.diskId)
  const host = volume ? await hostOf(app, volume) : app.hosts[0]!
  const disks = []
  for (const { layerId, diskId, label, sizeBytes } of frozen.disks) {
    const keys = await layerKeys(app, layerId)
    if (typeof keys === 'string') return { state: 'failed', reason: keys, isFinal: false }
    const before = base?.baseline?.find((one) => one.diskId === diskId)
    const since = before ? await sinceOf(app, layerId, before.layerId) : null
    const source: DiskSource = { type: 'layer', layerId, keys, since }
    disks.push({ diskId, label, sizeBytes, source })
  }
  const { description } = frozen
  const basePointId = base?.id ?? null
  return {
    state: 'ready',
    task: { host, work: { type: 'backup', basePointId, disks, foreign: null, description } },
  }
}

/** A freeze that has begun is carried to its end, whatever becomes of the job. */
export async function freezeSettle(app: App, { frozen }: BackupJob): Promise<boolean> {
  if (!frozen?.batch) return true
  const ids = frozen.disks.map((disk) => disk.snapshotId)
  const isPending = async (): Promise<boolean> =>
    (await app.store.list('snapshot', { ids })).some((one) => snapshotStateOf(one) === 'pending')
  if (await isPending()) await app.snapshotsTaken(frozen.batch)
  return !(await isPending())
}

/** The earlier layer, when the later one still lies on it: only then is it known what changed. */
async function sinceOf(app: App, layerId: LayerId, earlier: LayerId): Promise<LayerId | null> {
  for (let id: LayerId | null = layerId; id !== null;) {
    const layer: { parentId: LayerId | null } | undefined = await app.store.get('layer', id)
    id = layer?.parentId ?? null
    if (id === earlier) return earlier
  }
  return null
}

/** The snapshots of a finished job stay as the next one's baseline; those of any other go. */
export async function freezeEnd(
  tx: StoreTransaction,
  job: BackupJob,
  isDone: boolean,
): Promise<FrozenDisk[] | null> {
  if (!job.frozen) return null
  if (isDone) return [...job.frozen.disks]
  await snapshotsDrop(tx, job.frozen.disks)
  return null
}

export async function snapshotsDrop(
  tx: StoreTransaction,
  disks: readonly FrozenDisk[],
): Promise<void> {
  for (const { snapshotId } of disks) {
    const snapshot = await tx.get('snapshot', snapshotId)
    if (!snapshot) continue
    // The volume may lie on its layer already, and only the snapshot keeps that.
    assert(snapshotStateOf(snapshot) !== 'pending', `${snapshotId} is being taken`)
    await tx.remove('snapshot', snapshot)
  }
}

/** AWS's word for it, whatever the guest runs. */
const isAsked = (job: BackupJob): boolean => job.options.WindowsVSS === 'enabled'

/** Whether the guest's file systems were at rest at the instant; if that was asked and they were not, why. */
export async function freezeConsistency(
  tx: StoreTransaction,
  job: BackupJob,
): Promise<{ consistency: 'application' | 'crash'; message: string | null }> {
  const ids = (job.frozen?.disks ?? []).map((disk) => disk.snapshotId)
  const snapshots = await tx.list('snapshot', { ids })
  if (!isAsked(job)) return { consistency: 'crash', message: null }
  const restless = snapshots.find((one) => one.crashReason !== null)
  if (!restless && snapshots.length > 0) {
    return { consistency: 'application', message: 'Application consistent' }
  }
  const reason = restless?.crashReason ?? 'not known'
  const message = `Crash consistent: the guest's file systems did not come to rest (${reason})`
  return { consistency: 'crash', message }
}
