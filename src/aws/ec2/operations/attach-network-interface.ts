/** AttachNetworkInterface: to an instance that runs, live, or that is stopped. */
import { interfaceAttach } from '../../../app/network/interface-attach.ts'
import { parseId } from '../../../domain/ids.ts'
import type { InterfaceAttachment } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'

export default changing<'AttachNetworkInterface', InterfaceAttachment>({
  change: (ctx, input) => {
    refuseFeatures('AttachNetworkInterface', {
      'a second network card': input.NetworkCardIndex,
      EnaSrdSpecification: input.EnaSrdSpecification?.EnaSrdEnabled,
      EnaQueueCount: input.EnaQueueCount,
    })
    return interfaceAttach(ctx, {
      interfaceId: parseId('networkInterface', input.NetworkInterfaceId!),
      instanceId: parseId('instance', input.InstanceId!),
      deviceIndex: input.DeviceIndex!,
    })
  },
  answer: ({ id }) => ({ AttachmentId: id, NetworkCardIndex: 0 }),
})
