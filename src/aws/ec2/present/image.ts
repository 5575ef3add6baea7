/** Images as EC2 shows them. */
import type { BlockDeviceMapping, Image as Ec2Image } from '@aws-sdk/client-ec2'
import { imageStateOf, type BlockDevice, type Image } from '../../../domain/image.ts'
import { tagList } from '../tags.ts'

export function presentImage(image: Image, isAllowed = true): Ec2Image {
  const isWindows = image.platform === 'windows'
  return {
    Architecture: image.architecture,
    BlockDeviceMappings: image.blockDevices.map(presentBlockDevice),
    BootMode: image.bootMode,
    CreationDate: new Date(image.createdAt).toISOString(),
    DeprecationTime:
      image.deprecatedAt === null ? undefined : new Date(image.deprecatedAt).toISOString(),
    DeregistrationProtection: image.isProtected ? 'enabled-without-cooldown' : 'disabled',
    Description: image.description || undefined,
    EnaSupport: true,
    Hypervisor: 'xen',
    ImageAllowed: isAllowed,
    ImageId: image.id,
    ImageLocation: `${image.ownerAlias ?? image.account}/${image.name}`,
    ImageOwnerAlias: image.ownerAlias ?? undefined,
    ImageType: 'machine',
    ImdsSupport: image.imdsSupport ?? undefined,
    Name: image.name,
    OwnerId: image.account,
    // EC2 writes it so, whatever its model says.
    Platform: isWindows ? ('windows' as 'Windows') : undefined,
    PlatformDetails: isWindows ? 'Windows' : 'Linux/UNIX',
    ProductCodes: [],
    Public: image.isPublic,
    RootDeviceName: image.rootDeviceName,
    RootDeviceType: 'ebs',
    SourceImageId: image.sourceImage?.imageId,
    SourceImageRegion: image.sourceImage?.region,
    SourceInstanceId: image.sourceInstanceId ?? undefined,
    State: imageStateOf(image),
    StateReason: image.stateReason
      ? { Code: 'Server.InternalError', Message: image.stateReason }
      : undefined,
    Tags: tagList(image.tags),
    TpmSupport: image.tpmSupport ?? undefined,
    UsageOperation: 'RunInstances',
    VirtualizationType: 'hvm',
  }
}

export function presentBlockDevice(device: BlockDevice): BlockDeviceMapping {
  return {
    DeviceName: device.deviceName,
    Ebs: {
      DeleteOnTermination: device.deleteOnTermination,
      Encrypted: device.isEncrypted,
      Iops: device.iops ?? undefined,
      SnapshotId: device.snapshotId ?? undefined,
      Throughput: device.throughputMiBps ?? undefined,
      VolumeSize: device.sizeGiB ?? undefined,
      VolumeType: device.type ?? undefined,
    },
  }
}
