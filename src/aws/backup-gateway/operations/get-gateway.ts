/** GetGateway. */
import { find } from '../../../app/gateway/find.ts'
import { presentGatewayDetails } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'GetGateway'>({
  handle: async (ctx, input) => {
    const gateway = await find(ctx, 'backupGateway', input.GatewayArn!)
    return { Gateway: presentGatewayDetails(ctx, gateway) }
  },
})
