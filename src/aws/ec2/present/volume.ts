/** Volumes and their attachments as EC2 shows them. */
import type {
  Volume as Ec2Volume,
  VolumeAttachment as Ec2Attachment,
  VolumeModification,
  VolumeStatusItem,
} from '@aws-sdk/client-ec2'
import {
  attachmentsOf,
  volumeStateOf,
  type Volume,
  type VolumeAttachment,
} from '../../../domain/volume.ts'
import { present } from '../../../lib/assert.ts'
import { zoneIdOf } from '../../../domain/zones.ts'
import { tagList } from '../tags.ts'

export function presentVolume(volume: Volume): Ec2Volume {
  return {
    Attachments: attachmentsOf(volume).map((one) => presentAttachment(volume.id, one)),
    AvailabilityZone: volume.zone,
    AvailabilityZoneId: zoneIdOf(volume.zone),
    CreateTime: new Date(volume.createdAt),
    Encrypted: volume.isEncrypted,
    FastRestored: volume.isFastRestored,
    KmsKeyId: volume.encryption?.keyArn,
    Iops: volume.iops ?? undefined,
    MultiAttachEnabled: volume.isMultiAttach ?? false,
    Operator: { Managed: false },
    Size: volume.sizeGiB,
    SnapshotId: volume.snapshotId ?? '',
    SourceVolumeId: volume.copyOf?.volumeId,
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
    State: attachment.state === 'replaced' ? 'detaching' : attachment.state,
    VolumeId: volumeId,
  }
}

/**
 * A volume is well when its file is there and the host can read and write it: `error` is what its machine met. IOPS
 * are not promised, so there is nothing to say of them.
 */
export function presentVolumeStatus(volume: Volume, error: VolumeError | null): VolumeStatusItem {
  const status = error ? 'impaired' : volume.isMaterialised ? 'ok' : 'insufficient-data'
  const io = error ? 'failed' : volume.isMaterialised ? 'passed' : 'insufficient-data'
  return {
    Actions: [],
    AttachmentStatuses: [],
    AvailabilityZone: volume.zone,
    AvailabilityZoneId: zoneIdOf(volume.zone),
    Events: error
      ? [
          {
            Description: `The volume ${error.words}`,
            EventType: 'io-performance:stalled',
            InstanceId: error.instanceId,
            NotBefore: new Date(error.since),
          },
        ]
      : [],
    VolumeId: volume.id,
    VolumeStatus: {
      Details: [
        { Name: 'io-enabled', Status: io },
        { Name: 'io-performance', Status: 'not-applicable' },
      ],
      Status: status,
    },
  }
}

export interface VolumeError {
  instanceId: string
  words: string
  since: number
}

/** The volume's last modification, which it has. */
export function presentModification(volume: Volume): VolumeModification {
  const { state, original, target, startedAt, endedAt } = present(volume.modification, volume.id)
  return {
    EndTime: endedAt === null ? undefined : new Date(endedAt),
    ModificationState: state,
    OriginalIops: original.iops ?? undefined,
    OriginalMultiAttachEnabled: original.isMultiAttach ?? false,
    OriginalSize: original.sizeGiB,
    OriginalThroughput: original.throughputMiBps ?? undefined,
    OriginalVolumeType: original.type,
    Progress: state === 'completed' ? 100 : 0,
    StartTime: new Date(startedAt),
    TargetIops: target.iops ?? undefined,
    TargetMultiAttachEnabled: target.isMultiAttach ?? false,
    TargetSize: target.sizeGiB,
    TargetThroughput: target.throughputMiBps ?? undefined,
    TargetVolumeType: target.type,
    VolumeId: volume.id,
  }
}
