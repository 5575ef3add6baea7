/** Volumes and their attachments as EC2 shows them. */
import type {
  Volume as Ec2Volume,
  VolumeAttachment as Ec2Attachment,
  VolumeStatusItem,
} from '@aws-sdk/client-ec2'
import { volumeStateOf, type Volume, type VolumeAttachment } from '../../../domain/volume.ts'
import { zoneIdOf } from '../../../domain/zones.ts'
import { tagList } from '../tags.ts'

export function presentVolume(volume: Volume): Ec2Volume {
  return {
    Attachments: volume.attachment ? [presentAttachment(volume.id, volume.attachment)] : [],
    AvailabilityZone: volume.zone,
    AvailabilityZoneId: zoneIdOf(volume.zone),
    CreateTime: new Date(volume.createdAt),
    Encrypted: volume.isEncrypted,
    Iops: volume.iops ?? undefined,
    MultiAttachEnabled: false,
    Operator: { Managed: false },
    Size: volume.sizeGiB,
    SnapshotId: volume.snapshotId ?? '',
    State: volumeStateOf(volume),
    Tags: tagList(volume.tags),
    Throughput: volume.throughputMiBps ?? undefined,
    VolumeId: volume.id,
    VolumeType: volume.type,
  }
}

export function presentAttachment(volumeId: string, attachment: VolumeAttachment): Ec2Attachment {
  return {
    AttachTime: new Date(attachment.attachedAt),
    DeleteOnTermination: attachment.deleteOnTermination,
    Device: attachment.deviceName,
    InstanceId: attachment.instanceId,
    State: attachment.state,
    VolumeId: volumeId,
  }
}

/** A volume is well when its file is there; it has no I/O to enable, nor IOPS that are promised. */
export function presentVolumeStatus(volume: Volume): VolumeStatusItem {
  const isThere = volume.isMaterialised
  return {
    Actions: [],
    AttachmentStatuses: [],
    AvailabilityZone: volume.zone,
    AvailabilityZoneId: zoneIdOf(volume.zone),
    Events: [],
    VolumeId: volume.id,
    VolumeStatus: {
      Details: [
        { Name: 'io-enabled', Status: isThere ? 'passed' : 'insufficient-data' },
        { Name: 'io-performance', Status: 'not-applicable' },
      ],
      Status: isThere ? 'ok' : 'insufficient-data',
    },
  }
}
