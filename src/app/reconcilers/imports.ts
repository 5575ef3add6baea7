/**
 * Imports: each task's disks are asked of the host one after the other, tasks beside each other. A crash of ours is
 * followed by the same question, which a host answers with what came of it.
 */
import type { ImportOutcome } from '../../agent/protocol.ts'
import { newId } from '../../domain/ids.ts'
import type { Image, Snapshot } from '../../domain/image.ts'
import type { ImportDisk, ImportTask } from '../../domain/import-task.ts'
import type { LayerId } from '../../domain/layer.ts'
import { present } from '../../lib/assert.ts'
import type { App } from '../context.ts'
import { layerFrozen } from '../snapshots/layers.ts'
import { layerKeys } from '../volumes/encryption.ts'

const GIB = 1024 ** 3
const TASKS_AT_ONCE_MAX = 4
const SNAPSHOT_GONE = 'a snapshot of the task was deleted'

export function createImportsReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  const working = new Set<string>()
  const work = async (task: ImportTask, signal: AbortSignal): Promise<void> => {
    working.add(task.id)
    try {
      await taskRun(app, task.id, signal)
      working.delete(task.id)
      // Others may have waited for its place.
      if (!signal.aborted) app.activate('imports')
    } catch (err) {
      // Tried again with the next look at everything, not at once: what failed would fail without pause.
      working.delete(task.id)
      if (!signal.aborted) app.log.warn({ err, task: task.id }, 'import not done yet')
    }
  }
  return async (signal) => {
    const reference = { name: 'unfinished', value: 'yes' }
    for (const task of await app.store.list('importTask', { reference })) {
      if (task.state === 'deleting') await cancel(app, task, working.has(task.id))
      else if (!working.has(task.id) && working.size < TASKS_AT_ONCE_MAX) void work(task, signal)
    }
  }
}

async function taskRun(app: App, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const task = await app.store.get('importTask', id)
    if (task?.state !== 'active' || signal.aborted) return
    const disk = task.disks.find((one) => one.state === 'active')
    if (!disk) return complete(app, id)
    const snapshot = await app.store.get('snapshot', disk.snapshotId)
    if (!snapshot) return end(app, id, SNAPSHOT_GONE)
    const layerId = layerOf(snapshot)
    const keys = await layerKeys(app, layerId)
    if (typeof keys === 'string') return end(app, id, keys)
    const key = keys?.layers[layerId] ?? null
    const { agent } = present(app.hosts[0], 'a host')
    const outcome = await agent.layerImport({ layerId, url: disk.url!, key })
    if ('reason' in outcome) {
      return end(app, id, `ClientError: Disk validation failed [${outcome.reason}]`)
    }
    await diskDone(app, id, disk, outcome)
  }
}

function layerOf({ source }: Snapshot): LayerId {
  return present('layerId' in source ? source.layerId : null, 'the layer of a snapshot')
}

async function diskDone(
  app: App,
  id: string,
  { snapshotId }: ImportDisk,
  found: Extract<ImportOutcome, { format: string }>,
): Promise<void> {
  await app.store.transact(async (tx) => {
    const task = await tx.get('importTask', id)
    const snapshot = await tx.get('snapshot', snapshotId)
    const layer = snapshot && (await tx.get('layer', layerOf(snapshot)))
    if (task?.state !== 'active' || !snapshot || !layer) return
    await layerFrozen(tx, layer, { parentId: null, usedBytes: found.usedBytes })
    const sizeGiB = Math.max(1, Math.ceil(found.sizeBytes / GIB))
    const completedAt = app.clock.now()
    await tx.update('snapshot', { ...snapshot, state: 'completed', sizeGiB, completedAt })
    const { sizeBytes, format, look = null } = found
    const disks = task.disks.map((one): ImportDisk => {
      return one.snapshotId === snapshotId
        ? { ...one, state: 'completed', format, sizeBytes, look }
        : one
    })
    await tx.update('importTask', { ...task, disks, statusMessage: 'converting' })
  })
}

