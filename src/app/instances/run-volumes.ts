/** The volumes of a launch: the image's block devices with the request's overrides. */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import type { Image, Snapshot } from '../../domain/image.ts'
import { newId, type InstanceId } from '../../domain/ids.ts'
import { DISKS_PER_MACHINE_MAX } from '../../domain/machine.ts'
import type { StandbyNames } from '../../domain/standby.ts'
import type { Volume } from '../../domain/volume.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { snapshotGet } from '../snapshots/find.ts'
import { contentOf } from '../volumes/create.ts'
import { encryptionPlan, volumeEncrypted, type EncryptionRequest } from '../volumes/encryption.ts'
import { volumeShapeChecked, type VolumeShape } from '../volumes/shape.ts'
import type { Restored, RunRequest } from './run-request.ts'

export interface PlannedVolume extends VolumeShape {
  deviceName: string
  snapshot: Snapshot | null
  deleteOnTermination: boolean
  encryption: EncryptionRequest
}

export async function volumesPlanned(
  ctx: Ctx,
  tx: StoreTransaction,
  request: RunRequest,
  image: Image,
): Promise<PlannedVolume[]> {
  const devices = new Map(image.blockDevices.map((device) => [device.deviceName, device]))
  for (const wanted of request.blockDevices) {
    const base = devices.get(wanted.deviceName)
    if (wanted.isSuppressed) {
      devices.delete(wanted.deviceName)
      continue
    }
    if (!base && wanted.snapshotId === null && wanted.sizeGiB === null) {
      throw new FaultError({
        type: 'MissingParameter',
        parameter: 'VolumeSize',
        hint: `${wanted.deviceName} is not in the image, so it needs a size or a snapshot`,
      })
    }
    devices.set(wanted.deviceName, {
      deviceName: wanted.deviceName,
      snapshotId: (wanted.snapshotId ?? base?.snapshotId ?? null) as Snapshot['id'] | null,
      sizeGiB: wanted.sizeGiB ?? base?.sizeGiB ?? null,
      type: wanted.type ?? base?.type ?? null,
      iops: wanted.iops ?? (wanted.type ? null : (base?.iops ?? null)),
      throughputMiBps:
        wanted.throughputMiBps ?? (wanted.type ? null : (base?.throughputMiBps ?? null)),
      deleteOnTermination: wanted.deleteOnTermination ?? base?.deleteOnTermination ?? true,
      isEncrypted: wanted.isEncrypted ?? base?.isEncrypted ?? false,
      kmsKeyId: wanted.kmsKeyId ?? base?.kmsKeyId ?? null,
    })
  }
  if (!devices.has(image.rootDeviceName)) {
    throw invalidValue('BlockDeviceMapping', image.rootDeviceName, 'the root device cannot go')
  }
  if (devices.size > DISKS_PER_MACHINE_MAX) {
    throw new FaultError({
      type: 'LimitExceeded',
      kind: 'attachment',
      limit: DISKS_PER_MACHINE_MAX,
      reason: `at most ${DISKS_PER_MACHINE_MAX} volumes an instance`,
    })
  }
  const planned: PlannedVolume[] = []
  for (const device of devices.values()) {
    const snapshot = await snapshotOf(ctx, tx, device.snapshotId, image)
    planned.push({
      ...volumeShapeChecked({ ...device, snapshotSizeGiB: snapshot?.sizeGiB ?? null }),
      deviceName: device.deviceName,
      snapshot,
      deleteOnTermination: device.deleteOnTermination,
      encryption: { isEncrypted: device.isEncrypted || null, keyId: device.kmsKeyId ?? null },
    })
  }
  return planned
}

/** Who may launch an image may use its snapshots for it, whosever they are. */
async function snapshotOf(
  ctx: Ctx,
  tx: StoreTransaction,
  id: Snapshot['id'] | null,
  image: Image,
): Promise<Snapshot | null> {
  if (id === null) return null
  const isOfImage = image.blockDevices.some((device) => device.snapshotId === id)
  const snapshot = isOfImage ? await tx.get('snapshot', id) : await snapshotGet(ctx, id, tx)
  if (!snapshot) throw notFound('snapshot', id)
  return snapshot
}

export async function volumesCreate(
  ctx: Ctx,
  tx: StoreTransaction,
  request: RunRequest,
  planned: readonly PlannedVolume[],
  to: { instanceId: InstanceId; zone: string },
  names: Pick<StandbyNames, 'rootVolumeId'> | null,
): Promise<void> {
  const now = ctx.app.clock.now()
  for (const volume of planned) {
    const made: Volume = {
      id: names?.rootVolumeId ?? newId('volume', ctx.app.random),
      account: ctx.account,
      region: ctx.region,
      generation: 0,
      createdAt: now,
      tags: request.tags.volume,
      zone: to.zone,
      sizeGiB: volume.sizeGiB,
      type: volume.type,
      iops: volume.iops,
      throughputMiBps: volume.throughputMiBps,
      ...(await encryptionPlan(ctx, tx, volume.encryption, volume.snapshot)),
      snapshotId: volume.snapshot?.id ?? null,
      ...contentOf(volume.snapshot),
      intended: 'present',
      isMaterialised: false,
      attachment: {
        instanceId: to.instanceId,
        deviceName: volume.deviceName,
        deleteOnTermination: volume.deleteOnTermination,
        attachedAt: now,
        state: 'attached',
      },
    }
    await tx.insert('volume', await volumeEncrypted(ctx, tx, made, volume.encryption))
  }
}

/** A restore's own volumes, from now on the instance's. */
export async function volumesTake(
  ctx: Ctx,
  tx: StoreTransaction,
  { volumes }: Restored,
  instanceId: InstanceId,
): Promise<void> {
  for (const { volumeId, deviceName, deleteOnTermination } of volumes) {
    const volume = await tx.get('volume', volumeId)
    if (!volume || volume.attachment || volume.intended === 'absent') {
      throw notFound('volume', volumeId)
    }
    const attachedAt = ctx.app.clock.now()
    const attachment = { instanceId, deviceName, deleteOnTermination, attachedAt }
    await tx.update('volume', {
      ...volume,
      isFilling: false,
      attachment: { ...attachment, state: 'attached' },
    })
  }
}
