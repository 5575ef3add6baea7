/**
 * Volumes into and out of instances. A stopped instance takes and gives them at once; of a running one the wish is
 * recorded and its host follows (reconcilers/attachments.ts). Source: EC2 API reference, AttachVolume, DetachVolume.
 */
import { FaultError } from '../../domain/faults.ts'
import type { InstanceId, VolumeId } from '../../domain/ids.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import { DISKS_PER_MACHINE_MAX } from '../../domain/machine.ts'
import {
  volumeIsLeaving,
  volumeStateOf,
  type Volume,
  type VolumeAttachment,
} from '../../domain/volume.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { ownGet } from '../network/scope.ts'

export interface AttachRequest {
  volumeId: VolumeId
  instanceId: InstanceId
  deviceName: string
}

/** The volume as it would be; no effects. */
export async function volumeAttachPlan(
  ctx: Ctx,
  request: AttachRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Volume & { attachment: VolumeAttachment }> {
  const { volumeId, instanceId, deviceName } = request
  const volume = await ownGet(ctx, reader, 'volume', volumeId)
  const instance = await ownGet(ctx, reader, 'instance', instanceId)
  if (volume.attachment) {
    const by = volume.attachment.instanceId
    throw new FaultError({ type: 'InUse', kind: 'volume', id: volumeId, by })
  }
  const operation = 'AttachVolume'
  const volumeState = volumeStateOf(volume)
  if (volumeState !== 'available') throw incorrect('volume', volumeId, volumeState, operation)
  const state = instanceStateOf(instance)
  if (state !== 'running' && state !== 'stopped') {
    throw incorrect('instance', instanceId, state, operation)
  }
  if (volume.zone !== instance.spec.zone) {
    throw new FaultError({ type: 'ZoneMismatch', volumeId, instanceId })
  }
  await mustHaveRoom(reader, instance, deviceName)
  return {
    ...volume,
    attachment: {
      instanceId,
      deviceName,
      deleteOnTermination: false,
      attachedAt: ctx.app.clock.now(),
      state: state === 'stopped' ? 'attached' : 'attaching',
    },
  }
}

async function mustHaveRoom(
  reader: StoreReader,
  instance: Instance,
  deviceName: string,
): Promise<void> {
  const reference = { name: 'instance', value: instance.id }
  const attached = await reader.list('volume', { reference })
  if (attached.some((one) => one.attachment?.deviceName === deviceName)) {
    throw new FaultError({ type: 'Duplicate', kind: 'device', name: deviceName })
  }
  if (attached.length < DISKS_PER_MACHINE_MAX) return
  throw new FaultError({
    type: 'LimitExceeded',
    kind: 'attachment',
    limit: DISKS_PER_MACHINE_MAX,
    reason: `${instance.id} has ${attached.length} volumes, as many as an instance can have`,
  })
}

export async function volumeAttach(ctx: Ctx, request: AttachRequest) {
  const volume = await ctx.app.store.transact(async (tx) => {
    const planned = await volumeAttachPlan(ctx, request, tx)
    await tx.update('volume', planned)
    return planned
  })
  ctx.app.activate('attachments')
  return volume
}

export interface DetachRequest {
  volumeId: VolumeId
  /** Checked when given. */
  instanceId: InstanceId | null
  deviceName: string | null
}

/** Before and after; no effects. */
export async function volumeDetachPlan(
  ctx: Ctx,
  request: DetachRequest,
  reader: StoreReader = ctx.app.store,
): Promise<{ attachment: VolumeAttachment; after: Volume }> {
  const { volumeId } = request
  const operation = 'DetachVolume'
  const volume = await ownGet(ctx, reader, 'volume', volumeId)
  const { attachment } = volume
  if (!attachment) throw incorrect('volume', volumeId, volumeStateOf(volume), operation)
  const { instanceId, deviceName } = attachment
  const isOther =
    (request.instanceId !== null && request.instanceId !== instanceId) ||
    (request.deviceName !== null && request.deviceName !== deviceName)
  if (isOther) throw new FaultError({ type: 'NotFound', kind: 'volumeAttachment', ids: [volumeId] })
  const instance = await ownGet(ctx, reader, 'instance', instanceId)
  const state = instanceStateOf(instance)
  const leaving: VolumeAttachment = { ...attachment, state: 'detaching' }
  if (state === 'stopped') return { attachment: leaving, after: { ...volume, attachment: null } }
  if (deviceName === instance.spec.rootDeviceName) {
    const reason = `Unable to detach root volume '${volumeId}' from instance '${instanceId}'`
    throw new FaultError({ type: 'NotPermitted', kind: 'volume', id: volumeId, reason })
  }
  // What is on its way in must arrive first; a launch would bring it back.
  if (attachment.state === 'attaching' || state === 'pending') {
    throw incorrect('volume', volumeId, attachment.state, operation)
  }
  if (volumeIsLeaving(volume)) return { attachment, after: volume }
  return { attachment: leaving, after: { ...volume, attachment: leaving } }
}

/** The attachment as it is from now on. */
export async function volumeDetach(ctx: Ctx, request: DetachRequest): Promise<VolumeAttachment> {
  const attachment = await ctx.app.store.transact(async (tx) => {
    const planned = await volumeDetachPlan(ctx, request, tx)
    await tx.update('volume', planned.after)
    return planned.attachment
  })
  ctx.app.activate('attachments')
  return attachment
}

function incorrect(
  kind: 'volume' | 'instance',
  id: string,
  state: string,
  operation: string,
): FaultError {
  return new FaultError({ type: 'IncorrectState', kind, id, state, operation })
}
