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
import { volumeShapeChecked } from './shape.ts'

export interface VolumeModifyRequest {
  volumeId: VolumeId
  sizeGiB: number | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
}

/** The volume with its modification; no effects. */
export async function volumeModifyPlan(
  ctx: Ctx,
  request: VolumeModifyRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Volume> {
  const { volumeId: id, sizeGiB, type, iops, throughputMiBps } = request
  const volume = await ownGet(ctx, reader, 'volume', id)
  const state = volume.isMaterialised ? volumeStateOf(volume) : 'creating'
  if (state !== 'available' && state !== 'in-use') {
    const fault = { type: 'IncorrectState', kind: 'volume', id, state } as const
    throw new FaultError({ ...fault, operation: 'ModifyVolume' })
  }
  if (sizeGiB === null && type === null && iops === null && throughputMiBps === null) {
    const parameters = ['Size', 'VolumeType', 'Iops', 'Throughput']
    const reason = 'The request must contain at least one of size, volumeType, iops or throughput'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  mustBeIdle(ctx, volume)
  if (sizeGiB !== null && sizeGiB < volume.sizeGiB) {
    throw invalidValue('size', sizeGiB, 'New size cannot be smaller than existing size')
  }
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
  const startedAt = ctx.app.clock.now()
  const modification = { state: 'modifying', original, target, startedAt, endedAt: null } as const
  return { ...volume, modification }
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
