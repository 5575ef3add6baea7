/** DisassociateSubnetCidrBlock: an IPv6 block that no interface has an address of. */
import { subnetIpv6Disassociate } from '../../../app/network/vpc-ipv6.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Subnet, VpcBlock } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { subnetIpv6Shape } from '../present/vpc.ts'

export default changing<'DisassociateSubnetCidrBlock', { subnet: Subnet; block: VpcBlock }>({
  change: (ctx, input) =>
    subnetIpv6Disassociate(ctx, parseId('subnetAssociation', input.AssociationId!)),
  answer: ({ subnet, block }) => ({
    SubnetId: subnet.id,
    Ipv6CidrBlockAssociation: subnetIpv6Shape(block, 'disassociating'),
  }),
})