async function complete(app: App, id: string): Promise<void> {
  const isWhole = await app.store.transact(async (tx) => {
    const task = await tx.get('importTask', id)
    if (task?.state !== 'active') return true
    const snapshots = await tx.list('snapshot', { ids: task.disks.map((one) => one.snapshotId) })
    if (snapshots.length < new Set(task.disks.map((one) => one.snapshotId)).size) return false
    const image = task.image && (await tx.insert('image', imageOf(app, task, snapshots)))
    const imageId = image?.id ?? null
    const statusMessage = task.image ? wordsOf(task) : null
    await tx.update('importTask', { ...task, state: 'completed', statusMessage, imageId })
    return true
  })
  if (!isWhole) return end(app, id, SNAPSHOT_GONE)
  app.log.info({ task: id }, 'import completed')
}

/** What the disks are, and what their machines will miss; null: nothing is known. */
function wordsOf({ disks }: ImportTask): string | null {
  const notes = disks.flatMap(({ look }) => look?.notes ?? [])
  return notes.length > 0 ? notes.join('; ') : null
}

/** As its first disk starts: with UEFI only where it cannot start otherwise. */
function bootModeOf({ image, disks }: ImportTask): Image['bootMode'] {
  const firmware = disks[0]?.look?.firmware ?? []
  const isUefiOnly = firmware.includes('uefi') && !firmware.includes('bios')
  return image?.bootMode ?? (isUefiOnly ? 'uefi' : 'legacy-bios')
}

function imageOf(app: App, task: ImportTask, snapshots: readonly Snapshot[]): Image {
  const { name, architecture, platform } = task.image!
  return {
    id: newId('image', app.random),
    account: task.account,
    region: task.region,
    generation: 0,
    createdAt: app.clock.now(),
    tags: task.tags,
    name,
    description: task.description || `AWS-VMImport service: ${task.id}`,
    ownerAlias: null,
    isPublic: false,
    architecture,
    platform,
    rootDeviceName: task.disks[0]!.deviceName,
    blockDevices: task.disks.map(({ deviceName, snapshotId }) => {
      const snapshot = present(
        snapshots.find((one) => one.id === snapshotId),
        'a snapshot of a task',
      )
      return {
        deviceName,
        snapshotId,
        sizeGiB: snapshot.sizeGiB,
        type: 'gp3',
        iops: null,
        throughputMiBps: null,
        deleteOnTermination: true,
        isEncrypted: snapshot.isEncrypted ?? false,
      }
    }),
    bootMode: bootModeOf(task),
    imageFolder: null,
    defaultUser: 'ec2-user',
    imdsSupport: null,
    deregisteredAt: null,
    deprecatedAt: null,
    launchPermissions: [],
    family: '',
  }
}

/** It failed or was cancelled: its snapshots go, and with them what was made of them. */
async function end(app: App, id: string, statusMessage: string): Promise<void> {
  await app.store.transact(async (tx) => {
    const task = await tx.get('importTask', id)
    if (!task || task.state === 'completed' || task.state === 'deleted') return
    for (const { snapshotId, url } of task.disks) {
      const snapshot = url === null ? undefined : await tx.get('snapshot', snapshotId)
      if (snapshot) await tx.remove('snapshot', snapshot)
    }
    await tx.update('importTask', { ...task, state: 'deleted', statusMessage })
  })
  app.activate('layers')
}

async function cancel(app: App, task: ImportTask, isWorking: boolean): Promise<void> {
  for (const { snapshotId } of task.disks) {
    const snapshot = await app.store.get('snapshot', snapshotId)
    if (!snapshot || !('layerId' in snapshot.source)) continue
    await present(app.hosts[0], 'a host').agent.importCancel(snapshot.source.layerId)
  }
  // Whoever works on it looks again when the host lets go.
  if (!isWorking) await end(app, task.id, task.statusMessage ?? 'cancelled')
}
