/** CreateImage from an instance, with a reboot unless `NoReboot`. */
import type { CreateImageRequest } from '@aws-sdk/client-ec2'
import {
  imageCreate,
  imageCreatePlan,
  type ImageCreateRequest,
} from '../../../app/images/create.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { blockDeviceOf } from '../block-devices.ts'
import { imageNameChecked } from '../image-name.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateImage'>({
  check: async (ctx, input) => {
    await imageCreatePlan(ctx, requestOf(input))
  },
  handle: async (ctx, input) => ({ ImageId: await imageCreate(ctx, requestOf(input)) }),
})

function requestOf(input: Readonly<CreateImageRequest>): ImageCreateRequest {
  if (input.SnapshotLocation === 'local') {
    throw new FaultError({ type: 'Unsupported', feature: 'snapshots in Local Zones' })
  }
  const tags = (type: string) =>
    tagsOfSpecifications(input.TagSpecifications, type, ['image', 'snapshot'])
  return {
    instanceId: parseId('instance', input.InstanceId!),
    name: imageNameChecked(input.Name),
    description: input.Description ?? '',
    isRebooted: input.NoReboot !== true,
    blockDevices: (input.BlockDeviceMappings ?? []).map(blockDeviceOf),
    tags: { image: tags('image'), snapshot: tags('snapshot') },
  }
}
