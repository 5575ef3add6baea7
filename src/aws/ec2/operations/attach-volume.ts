/** AttachVolume to a stopped instance, or live to a running one. */
import type { AttachVolumeRequest } from '@aws-sdk/client-ec2'
import { volumeAttach, volumeAttachPlan, type AttachRequest } from '../../../app/volumes/attach.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { deviceNameChecked } from '../block-devices.ts'
import { presentAttachment } from '../present/volume.ts'

export default operation<'ec2', 'AttachVolume'>({
  check: async (ctx, input) => {
    await volumeAttachPlan(ctx, requestOf(input))
  },
  handle: async (ctx, input) => {
    const { id, attachment } = await volumeAttach(ctx, requestOf(input))
    return presentAttachment(id, attachment)
  },
})

function requestOf(input: Readonly<AttachVolumeRequest>): AttachRequest {
  if (input.EbsCardIndex) throw new FaultError({ type: 'Unsupported', feature: 'EbsCardIndex' })
  return {
    volumeId: parseId('volume', input.VolumeId!),
    instanceId: parseId('instance', input.InstanceId!),
    deviceName: deviceNameChecked(input.Device!, 'device'),
  }
}
