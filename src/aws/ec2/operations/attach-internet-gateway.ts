/** AttachInternetGateway: one gateway for a VPC, one VPC for a gateway. */
import { gatewayAttach } from '../../../app/network/internet-gateways.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'AttachInternetGateway', void>({
  change: (ctx, input) =>
    gatewayAttach(
      ctx,
      parseId('internetGateway', input.InternetGatewayId!),
      parseId('vpc', input.VpcId!),
    ),
  answer: () => ({}),
})
