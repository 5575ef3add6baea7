/**
 * Volumes into and out of instances. A stopped instance takes and gives them at once; of a running one the wish is
 * recorded and its host follows (reconcilers/attachments.ts). Source: EC2 API reference, AttachVolume, DetachVolume.
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { InstanceId, VolumeId } from '../../domain/ids.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import { DISKS_PER_MACHINE_MAX } from '../../domain/machine.ts'
import {
  MULTI_ATTACH_MAX,
  attachmentsOf,
  volumeAt,
  volumeAttached,
  volumeIsLeaving,
  volumeStateOf,
  type Volume,
  type VolumeAttachment,
} from '../../domain/volume.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { ownGet } from '../network/scope.ts'
import { volumesOf } from './of-instance.ts'

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
  mustBeAttachable(ctx, volume, instance)
  const operation = 'AttachVolume'
  const volumeState = volumeStateOf({ ...volume, attachment: null })
  if (volumeState !== 'available') throw incorrect('volume', volumeId, volumeState, operation)
  const state = instanceStateOf(instance)
  if (state !== 'running' && state !== 'stopped') {
    throw incorrect('instance', instanceId, state, operation)
  }
  if (volume.zone !== instance.spec.zone) {
    throw new FaultError({ type: 'ZoneMismatch', volumeId, instanceId })
  }
  if (volume.isMultiAttach && deviceName === instance.spec.rootDeviceName) {
    throw invalidValue('device', deviceName, 'a Multi-Attach volume cannot be a root volume')
  }
  await mustHaveRoom(reader, instance, deviceName)
  return {
    ...volume,
    ...(volume.attachment ? { others: attachmentsOf(volume) } : {}),
    attachment: {
      instanceId,
      deviceName,
      deleteOnTermination: false,
      attachedAt: ctx.app.clock.now(),
      state: state === 'stopped' ? 'attached' : 'attaching',
    },
  }
}

/** Of one with Multi-Attach each instance has one attachment, and there may be sixteen. */
function mustBeAttachable(ctx: Ctx, volume: Volume, { id, spec }: Instance): void {
  const attachments = attachmentsOf(volume)
  const mine = attachments.find((one) => one.instanceId === id)
  const holder = volume.isMultiAttach ? mine : attachments[0]
  if (holder) {
    throw new FaultError({ type: 'InUse', kind: 'volume', id: volume.id, by: holder.instanceId })
  }
  if (!volume.isMultiAttach) return
  const type = ctx.app.instanceTypes.get(spec.instanceType)
  if (type?.hypervisor === 'xen') {
    const parameters = ['InstanceId', 'VolumeId']
    const reason = `Multi-Attach needs a Nitro instance; ${spec.instanceType} is none`
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  if (attachments.length < MULTI_ATTACH_MAX) return
  throw new FaultError({
    type: 'LimitExceeded',
    kind: 'attachment',
    limit: MULTI_ATTACH_MAX,
    reason: `${volume.id} is attached to ${attachments.length} instances, as many as can have one`,
  })
}

async function mustHaveRoom(
  reader: StoreReader,
  instance: Instance,
  deviceName: string,
): Promise<void> {
  const attached = await volumesOf(reader, instance.id)
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
  const found = await ownGet(ctx, reader, 'volume', volumeId)
  if (request.instanceId === null && (found.others ?? []).length > 0) {
    const hint = `${volumeId} is attached to several instances`
    throw new FaultError({ type: 'MissingParameter', parameter: 'InstanceId', hint })
  }
  const volume = request.instanceId === null ? found : volumeAt(found, request.instanceId)
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
  if (state === 'stopped') return { attachment: leaving, after: volumeAttached(volume, null) }
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
