/** CopyVolumes: what a volume holds at this instant, as another volume in its zone. */
import type { CopyVolumesRequest } from '@aws-sdk/client-ec2'
import { volumeCopy, volumeCopyPlan, type VolumeCopyRequest } from '../../../app/volumes/copy.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentVolume } from '../present/volume.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CopyVolumes'>({
  check: async (ctx, input) => {
    await volumeCopyPlan(ctx, requestOf(input))
  },
  handle: async (ctx, input) => ({
    Volumes: [presentVolume(await volumeCopy(ctx, requestOf(input)))],
  }),
})

function requestOf(input: Readonly<CopyVolumesRequest>): VolumeCopyRequest {
  return {
    sourceId: parseId('volume', input.SourceVolumeId!),
    sizeGiB: input.Size ?? null,
    type: input.VolumeType ?? null,
    iops: input.Iops ?? null,
    throughputMiBps: input.Throughput ?? null,
    isMultiAttach: input.MultiAttachEnabled ?? false,
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'volume'),
  }
}
