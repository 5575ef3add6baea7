/** AssignPrivateNatGatewayAddress: further addresses of a private NAT gateway, by name or by count. */
import {
  natAddressesAssociate,
  type NatAddressesChange,
} from '../../../app/network/nat-addresses.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'
import { natWishOf } from '../nat-addresses.ts'
import { natAddressShape } from '../present/nat-gateway.ts'

export default changing<'AssignPrivateNatGatewayAddress', NatAddressesChange>({
  change: (ctx, input) => {
    const { PrivateIpAddresses: addresses = [], PrivateIpAddressCount: count } = input
    if (addresses.length === 0 && !count) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'PrivateIpAddressCount' })
    }
    const wish = natWishOf({ allocations: [], addresses, count, isPrivate: true })
    return natAddressesAssociate(ctx, parseId('natGateway', input.NatGatewayId!), 'private', wish)
  },
  answer: ({ gateway, addresses }) => ({
    NatGatewayId: gateway.id,
    NatGatewayAddresses: addresses.map((each) =>
      natAddressShape(gateway, each, { status: 'assigning' }),
    ),
  }),
})
