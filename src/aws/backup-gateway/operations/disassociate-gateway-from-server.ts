/** DisassociateGatewayFromServer. */
import { gatewayDisassociate } from '../../../app/gateway/gateways.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'DisassociateGatewayFromServer'>({
  handle: async (ctx, input) => {
    await gatewayDisassociate(ctx, input.GatewayArn!)
    return { GatewayArn: input.GatewayArn }
  },
})
