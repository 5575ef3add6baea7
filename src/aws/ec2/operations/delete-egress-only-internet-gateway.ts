/** DeleteEgressOnlyInternetGateway: routes to it lead nowhere from then on. */
import { egressOnlyDelete } from '../../../app/network/egress-only-gateways.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteEgressOnlyInternetGateway', void>({
  change: (ctx, input) =>
    egressOnlyDelete(ctx, parseId('egressOnlyGateway', input.EgressOnlyInternetGatewayId!)),
  answer: () => ({ ReturnCode: true }),
})
