/**
 * CopyVolumes: a volume that begins with what another one holds at this instant. Between the two is a layer as a
 * snapshot makes it, which no user sees: the hidden snapshot goes in the transaction that says it was taken
 * (copy-follow.ts), and the copy is made upon its layer as any volume is. Source: EC2 API reference, CopyVolumes.
 */
import { FaultError } from '../../domain/faults.ts'
import { newId, type VolumeId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Volume } from '../../domain/volume.ts'
import type { VolumeType } from '../../domain/volume-type.ts'
import type { StoreReader } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { batchId, snapshotOf, volumeHeld } from '../snapshots/take.ts'
import { mustBeShareable } from './create.ts'
import { encryptionPlan, volumeEncrypted } from './encryption.ts'
import { volumeShapeChecked } from './shape.ts'

export interface VolumeCopyRequest {
  sourceId: VolumeId
  /** What is not said is as the source has it. */
  sizeGiB: number | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
  isMultiAttach: boolean
  clientToken: string | null
  tags: Tags
}

/** Encrypted as its source, or as the account's default has it. */
const ENCRYPTION = { isEncrypted: null, keyId: null }

/** @throws Faults `NotFound`, `IncorrectState`, `InvalidValue`, `InvalidCombination`. */
export async function volumeCopyPlan(
  ctx: Ctx,
  request: VolumeCopyRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Volume> {
  const source = await volumeHeld(ctx, request.sourceId, 'CopyVolumes', reader)
  const { sizeGiB, isMultiAttach } = request
  if (sizeGiB !== null && sizeGiB < source.sizeGiB) {
    const reason = `smaller than its source, which has ${source.sizeGiB} GiB`
    throw new FaultError({
      type: 'InvalidValue',
      parameter: 'Size',
      value: String(sizeGiB),
      reason,
    })
  }
  const type = request.type ?? source.type
  const isSameType = type === source.type && type !== 'gp2'
  const shape = volumeShapeChecked({
    sizeGiB: sizeGiB ?? source.sizeGiB,
    snapshotSizeGiB: source.sizeGiB,
    type,
    iops: request.iops ?? (isSameType ? source.iops : null),
    throughputMiBps: request.throughputMiBps ?? (isSameType ? source.throughputMiBps : null),
  })
  if (isMultiAttach) mustBeShareable(shape.type)
  const { encryption = null } = source
  const of = { account: ctx.account, encryption, source: { layerId: '' } } as unknown as Snapshot
  return {
    ...shape,
    ...baseOf(ctx, request.tags),
    ...(isMultiAttach ? { isMultiAttach } : {}),
    id: newId('volume', ctx.app.random),
    zone: source.zone,
    snapshotId: null,
    bootFolder: source.bootFolder ?? null,
    ...(await encryptionPlan(ctx, reader, ENCRYPTION, of)),
    intended: 'present',
    isMaterialised: false,
    attachment: null,
    copyOf: { volumeId: source.id, state: 'waiting' },
  }
}

export async function volumeCopy(ctx: Ctx, request: VolumeCopyRequest): Promise<Volume> {
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'CopyVolumes', request.clientToken, async () => {
      const planned = await volumeCopyPlan(ctx, request, tx)
      const source = await volumeHeld(ctx, request.sourceId, 'CopyVolumes', tx)
      const { made, layer } = snapshotOf(ctx, source, `For ${planned.id}`, {}, batchId(ctx))
      await tx.insert('layer', layer)
      await tx.insert('snapshot', { ...made, copyVolumeId: planned.id })
      const copy = await volumeEncrypted(ctx, tx, planned, ENCRYPTION)
      const volume = { ...copy, source: { layerId: layer.id }, layerId: layer.id }
      await tx.insert('volume', volume)
      return { id: volume.id, batch: made.batch! }
    }),
  )
  await ctx.app.snapshotsTaken(result.batch)
  const volume = await ctx.app.store.get('volume', result.id)
  if (volume) return volume
  throw new FaultError({ type: 'NotFound', kind: 'volume', ids: [result.id] })
}
