/** DescribeNetworkInterfaceAttribute. */
import { interfaceViews } from '../../../app/network/interfaces.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { attachmentShape, groupShapes } from '../present/network-interface.ts'

export default operation<'ec2', 'DescribeNetworkInterfaceAttribute'>({
  handle: async (ctx, input) => {
    const id = parseId('networkInterface', input.NetworkInterfaceId!)
    const [view] = await interfaceViews(ctx, [id])
    const { networkInterface } = view!
    const NetworkInterfaceId = id
    switch (input.Attribute) {
      case 'description':
        return { NetworkInterfaceId, Description: { Value: networkInterface.description } }
      case 'groupSet':
        return { NetworkInterfaceId, Groups: groupShapes(view!) }
      case 'sourceDestCheck':
        return {
          NetworkInterfaceId,
          SourceDestCheck: { Value: networkInterface.isSourceDestChecked },
        }
      case 'attachment':
        return { NetworkInterfaceId, Attachment: attachmentShape(networkInterface) }
      case 'associatePublicIpAddress':
        return { NetworkInterfaceId, AssociatePublicIpAddress: networkInterface.hasPublicOnLaunch }
      default:
        throw new FaultError({ type: 'MissingParameter', parameter: 'attribute' })
    }
  },
})
