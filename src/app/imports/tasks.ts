/**
 * Import tasks: begun, found, cancelled. The snapshots exist, pending, from the beginning; hosts fill their layers
 * (reconcilers/imports.ts). Source: VM Import/Export user guide; EC2 API reference, ImportSnapshot, ImportImage.
 */
import { invalidValue, notFound } from '../../domain/faults.ts'
import { newId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import { newImportTaskId, type ImportTask } from '../../domain/import-task.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Volume } from '../../domain/volume.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { VOLUME_OF_COPIES } from '../snapshots/copy.ts'
import { snapshotGet } from '../snapshots/find.ts'
import { encryptionPlan, volumeEncrypted, type EncryptionRequest } from '../volumes/encryption.ts'
import { layerWanted } from '../snapshots/layers.ts'
import { mustBeUsable } from '../snapshots/tier.ts'

export interface ImportDiskRequest {
  url: string | null
  snapshotId: string | null
  deviceName: string
  description: string
}

export interface ImportRequest {
  type: ImportTask['type']
  description: string
  disks: readonly ImportDiskRequest[]
  image: ImportTask['image']
  encryption: EncryptionRequest
  clientToken: string | null
  tags: Tags
}

export async function importStart(ctx: Ctx, request: ImportRequest): Promise<ImportTask> {
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, `Import ${request.type}`, request.clientToken, async () => {
      const id = newImportTaskId(request.type, ctx.app.random)
      const disks: ImportTask['disks'][number][] = []
      for (const disk of request.disks) disks.push(await diskPlanned(ctx, tx, id, request, disk))
      return tx.insert('importTask', {
        ...baseOf(ctx, request.tags),
        id,
        type: request.type,
        description: request.description,
        state: 'active',
        statusMessage: 'pending',
        disks,
        image: request.image && { ...request.image, name: request.image.name || id },
        imageId: null,
      })
    }),
  )
  ctx.app.activate('imports')
  return result
}

async function diskPlanned(
  ctx: Ctx,
  tx: StoreTransaction,
  taskId: string,
  request: ImportRequest,
  disk: ImportDiskRequest,
): Promise<ImportTask['disks'][number]> {
  const { url, deviceName, description } = disk
  const planned = { url, deviceName, description, format: null, sizeBytes: null }
  if (url === null) {
    const snapshot = await snapshotGet(ctx, disk.snapshotId ?? '', tx)
    mustBeUsable(snapshot, 'ImportImage')
    return { ...planned, snapshotId: snapshot.id, state: 'completed' }
  }
  const encrypted = await volumeEncrypted(
    ctx,
    tx,
    (await encryptionPlan(ctx, tx, request.encryption, null)) as Volume,
    request.encryption,
  )
  const { isEncrypted, encryption = null } = encrypted
  const layer = layerWanted(ctx, encryption)
  const snapshot: Snapshot = {
    ...baseOf(ctx, request.type === 'snapshot' ? request.tags : {}),
    id: newId('snapshot', ctx.app.random),
    description: description || `Created by AWS-VMImport service for ${taskId}`,
    sizeGiB: 1,
    source: { layerId: layer.id },
    volumeId: VOLUME_OF_COPIES,
    ownerAlias: null,
    isPublic: false,
    state: 'pending',
    bootFolder: null,
    isEncrypted,
    encryption,
  }
  await tx.insert('layer', layer)
  await tx.insert('snapshot', snapshot)
  return { ...planned, snapshotId: snapshot.id, state: 'active' }
}

/** @throws Fault `NotFound`. */
export async function importsFind(
  ctx: Ctx,
  type: ImportTask['type'],
  ids: readonly string[],
): Promise<ImportTask[]> {
  const tasks = await ctx.app.store.list('importTask', scopeOf(ctx))
  const found = tasks.filter(
    (task) => task.type === type && (ids.length === 0 || ids.includes(task.id)),
  )
  const missing = ids.find((id) => !found.some((task) => task.id === id))
  if (missing !== undefined) throw notFound('importTask', missing)
  return found
}

/** The state before. */
export async function importCancel(ctx: Ctx, id: string): Promise<ImportTask['state']> {
  const before = await ctx.app.store.transact(async (tx) => {
    const task = await tx.get('importTask', id)
    if (!task || task.account !== ctx.account || task.region !== ctx.region)
      throw notFound('importTask', id)
    if (task.state !== 'active') {
      throw invalidValue('ImportTaskId', id, `the task is ${task.state}`)
    }
    await tx.update('importTask', { ...task, state: 'deleting', statusMessage: 'cancelled' })
    return task.state
  })
  ctx.app.activate('imports')
  return before
}
