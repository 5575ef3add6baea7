/** UnassignPrivateNatGatewayAddress: secondary addresses of a private NAT gateway. */
import { natAddressesRemove, type NatAddressesChange } from '../../../app/network/nat-addresses.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'
import { natAddressShape } from '../present/nat-gateway.ts'

export default changing<'UnassignPrivateNatGatewayAddress', NatAddressesChange>({
  change: (ctx, input) => {
    const what = { parameter: 'PrivateIpAddress', names: input.PrivateIpAddresses ?? [] }
    return natAddressesRemove(ctx, parseId('natGateway', input.NatGatewayId!), 'private', what)
  },
  answer: ({ gateway, addresses }) => ({
    NatGatewayId: gateway.id,
    NatGatewayAddresses: addresses.map((each) =>
      natAddressShape(gateway, each, { status: 'unassigning' }),
    ),
  }),
})
