/** DetachInternetGateway: refused while public addresses are in use. */
import { gatewayDetach } from '../../../app/network/internet-gateways.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DetachInternetGateway', void>({
  change: (ctx, input) =>
    gatewayDetach(
      ctx,
      parseId('internetGateway', input.InternetGatewayId!),
      parseId('vpc', input.VpcId!),
    ),
  answer: () => ({}),
})
