/** DescribeVolumes. Filters look at the answer itself. */
import type { Volume, VolumeAttachment } from '@aws-sdk/client-ec2'
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentVolume } from '../present/volume.ts'
import { tagsOfAnswer } from '../tags.ts'

const ofAttachments =
  (read: (one: VolumeAttachment) => string | boolean | Date | undefined) => (volume: Volume) =>
    (volume.Attachments ?? []).map(read)

export default operation<'ec2', 'DescribeVolumes', Volume>({
  filters: {
    'attachment.attach-time': ofAttachments((one) => one.AttachTime),
    'attachment.delete-on-termination': ofAttachments((one) => one.DeleteOnTermination),
    'attachment.device': ofAttachments((one) => one.Device),
    'attachment.instance-id': ofAttachments((one) => one.InstanceId),
    'attachment.status': ofAttachments((one) => one.State),
    'availability-zone': (volume) => volume.AvailabilityZone,
    'availability-zone-id': (volume) => volume.AvailabilityZoneId,
    'create-time': (volume) => volume.CreateTime,
    encrypted: (volume) => volume.Encrypted,
    'fast-restored': (volume) => volume.FastRestored ?? false,
    'multi-attach-enabled': (volume) => volume.MultiAttachEnabled,
    'operator.managed': () => false,
    'operator.principal': () => undefined,
    size: (volume) => volume.Size,
    'snapshot-id': (volume) => volume.SnapshotId,
    status: (volume) => volume.State,
    'volume-id': (volume) => volume.VolumeId,
    'volume-type': (volume) => volume.VolumeType,
  },
  tagsOf: (volume) => tagsOfAnswer(volume.Tags),
  handle: async (ctx, input, call) => {
    const ids = (input.VolumeIds ?? []).map((id) => parseId('volume', id))
    const volumes = await ownList(ctx, 'volume', ids)
    const page = call.page(call.filter(volumes.map(presentVolume)), {
      key: (volume) => volume.VolumeId!,
      defaultSize: 1_000,
    })
    return { Volumes: page.items, NextToken: page.nextToken }
  },
})
