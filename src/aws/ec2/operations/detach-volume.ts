/**
 * DetachVolume. A guest that still uses the volume is asked again and again (`busy`). `Force` asks no differently:
 * nothing here pulls a disk out of a guest that holds it; stopping the instance does.
 */
import type { DetachVolumeRequest } from '@aws-sdk/client-ec2'
import { volumeDetach, volumeDetachPlan, type DetachRequest } from '../../../app/volumes/attach.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentAttachment } from '../present/volume.ts'

export default operation<'ec2', 'DetachVolume'>({
  check: async (ctx, input) => {
    await volumeDetachPlan(ctx, requestOf(input))
  },
  handle: async (ctx, input) => {
    const request = requestOf(input)
    return presentAttachment(request.volumeId, await volumeDetach(ctx, request))
  },
})

function requestOf(input: Readonly<DetachVolumeRequest>): DetachRequest {
  return {
    volumeId: parseId('volume', input.VolumeId!),
    instanceId: input.InstanceId ? parseId('instance', input.InstanceId) : null,
    deviceName: input.Device || null,
  }
}
