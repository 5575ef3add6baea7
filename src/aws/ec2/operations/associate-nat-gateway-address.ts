/** AssociateNatGatewayAddress: further elastic addresses of a public NAT gateway. */
import {
  natAddressesAssociate,
  type NatAddressesChange,
} from '../../../app/network/nat-addresses.ts'
import { parseId } from '../../../domain/ids.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { natWishOf } from '../nat-addresses.ts'
import { natAddressShape } from '../present/nat-gateway.ts'

export default changing<'AssociateNatGatewayAddress', NatAddressesChange>({
  change: (ctx, input) => {
    refuseFeatures('AssociateNatGatewayAddress', {
      'a zone of a regional gateway': input.AvailabilityZone ?? input.AvailabilityZoneId,
    })
    const wish = natWishOf({
      allocations: input.AllocationIds ?? [],
      addresses: input.PrivateIpAddresses ?? [],
      count: undefined,
      isPrivate: false,
    })
    return natAddressesAssociate(ctx, parseId('natGateway', input.NatGatewayId!), 'public', wish)
  },
  answer: ({ gateway, addresses }) => ({
    NatGatewayId: gateway.id,
    NatGatewayAddresses: addresses.map((each) =>
      natAddressShape(gateway, each, { status: 'associating' }),
    ),
  }),
})
