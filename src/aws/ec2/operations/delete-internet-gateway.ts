/** DeleteInternetGateway: one that no VPC has. */
import { gatewayDelete } from '../../../app/network/internet-gateways.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteInternetGateway', void>({
  change: (ctx, input) => gatewayDelete(ctx, parseId('internetGateway', input.InternetGatewayId!)),
  answer: () => ({}),
})
