/** DeleteNatGateway: its elastic address stays allocated. */
import { natGatewayDelete } from '../../../app/network/nat-gateways.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteNatGateway', void>({
  change: (ctx, input) => natGatewayDelete(ctx, parseId('natGateway', input.NatGatewayId!)),
  answer: (_nothing, _ctx, input) => ({ NatGatewayId: input.NatGatewayId }),
})
