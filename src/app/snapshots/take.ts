/**
 * CreateSnapshot and CreateSnapshots: the records first, then the hosts fix the point in time (settle.ts) before the
 * answer goes out. Source: EC2 API reference, CreateSnapshot, CreateSnapshots.
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { newId, type InstanceId, type VolumeId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import type { Layer } from '../../domain/layer.ts'
import type { Tags } from '../../domain/resource.ts'
import { volumeStateOf, type Volume } from '../../domain/volume.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, ownGet } from '../network/scope.ts'
import { layerWanted } from './layers.ts'
import { volumesOf } from '../volumes/of-instance.ts'

const DESCRIPTION_MAX = 255

export interface SnapshotTakeRequest {
  volumeId: VolumeId
  description: string
  tags: Tags
}

/** @throws Faults `NotFound`, `IncorrectState`, `InvalidValue`. */
export async function snapshotTakeCheck(
  ctx: Ctx,
  { volumeId, description }: Omit<SnapshotTakeRequest, 'tags'>,
  reader: StoreReader = ctx.app.store,
): Promise<Volume> {
  descriptionCheck(description)
  return volumeHeld(ctx, volumeId, 'CreateSnapshot', reader)
}

/** One's own volume that holds something by now. @throws Faults `NotFound`, `IncorrectState`. */
export async function volumeHeld(
  ctx: Ctx,
  volumeId: VolumeId,
  operation: string,
  reader: StoreReader,
): Promise<Volume> {
  const volume = await ownGet(ctx, reader, 'volume', volumeId)
  mustHold(volume, operation)
  return volume
}

export async function snapshotTake(ctx: Ctx, request: SnapshotTakeRequest): Promise<Snapshot> {
  const { description, tags } = request
  const snapshot = await ctx.app.store.transact(async (tx) => {
    const volume = await snapshotTakeCheck(ctx, request, tx)
    const { made, layer } = snapshotOf(ctx, volume, description, tags, batchId(ctx))
    await tx.insert('layer', layer)
    return tx.insert('snapshot', made)
  })
  await ctx.app.snapshotsTaken(snapshot.batch!)
  return snapshot
}

export interface SnapshotsTakeRequest {
  instanceId: InstanceId
  hasBootVolume: boolean
  /** Data volumes that are left out. */
  excluded: readonly VolumeId[]
  areTagsCopied: boolean
  description: string
  tags: Tags
}

/** The volumes that would be taken. @throws Faults. */
export async function snapshotsTakeCheck(
  ctx: Ctx,
  request: Omit<SnapshotsTakeRequest, 'tags'>,
  reader: StoreReader = ctx.app.store,
): Promise<Volume[]> {
  descriptionCheck(request.description)
  const { instanceId, excluded, hasBootVolume } = request
  const instance = await ownGet(ctx, reader, 'instance', instanceId)
  const state = instanceStateOf(instance)
  if (!['running', 'stopped', 'stopping'].includes(state)) {
    const fault = { type: 'IncorrectState', kind: 'instance', id: instanceId, state } as const
    throw new FaultError({ ...fault, operation: 'CreateSnapshots' })
  }
  const attached = await volumesOf(reader, instanceId)
  const { rootDeviceName } = instance.spec
  const root = attached.find((volume) => volume.attachment?.deviceName === rootDeviceName)
  for (const id of excluded) {
    if (id === root?.id) {
      throw invalidValue('ExcludeDataVolumeIds', id, 'it is the root volume: ExcludeBootVolume')
    }
    if (!attached.some((volume) => volume.id === id)) {
      throw invalidValue('ExcludeDataVolumeIds', id, `not attached to ${instanceId}`)
    }
  }
  const wanted = attached.filter(
    (volume) => !excluded.includes(volume.id) && (hasBootVolume || volume !== root),
  )
  if (wanted.length === 0) {
    throw invalidValue('InstanceSpecification', instanceId, 'no volume is left to take')
  }
  for (const volume of wanted) mustHold(volume, 'CreateSnapshots')
  return wanted
}

/** Of one instant. In order of the volumes' ids. */
export async function snapshotsTake(ctx: Ctx, request: SnapshotsTakeRequest): Promise<Snapshot[]> {
  const snapshots = await ctx.app.store.transact(async (tx) => {
    const volumes = await snapshotsTakeCheck(ctx, request, tx)
    const batch = batchId(ctx)
    const inserted: Snapshot[] = []
    for (const volume of volumes) {
      const tags = request.areTagsCopied
        ? { ...userTags(volume.tags), ...request.tags }
        : request.tags
      const { made, layer } = snapshotOf(ctx, volume, request.description, tags, batch)
      await tx.insert('layer', layer)
      inserted.push(await tx.insert('snapshot', made))
    }
    return inserted
  })
  await ctx.app.snapshotsTaken(snapshots[0]!.batch!)
  return snapshots
}

/** A snapshot that is about to be taken, and the layer that its content will be. */
export function snapshotOf(
  ctx: Ctx,
  volume: Volume,
  description: string,
  tags: Tags,
  batch: string,
): { made: Snapshot; layer: Layer } {
  const layer = layerWanted(ctx, volume.encryption ?? null)
  const made: Snapshot = {
    ...baseOf(ctx, tags),
    id: newId('snapshot', ctx.app.random),
    description,
    sizeGiB: volume.sizeGiB,
    source: { layerId: layer.id },
    volumeId: volume.id,
    ownerAlias: null,
    isPublic: false,
    state: 'pending',
    batch,
    bootFolder: volume.bootFolder ?? null,
    isEncrypted: volume.isEncrypted,
    encryption: volume.encryption ?? null,
  }
  return { made, layer }
}

export function batchId(ctx: Ctx): string {
  return Buffer.from(ctx.app.random.bytes(12)).toString('hex')
}

export function descriptionCheck(description: string): void {
  if (description.length <= DESCRIPTION_MAX) return
  throw invalidValue('Description', description, `at most ${DESCRIPTION_MAX} characters`)
}

/** Whether there is something to take a snapshot of. */
function mustHold(volume: Volume, operation: string): void {
  const state = volume.isMaterialised ? volumeStateOf(volume) : 'creating'
  if (state === 'available' || state === 'in-use') return
  throw new FaultError({ type: 'IncorrectState', kind: 'volume', id: volume.id, state, operation })
}

function userTags(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('aws:')))
}
