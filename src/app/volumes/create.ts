/** Volumes of their own: made and deleted. Those of a launch are made in instances/run-volumes.ts. */
import { FaultError, notFound } from '../../domain/faults.ts'
import { bootFolderOf, snapshotStateOf, type Snapshot } from '../../domain/image.ts'
import type { VolumeSource } from '../../domain/machine.ts'
import { newId, type SnapshotId, type VolumeId } from '../../domain/ids.ts'
import type { Tags } from '../../domain/resource.ts'
import { volumeStateOf, type Volume } from '../../domain/volume.ts'
import type { VolumeType } from '../../domain/volume-type.ts'
import { zonesOf } from '../../domain/zones.ts'
import type { StoreReader } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { encryptionPlan, volumeEncrypted, type EncryptionRequest } from './encryption.ts'
import { ownGet } from '../network/scope.ts'
import { snapshotGet } from '../snapshots/find.ts'
import { mustBeUsable } from '../snapshots/tier.ts'
import { volumeShapeChecked } from './shape.ts'

export interface VolumeCreateRequest {
  /** By name or by id. */
  zone: string
  sizeGiB: number | null
  snapshotId: SnapshotId | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
  isMultiAttach?: boolean
  encryption: EncryptionRequest
  clientToken: string | null
  tags: Tags
}

/** The volume that would be made; no effects. */
export async function volumeCreatePlan(
  ctx: Ctx,
  request: VolumeCreateRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Volume> {
  const { app } = ctx
  const zones = zonesOf(ctx.region, app.settings.zones)
  const zone = zones.find((one) => one.name === request.zone || one.id === request.zone)
  if (!zone) throw notFound('availabilityZone', request.zone)
  const { snapshotId, sizeGiB } = request
  if (snapshotId === null && sizeGiB === null) {
    const hint = 'or the parameter snapshotId'
    throw new FaultError({ type: 'MissingParameter', parameter: 'size', hint })
  }
  const snapshot = snapshotId ? await snapshotGet(ctx, snapshotId, reader) : null
  const shape = volumeShapeChecked({ ...request, snapshotSizeGiB: snapshot?.sizeGiB ?? null })
  const { isMultiAttach = false } = request
  if (isMultiAttach) mustBeShareable(shape.type)
  return {
    ...shape,
    ...(isMultiAttach ? { isMultiAttach } : {}),
    ...(snapshot?.fastRestores?.[zone.name] ? { isFastRestored: true } : {}),
    id: newId('volume', app.random),
    account: ctx.account,
    region: ctx.region,
    generation: 0,
    createdAt: app.clock.now(),
    tags: request.tags,
    zone: zone.name,
    snapshotId,
    ...contentOf(snapshot),
    ...(await encryptionPlan(ctx, reader, request.encryption, snapshot)),
    intended: 'present',
    isMaterialised: false,
    attachment: null,
  }
}

/** @throws Fault `InvalidCombination`. */
export function mustBeShareable(type: VolumeType): void {
  if (type === 'io1' || type === 'io2') return
  const parameters = ['MultiAttachEnabled', 'VolumeType']
  const reason = 'Multi-Attach can only be specified for volumeType io1 and io2'
  throw new FaultError({ type: 'InvalidCombination', parameters, reason })
}

/** What a volume made of a snapshot starts as. @throws Fault `IncorrectState` while it is not there yet. */
export function contentOf(
  snapshot: Snapshot | null,
): Pick<Volume, 'source' | 'layerId' | 'bootFolder'> {
  if (snapshot === null) return { source: null, layerId: null, bootFolder: null }
  const { id, source } = snapshot
  const state = snapshotStateOf(snapshot)
  if (state !== 'completed') {
    const operation = 'create a volume'
    throw new FaultError({ type: 'IncorrectState', kind: 'snapshot', id, state, operation })
  }
  mustBeUsable(snapshot, 'create a volume')
  const layerId = 'layerId' in source ? source.layerId : null
  return { source, layerId, bootFolder: bootFolderOf(snapshot) }
}

/** What its host makes it from. */
export function sourceOf({ source, snapshotId }: Volume): VolumeSource | null {
  if (!source) return null
  return 'layerId' in source ? source : { imageId: snapshotId ?? '', ...source }
}

export async function volumeCreate(ctx: Ctx, request: VolumeCreateRequest): Promise<Volume> {
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'CreateVolume', request.clientToken, async () => {
      const volume = await volumeCreatePlan(ctx, request, tx)
      return await tx.insert('volume', await volumeEncrypted(ctx, tx, volume, request.encryption))
    }),
  )
  ctx.app.activate('volumes')
  return (await ctx.app.store.get('volume', result.id)) ?? result
}

/** @throws Faults `NotFound`, `InUse` while it is attached. */
export async function volumeDeleteCheck(
  ctx: Ctx,
  id: VolumeId,
  reader: StoreReader = ctx.app.store,
): Promise<Volume> {
  const volume = await ownGet(ctx, reader, 'volume', id)
  const { attachment } = volume
  if (attachment) {
    throw new FaultError({ type: 'InUse', kind: 'volume', id, by: attachment.instanceId })
  }
  const state = volumeStateOf(volume)
  if (state === 'creating') {
    const operation = 'DeleteVolume'
    throw new FaultError({ type: 'IncorrectState', kind: 'volume', id, state, operation })
  }
  return volume
}

/** It is gone for everybody at once; its file follows. */
export async function volumeDelete(ctx: Ctx, id: VolumeId): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const volume = await volumeDeleteCheck(ctx, id, tx)
    await tx.update('volume', { ...volume, intended: 'absent' })
  })
  ctx.app.activate('volumes')
}

export async function volumeAutoEnableIo(
  ctx: Ctx,
  id: VolumeId,
  isIoAutoEnabled: boolean,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const volume = await ownGet(ctx, tx, 'volume', id)
    await tx.update('volume', { ...volume, isIoAutoEnabled })
  })
}
