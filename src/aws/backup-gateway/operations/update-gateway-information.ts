/** UpdateGatewayInformation. */
import { gatewayChange } from '../../../app/gateway/gateways.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'UpdateGatewayInformation'>({
  handle: async (ctx, input) => {
    await gatewayChange(ctx, input.GatewayArn!, (gateway) => ({
      ...gateway,
      name: input.GatewayDisplayName ?? gateway.name,
    }))
    return { GatewayArn: input.GatewayArn }
  },
})
