/** RegisterImage from snapshots. Images in S3 (`ImageLocation`) are of another age. */
import type { RegisterImageRequest } from '@aws-sdk/client-ec2'
import {
  imageRegister,
  imageRegisterPlan,
  type ImageRegistration,
} from '../../../app/images/register-snapshots.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import type { BlockDevice } from '../../../domain/image.ts'
import type { SnapshotId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { blockDeviceOf } from '../block-devices.ts'
import { imageNameChecked } from '../image-name.ts'
import { uefiDataDecode } from '../uefi-data.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'RegisterImage'>({
  check: async (ctx, input) => {
    await imageRegisterPlan(ctx, registrationOf(input))
  },
  handle: async (ctx, input) => ({ ImageId: await imageRegister(ctx, registrationOf(input)) }),
})

function registrationOf(input: Readonly<RegisterImageRequest>): ImageRegistration {
  refuseAbsentFeatures(input)
  const name = imageNameChecked(input.Name)
  const architecture = input.Architecture ?? 'x86_64'
  if (architecture !== 'x86_64' && architecture !== 'arm64') {
    throw invalidValue('architecture', architecture, 'must be x86_64 or arm64')
  }
  return {
    name,
    description: input.Description ?? '',
    architecture,
    rootDeviceName: input.RootDeviceName ?? '/dev/sda1',
    blockDevices: (input.BlockDeviceMappings ?? []).map(deviceOf),
    bootMode: input.BootMode ?? null,
    imdsSupport: input.ImdsSupport ?? null,
    tpmSupport: input.TpmSupport ?? null,
    uefiVariables: input.UefiData ? uefiDataDecode(input.UefiData) : null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'image', ['image', 'snapshot']),
  }
}

function deviceOf(mapping: Parameters<typeof blockDeviceOf>[0]): BlockDevice {
  const { isSuppressed, ...device } = blockDeviceOf(mapping)
  if (isSuppressed) throw invalidValue('NoDevice', device.deviceName, 'an image names its devices')
  return {
    ...device,
    snapshotId: device.snapshotId as SnapshotId | null,
    deleteOnTermination: device.deleteOnTermination ?? true,
    isEncrypted: device.isEncrypted ?? false,
  }
}

function refuseAbsentFeatures(input: Readonly<RegisterImageRequest>): void {
  const absent: [unknown, string][] = [
    [input.ImageLocation, 'ImageLocation'],
    [input.KernelId, 'KernelId'],
    [input.RamdiskId, 'RamdiskId'],
    [input.BillingProducts?.length, 'BillingProducts'],
    [input.VirtualizationType === 'paravirtual', 'VirtualizationType=paravirtual'],
  ]
  const found = absent.find(([value]) => Boolean(value))
  if (found)
    throw new FaultError({ type: 'Unsupported', feature: `RegisterImage with ${found[1]}` })
}
