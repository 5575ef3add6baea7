/** DeleteGateway. */
import { gatewayDelete } from '../../../app/gateway/gateways.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'DeleteGateway'>({
  handle: async (ctx, input) => {
    await gatewayDelete(ctx, input.GatewayArn!)
    return { GatewayArn: input.GatewayArn }
  },
})
