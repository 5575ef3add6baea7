/**
 * CreateImage: snapshots of an instance's volumes at one instant, and an image that names them. Unless it is told not
 * to, the instance is rebooted, and the instant is when it begins anew: its file systems are as a clean shutdown left
 * them. The image is pending until its snapshots are taken (snapshots/settle.ts).
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { newId, type ImageId, type InstanceId } from '../../domain/ids.ts'
import type { BlockDevice, Image, Snapshot } from '../../domain/image.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import type { Layer } from '../../domain/layer.ts'
import type { Tags } from '../../domain/resource.ts'
import type { UefiVariable } from '../../domain/uefi.ts'
import type { Volume } from '../../domain/volume.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import type { BlockDeviceRequest } from '../instances/run-request.ts'
import { baseOf, ownGet } from '../network/scope.ts'
import { instanceUefiVariables } from '../instances/firmware.ts'
import { snapshotGet } from '../snapshots/find.ts'
import { batchId, descriptionCheck, snapshotOf } from '../snapshots/take.ts'
import { volumeShapeChecked } from '../volumes/shape.ts'
import { fastLaunchWanted } from './fast-launch.ts'
import { imageNameFree } from './list.ts'
import { volumesOf } from '../volumes/of-instance.ts'
import { mustBeUsable } from '../snapshots/tier.ts'

export interface ImageCreateRequest {
  instanceId: InstanceId
  name: string
  description: string
  isRebooted: boolean
  blockDevices: readonly BlockDeviceRequest[]
  tags: { image: Tags; snapshot: Tags }
}

export interface ImagePlan {
  image: Image
  snapshots: { made: Snapshot; layer: Layer }[]
}

/** What would be made; no effects. @throws Faults. */
export async function imageCreatePlan(
  ctx: Ctx,
  request: ImageCreateRequest,
  reader: StoreReader = ctx.app.store,
  uefiVariables: readonly UefiVariable[] | null = null,
): Promise<ImagePlan> {
  descriptionCheck(request.description)
  const instance = await ownGet(ctx, reader, 'instance', request.instanceId)
  mustBeStill(instance)
  await imageNameFree(ctx, reader, request.name)
  const attached = (await volumesOf(reader, instance.id)).filter((one) => one.isMaterialised)
  const origin = await reader.get('image', instance.spec.imageId)
  const batch = batchId(ctx)
  const snapshots: ImagePlan['snapshots'] = []
  const devices = new Map<string, BlockDevice>()
  for (const volume of attached) {
    const { deviceName, deleteOnTermination } = volume.attachment!
    const wanted = request.blockDevices.find((one) => one.deviceName === deviceName)
    if (wanted?.isSuppressed) continue
    const description = `Created by CreateImage(${instance.id}) for ${request.name}`
    const one = snapshotOf(ctx, volume, description, request.tags.snapshot, batch)
    snapshots.push({ ...one, made: { ...one.made, isRebooted: request.isRebooted } })
    const device = { deviceName, snapshotId: one.made.id, deleteOnTermination }
    devices.set(deviceName, {
      ...device,
      ...shapeOf(volume, wanted),
      isEncrypted: volume.isEncrypted,
    })
  }
  for (const wanted of request.blockDevices) {
    const isNew = !attached.some((one) => one.attachment?.deviceName === wanted.deviceName)
    if (isNew && !wanted.isSuppressed) {
      devices.set(wanted.deviceName, await addedDevice(ctx, wanted, reader))
    }
  }
  const { rootDeviceName } = instance.spec
  const isRoot = (one: Volume): boolean => one.attachment?.deviceName === rootDeviceName
  if (!devices.get(rootDeviceName)?.snapshotId) {
    throw invalidValue('BlockDeviceMapping', rootDeviceName, 'the root device cannot go')
  }
  const image: Image = {
    ...baseOf(ctx, request.tags.image),
    id: newId('image', ctx.app.random),
    name: request.name,
    description: request.description,
    ownerAlias: null,
    isPublic: false,
    architecture: instance.spec.architecture,
    platform: origin?.platform ?? null,
    rootDeviceName,
    blockDevices: [...devices.values()],
    bootMode: instance.spec.imageBootMode ?? origin?.bootMode ?? instance.spec.bootMode,
    tpmSupport: origin?.tpmSupport ?? (instance.spec.hasTpm ? 'v2.0' : null),
    // With the keys and boot entries that were made since.
    uefiVariables,
    imageFolder: instance.spec.imageFolder,
    defaultUser: origin?.defaultUser ?? 'ec2-user',
    imdsSupport: origin?.imdsSupport ?? null,
    deregisteredAt: null,
    deprecatedAt: null,
    launchPermissions: [],
    family: '',
    ...freezableOf(ctx, origin, attached.find(isRoot)),
    state: 'pending',
    sourceInstanceId: instance.id,
    sourceImage: { imageId: instance.spec.imageId, region: ctx.region },
  }
  return { image, snapshots }
}

