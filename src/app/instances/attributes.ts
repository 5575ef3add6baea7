/**
 * What can be changed about an instance after its launch, all of it without touching a running machine: what a host
 * must know is part of the next start, the rest is read where it is used (metadata, networks). Source: EC2 API
 * reference (ModifyInstanceAttribute and its relatives).
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { InstanceId, SecurityGroupId } from '../../domain/ids.ts'
import { instanceAllows, instanceStateOf, type Instance } from '../../domain/instance.ts'
import type { InstanceOperation, InstanceSpec, MetadataOptions } from '../../domain/instance.ts'
import type { NetworkInterface } from '../../domain/network.ts'
import type { Volume } from '../../domain/volume.ts'
import type { StoreReader } from '../../store/store.ts'
import { hostCapacities, typeChecked } from '../capacity.ts'
import type { Ctx } from '../context.ts'
import { addressCount, addressesMustFit } from '../network/address-limits.ts'
import { groupsForInterface } from '../network/groups.ts'
import { cpuOptionsChecked, type CpuOptions } from './cpu-options.ts'
import { instancesGet } from './lifecycle.ts'
import { volumesOf } from '../volumes/of-instance.ts'

export type InstanceChange =
  | { type: 'instanceType'; name: string }
  | { type: 'cpu'; options: CpuOptions }
  | { type: 'userData'; base64: string | null }
  /** Flags and choices that any live instance takes at once. */
  | { type: 'spec'; values: Partial<FreeSpec> }
  /** Those that wait for a stop. */
  | { type: 'stoppedSpec'; values: Partial<StoppedSpec> }
  | { type: 'metadata'; options: (before: MetadataOptions) => MetadataOptions }
  | { type: 'sourceDestCheck'; isChecked: boolean }
  | { type: 'groups'; groupIds: readonly SecurityGroupId[] }
  | { type: 'deleteOnTermination'; byDevice: ReadonlyMap<string, boolean> }

type FreeSpec = Pick<
  InstanceSpec,
  | 'isTerminationProtected'
  | 'isStopProtected'
  | 'shutdownBehavior'
  | 'isMonitored'
  | 'autoRecovery'
  | 'cpuCredits'
  | 'resourceNames'
>
type StoppedSpec = Pick<InstanceSpec, 'isEbsOptimized' | 'privateDnsHostnameType' | 'declined'>

interface ChangePlan {
  instance?: Instance
  networkInterface?: NetworkInterface
  volumes?: Volume[]
}

/** What would be written; no effects. @throws Faults. */
export async function instanceModifyPlan(
  ctx: Ctx,
  id: InstanceId,
  change: InstanceChange,
  reader: StoreReader = ctx.app.store,
): Promise<ChangePlan> {
  const [found] = await instancesGet(ctx, [id], reader)
  const instance = found!
  const { spec } = instance
  mustAllow(instance, 'change')
  switch (change.type) {
    case 'instanceType':
      mustAllow(instance, 'changeType')
      return { instance: await withType(ctx, instance, change.name, reader) }
    case 'cpu': {
      mustAllow(instance, 'changeType')
      const type = ctx.app.instanceTypes.get(spec.instanceType)!
      const { coreCount, threadsPerCore } = cpuOptionsChecked(change.options, type)
      const vcpus = coreCount * threadsPerCore
      const cpu = { coresPerSocket: coreCount, threadsPerCore, vcpus }
      return { instance: { ...instance, spec: { ...spec, ...cpu } } }
    }
    case 'userData':
      mustAllow(instance, 'changeUserData')
      return { instance: { ...instance, spec: { ...spec, userData: change.base64 } } }
    case 'stoppedSpec':
      mustAllow(instance, 'changeType')
      return { instance: { ...instance, spec: { ...spec, ...change.values } } }
    case 'spec':
      return { instance: { ...instance, spec: { ...spec, ...change.values } } }
    case 'metadata': {
      const metadata = change.options(spec.metadata)
      return { instance: { ...instance, spec: { ...spec, metadata } } }
    }
    case 'sourceDestCheck': {
      const only = await onlyInterface(reader, instance)
      return { networkInterface: { ...only, isSourceDestChecked: change.isChecked } }
    }
    case 'groups': {
      const only = await onlyInterface(reader, instance)
      const groupIds = await groupsForInterface(ctx, reader, only.vpcId, change.groupIds)
      return { networkInterface: { ...only, groupIds } }
    }
    case 'deleteOnTermination':
      return { volumes: await volumesChanged(reader, instance, change.byDevice) }
  }
}

