/** AssociateGatewayToServer. */
import { gatewayAssociate } from '../../../app/gateway/gateways.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'AssociateGatewayToServer'>({
  handle: async (ctx, input) => {
    await gatewayAssociate(ctx, input.GatewayArn!, input.ServerArn!)
    return { GatewayArn: input.GatewayArn }
  },
})
