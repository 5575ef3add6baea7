/** UpdateGatewaySoftwareNow: the gateway's software is this program, so that there is never an update to be had. */
import { gatewayUpdateNow } from '../../../app/gateway/gateways.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'UpdateGatewaySoftwareNow'>({
  handle: (ctx, input) => gatewayUpdateNow(ctx, input.GatewayArn!),
})
