/**
 * ModifyVolume: another size, type, rate, while the volume is in use. The wish is recorded, the host follows
 * (reconcilers/volumes.ts), and only then the volume is shown so. Source: EBS user guide, "Request modifications to
 * your EBS volumes".
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { VolumeId } from '../../domain/ids.ts'
import { volumeStateOf, type Volume } from '../../domain/volume.ts'
import type { VolumeType } from '../../domain/volume-type.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { ownGet } from '../network/scope.ts'
import { mustBeShareable } from './create.ts'
import { volumeShapeChecked } from './shape.ts'

export interface VolumeModifyRequest {
  volumeId: VolumeId
  sizeGiB: number | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
  /** Null: as it is. */
  isMultiAttach?: boolean | null
}

/** The volume with its modification; no effects. */
export async function volumeModifyPlan(
  ctx: Ctx,
  request: VolumeModifyRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Volume> {
  const { volumeId: id, sizeGiB, type, iops, throughputMiBps, isMultiAttach = null } = request
  const volume = await ownGet(ctx, reader, 'volume', id)
  const state = volume.isMaterialised ? volumeStateOf(volume) : 'creating'
  if (state !== 'available' && state !== 'in-use') {
    const fault = { type: 'IncorrectState', kind: 'volume', id, state } as const
    throw new FaultError({ ...fault, operation: 'ModifyVolume' })
  }
  const wishes = [sizeGiB, type, iops, throughputMiBps, isMultiAttach]
  if (wishes.every((one) => one === null)) {
    const parameters = ['Size', 'VolumeType', 'Iops', 'Throughput', 'MultiAttachEnabled']
    const reason =
      'The request must contain at least one of size, volumeType, iops, throughput or multiAttachEnabled'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  mustBeIdle(ctx, volume)
  if (sizeGiB !== null && sizeGiB < volume.sizeGiB) {
    throw invalidValue('size', sizeGiB, 'New size cannot be smaller than existing size')
  }
  mustBeModifiable(volume, request)
  const isSameType = type === null || type === volume.type
  const keepsIops = isSameType && volume.type !== 'gp2'
  const target = volumeShapeChecked({
    sizeGiB: sizeGiB ?? volume.sizeGiB,
    snapshotSizeGiB: null,
    type: type ?? volume.type,
    iops: iops ?? (keepsIops ? volume.iops : null),
    throughputMiBps: throughputMiBps ?? (isSameType ? volume.throughputMiBps : null),
  })
  const original = {
    sizeGiB: volume.sizeGiB,
    type: volume.type,
    iops: volume.iops,
    throughputMiBps: volume.throughputMiBps,
  }
  const figures = multiAttachOf(volume, isMultiAttach)
  const startedAt = ctx.app.clock.now()
  return {
    ...volume,
    modification: {
      state: 'modifying',
      original: { ...original, ...figures.original },
      target: { ...target, ...figures.target },
      startedAt,
      endedAt: null,
    },
  }
}

/**
 * One with Multi-Attach keeps its type, an io1 everything; it is switched on and off while no instance has the volume,
 * and only of io2. Source: EBS user guide, "Attach an EBS volume to multiple EC2 instances using Multi-Attach".
 */
function mustBeModifiable(volume: Volume, request: VolumeModifyRequest): void {
  const { isMultiAttach: isWanted = null, type } = request
  const isNow = volume.isMultiAttach ?? false
  const refuse = (parameters: readonly string[], reason: string): never => {
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (isNow && type !== null && type !== volume.type) {
    refuse(['VolumeType'], 'the type of a volume with Multi-Attach cannot be modified')
  }
  if (isNow && volume.type === 'io1') {
    refuse(['VolumeId'], 'an io1 volume with Multi-Attach cannot be modified')
  }
  if (isWanted === null || isWanted === isNow) return
  mustBeShareable(type ?? volume.type)
  if ((type ?? volume.type) !== 'io2' || volume.type !== 'io2') {
    refuse(['MultiAttachEnabled'], 'Multi-Attach can be modified of io2 volumes only')
  }
  if (volume.attachment) {
    const { instanceId } = volume.attachment
    throw new FaultError({ type: 'InUse', kind: 'volume', id: volume.id, by: instanceId })
  }
}

function multiAttachOf(volume: Volume, isWanted: boolean | null) {
  const isNow = volume.isMultiAttach ?? false
  if (!isNow && isWanted === null) return { original: {}, target: {} }
  return { original: { isMultiAttach: isNow }, target: { isMultiAttach: isWanted ?? isNow } }
}

function mustBeIdle(ctx: Ctx, { id, modification }: Volume): void {
  if (!modification) return
  if (modification.state === 'modifying') {
    const message = `Volume ${id} cannot be modified in modification state MODIFYING`
    throw new FaultError({ type: 'Service', code: 'IncorrectModificationState', message })
  }
  const waitMs = ctx.app.settings.volumeModificationWaitMs
  if (ctx.app.clock.now() >= modification.startedAt + waitMs) return
  const wait = waitMs >= 3_600_000 ? `${waitMs / 3_600_000} hours` : `${waitMs / 1_000} seconds`
  throw new FaultError({
    type: 'Service',
    code: 'VolumeModificationRateExceeded',
    message:
      "You've reached the maximum modification rate per volume limit. " +
      `Wait at least ${wait} between modifications per EBS volume.`,
  })
}

export async function volumeModify(ctx: Ctx, request: VolumeModifyRequest): Promise<Volume> {
  const volume = await ctx.app.store.transact(async (tx) =>
    tx.update('volume', await volumeModifyPlan(ctx, request, tx)),
  )
  ctx.app.activate('volumes')
  return volume
}