export async function instanceModify(
  ctx: Ctx,
  id: InstanceId,
  change: InstanceChange,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const plan = await instanceModifyPlan(ctx, id, change, tx)
    if (plan.instance) await tx.update('instance', plan.instance)
    if (plan.networkInterface) await tx.update('networkInterface', plan.networkInterface)
    for (const volume of plan.volumes ?? []) await tx.update('volume', volume)
  })
  // Groups, the source check and the hop limit of metadata are rules of the network.
  await ctx.app.networkInForce()
}

export function mustAllow(instance: Instance, operation: InstanceOperation): void {
  if (instanceAllows(instance, operation)) return
  const { id } = instance
  const state = instanceStateOf(instance)
  throw new FaultError({ type: 'IncorrectState', kind: 'instance', id, state, operation })
}

async function withType(
  ctx: Ctx,
  instance: Instance,
  name: string,
  reader: StoreReader,
): Promise<Instance> {
  const { spec } = instance
  if (name === spec.instanceType) return instance
  const type = typeChecked(ctx.app, name, await hostCapacities(ctx.app, reader))
  if (type.architecture !== spec.architecture) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['InstanceType'],
      reason:
        `The architecture '${type.architecture}' of the instance type ${name} does not match ` +
        `the architecture '${spec.architecture}' of the instance ${instance.id}.`,
    })
  }
  const interfaces = await interfacesOf(reader, instance)
  const count = interfaces.length
  if (count > type.interfacesMax) {
    throw new FaultError({
      type: 'LimitExceeded',
      kind: 'attachment',
      limit: type.interfacesMax,
      reason: `Interface count ${count} exceeds the limit for ${name}`,
    })
  }
  for (const one of interfaces) addressesMustFit(type, addressCount(one))
  return {
    ...instance,
    spec: {
      ...spec,
      instanceType: name,
      vcpus: type.cores * type.threadsPerCore,
      coresPerSocket: type.cores,
      threadsPerCore: type.threadsPerCore,
      memoryMiB: type.memoryMiB,
      cpuCredits: type.isBurstable ? spec.cpuCredits : null,
    },
  }
}

async function interfacesOf(reader: StoreReader, instance: Instance): Promise<NetworkInterface[]> {
  return await reader.list('networkInterface', {
    reference: { name: 'instance', value: instance.id },
  })
}

/** With several, EC2 wants ModifyNetworkInterfaceAttribute. */
async function onlyInterface(reader: StoreReader, instance: Instance): Promise<NetworkInterface> {
  const [first, ...others] = await interfacesOf(reader, instance)
  if (first && others.length === 0) return first
  throw new FaultError({
    type: 'InvalidCombination',
    parameters: ['InstanceId'],
    reason:
      `There are multiple interfaces attached to instance '${instance.id}'. ` +
      'Please specify an interface ID for the operation instead.',
  })
}

async function volumesChanged(
  reader: StoreReader,
  instance: Instance,
  byDevice: ReadonlyMap<string, boolean>,
): Promise<Volume[]> {
  const volumes = await volumesOf(reader, instance.id)
  return [...byDevice].map(([device, deleteOnTermination]) => {
    const volume = volumes.find((one) => one.attachment?.deviceName === device)
    if (!volume?.attachment) {
      throw invalidValue('BlockDeviceMapping', device, `No device is currently mapped at ${device}`)
    }
    return { ...volume, attachment: { ...volume.attachment, deleteOnTermination } }
  })
}
