/** ModifyVolume: size, type, IOPS and throughput while the volume is in use; Multi-Attach while it is not. */
import type { ModifyVolumeRequest } from '@aws-sdk/client-ec2'
import {
  volumeModify,
  volumeModifyPlan,
  type VolumeModifyRequest,
} from '../../../app/volumes/modify.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentModification } from '../present/volume.ts'

export default operation<'ec2', 'ModifyVolume'>({
  check: async (ctx, input) => {
    await volumeModifyPlan(ctx, requestOf(input))
  },
  handle: async (ctx, input) => {
    const volume = await volumeModify(ctx, requestOf(input))
    return { VolumeModification: presentModification(volume) }
  },
})

function requestOf(input: Readonly<ModifyVolumeRequest>): VolumeModifyRequest {
  return {
    volumeId: parseId('volume', input.VolumeId!),
    sizeGiB: input.Size ?? null,
    type: input.VolumeType ?? null,
    iops: input.Iops ?? null,
    throughputMiBps: input.Throughput ?? null,
    isMultiAttach: input.MultiAttachEnabled ?? null,
  }
}