/** Its guest is its original's, and can be frozen as that could: launches of it are copies too, once it is there. */
function freezableOf(
  { app }: Ctx,
  origin: Image | undefined,
  root: Volume | undefined,
): Pick<Image, 'isFreezable' | 'fastLaunch'> {
  const isPlain = root?.isEncrypted === false && origin?.bootMode !== 'uefi'
  if (!origin?.isFreezable || !isPlain) return {}
  return { isFreezable: true, fastLaunch: fastLaunchWanted(app.clock.now()) }
}

export async function imageCreate(ctx: Ctx, request: ImageCreateRequest): Promise<ImageId> {
  const instance = await ownGet(ctx, ctx.app.store, 'instance', request.instanceId)
  const uefiVariables = await instanceUefiVariables(ctx.app, instance)
  const { image, snapshots } = await ctx.app.store.transact(async (tx) => {
    const plan = await imageCreatePlan(ctx, request, tx, uefiVariables)
    for (const { made, layer } of plan.snapshots) {
      await tx.insert('layer', layer)
      await tx.insert('snapshot', made)
    }
    await tx.insert('image', plan.image)
    return plan
  })
  const taken = ctx.app.snapshotsTaken(snapshots[0]!.made.batch!)
  // A reboot takes as long as the guest does; without one the instant is now.
  if (!request.isRebooted) await taken
  return image.id
}

function mustBeStill(instance: Instance): void {
  const state = instanceStateOf(instance)
  if (['running', 'stopped', 'stopping'].includes(state)) return
  const fault = { type: 'IncorrectState', kind: 'instance', id: instance.id, state } as const
  throw new FaultError({ ...fault, operation: 'CreateImage' })
}

function shapeOf(volume: Volume, wanted: BlockDeviceRequest | undefined) {
  if (wanted?.snapshotId) {
    const reason = 'the device is attached: its own snapshot is taken'
    throw invalidValue('BlockDeviceMapping', wanted.deviceName, reason)
  }
  const type = wanted?.type ?? volume.type
  const isSameType = type === volume.type
  const hasIops = isSameType && ['gp3', 'io1', 'io2'].includes(type)
  const shape = volumeShapeChecked({
    sizeGiB: wanted?.sizeGiB ?? volume.sizeGiB,
    snapshotSizeGiB: volume.sizeGiB,
    type,
    iops: wanted?.iops ?? (hasIops ? volume.iops : null),
    throughputMiBps: wanted?.throughputMiBps ?? (isSameType ? volume.throughputMiBps : null),
  })
  const deleteOnTermination = wanted?.deleteOnTermination ?? null
  return {
    ...shape,
    // gp2's rate follows from its size, whatever that will be.
    iops: type === 'gp2' ? null : shape.iops,
    ...(deleteOnTermination === null ? {} : { deleteOnTermination }),
  }
}

async function addedDevice(
  ctx: Ctx,
  wanted: BlockDeviceRequest,
  reader: StoreReader,
): Promise<BlockDevice> {
  const snapshot = wanted.snapshotId ? await snapshotGet(ctx, wanted.snapshotId, reader) : null
  if (snapshot) mustBeUsable(snapshot, 'CreateImage')
  const snapshotSizeGiB = snapshot?.sizeGiB ?? null
  const { sizeGiB, type } = volumeShapeChecked({ ...wanted, snapshotSizeGiB })
  return {
    deviceName: wanted.deviceName,
    snapshotId: snapshot?.id ?? null,
    sizeGiB,
    type,
    iops: wanted.iops,
    throughputMiBps: wanted.throughputMiBps,
    deleteOnTermination: wanted.deleteOnTermination ?? true,
    isEncrypted: wanted.isEncrypted ?? snapshot?.isEncrypted ?? false,
    kmsKeyId: wanted.kmsKeyId ?? null,
  }
}
