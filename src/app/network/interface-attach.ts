/**
 * Interfaces into and out of instances. A stopped instance takes and gives them at once; of a running one the wish
 * is recorded and its host follows (reconcilers/interfaces.ts). Source: EC2 API reference, AttachNetworkInterface,
 * DetachNetworkInterface; EC2 user guide, "Elastic network interfaces".
 */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import { newId, type IdOf, type InstanceId, type NetworkInterfaceId } from '../../domain/ids.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import { NICS_PER_MACHINE_MAX, NICS_PLUGGABLE_MAX } from '../../domain/machine.ts'
import { managerOf, type InterfaceAttachment, type NetworkInterface } from '../../domain/network.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { addressCount, addressesMustFit } from './address-limits.ts'
import type { Change } from './change.ts'
import { ownGet, scopeOf } from './scope.ts'

export interface InterfaceAttachRequest {
  interfaceId: NetworkInterfaceId
  instanceId: InstanceId
  deviceIndex: number
}

export function interfaceAttach(
  ctx: Ctx,
  request: InterfaceAttachRequest,
): Change<InterfaceAttachment> {
  return async (tx) => {
    const { interfaceId, instanceId, deviceIndex } = request
    const one = await ownGet(ctx, tx, 'networkInterface', interfaceId)
    const instance = await ownGet(ctx, tx, 'instance', instanceId)
    const by = one.attachment?.instanceId ?? managerOf(one)
    if (by) {
      throw new FaultError({ type: 'InUse', kind: 'networkInterface', id: interfaceId, by })
    }
    const state = changeableState(instance, 'AttachNetworkInterface')
    mustBeNear(one, instance)
    await mustHaveRoom(ctx, tx, instance, deviceIndex)
    const type = ctx.app.instanceTypes.get(instance.spec.instanceType)
    if (type) addressesMustFit(type, addressCount(one))
    const attachment: InterfaceAttachment = {
      id: newId('networkInterfaceAttachment', ctx.app.random),
      instanceId,
      deviceIndex,
      deleteOnTermination: false,
      attachedAt: ctx.app.clock.now(),
      ...(state === 'running' && { change: 'attaching' as const }),
    }
    await tx.update('networkInterface', { ...one, attachment })
    return attachment
  }
}

function changeableState(instance: Instance, operation: string): 'running' | 'stopped' {
  const state = instanceStateOf(instance)
  if (state === 'running' || state === 'stopped') return state
  const { id } = instance
  throw new FaultError({ type: 'IncorrectState', kind: 'instance', id, state, operation })
}

function mustBeNear(one: NetworkInterface, { id, spec }: Instance): void {
  if (one.zone !== spec.zone) {
    const reason =
      'You may not attach a network interface to an instance if they are not in the same ' +
      'availability zone'
    throw invalidValue('networkInterfaceId', one.id, reason)
  }
  if (one.vpcId === spec.vpcId) return
  throw new FaultError({ type: 'Unsupported', feature: `${id} with an interface of another VPC` })
}

async function mustHaveRoom(
  ctx: Ctx,
  reader: StoreReader,
  instance: Instance,
  deviceIndex: number,
): Promise<void> {
  const reference = { name: 'instance', value: instance.id }
  const present = await reader.list('networkInterface', { reference })
  if (present.some((other) => other.attachment!.deviceIndex === deviceIndex)) {
    const reason =
      `Instance '${instance.id}' already has an interface attached at device index ` +
      `'${deviceIndex}'.`
    throw invalidValue('deviceIndex', deviceIndex, reason)
  }
  const { instanceType } = instance.spec
  const limit = ctx.app.instanceTypes.get(instanceType)?.interfacesMax ?? NICS_PLUGGABLE_MAX
  if (present.length >= limit) {
    const reason = `Interface count ${present.length + 1} exceeds the limit for ${instanceType}`
    throw new FaultError({ type: 'LimitExceeded', kind: 'attachment', limit, reason })
  }
  const isStopped = instanceStateOf(instance) === 'stopped'
  if (present.length < (isStopped ? NICS_PER_MACHINE_MAX : NICS_PLUGGABLE_MAX)) return
  throw new FaultError({
    type: 'Unsupported',
    feature: `interface number ${present.length + 1} of ${isStopped ? 'an' : 'a running'} instance`,
    ...(!isStopped && { hint: `stop it first; it can then have ${NICS_PER_MACHINE_MAX}` }),
  })
}

/** The primary interface stays as long as its instance. */
export function interfaceDetach(
  ctx: Ctx,
  attachmentId: IdOf<'networkInterfaceAttachment'>,
): Change<void> {
  return async (tx) => {
    const all = await tx.list('networkInterface', scopeOf(ctx))
    const one = all.find((each) => each.attachment?.id === attachmentId)
    if (!one) throw notFound('networkInterfaceAttachment', attachmentId)
    const attachment = one.attachment!
    if (attachment.deviceIndex === 0) {
      const reason = 'The network interface at device index 0 cannot be detached.'
      throw new FaultError({ type: 'NotPermitted', kind: 'networkInterface', id: one.id, reason })
    }
    const instance = await ownGet(ctx, tx, 'instance', attachment.instanceId)
    const state = changeableState(instance, 'DetachNetworkInterface')
    // The auto-assigned public address stays behind; an elastic one goes with its interface.
    const loose = { ...one, publicAddress: null }
    if (state === 'stopped')
      return void (await tx.update('networkInterface', { ...loose, attachment: null }))
    await tx.update('networkInterface', {
      ...loose,
      attachment: { ...attachment, change: 'detaching' },
    })
  }
}
