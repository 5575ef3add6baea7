/** DisassociateNatGatewayAddress: secondary elastic addresses of a public NAT gateway. */
import { natAddressesRemove, type NatAddressesChange } from '../../../app/network/nat-addresses.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'
import { natAddressShape } from '../present/nat-gateway.ts'

export default changing<'DisassociateNatGatewayAddress', NatAddressesChange>({
  change: (ctx, input) => {
    const names = (input.AssociationIds ?? []).map((id) => parseId('elasticAddressAssociation', id))
    const what = { parameter: 'AssociationId', names }
    return natAddressesRemove(ctx, parseId('natGateway', input.NatGatewayId!), 'public', what)
  },
  answer: ({ gateway, addresses }) => ({
    NatGatewayId: gateway.id,
    NatGatewayAddresses: addresses.map((each) =>
      natAddressShape(gateway, each, { status: 'disassociating' }),
    ),
  }),
})
