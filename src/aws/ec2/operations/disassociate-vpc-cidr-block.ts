/** DisassociateVpcCidrBlock: a block that no subnet lies in. */
import { vpcBlockDisassociate } from '../../../app/network/vpcs.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Vpc, VpcBlock } from '../../../domain/network.ts'
import { changing } from '../changing.ts'
import { vpcAssociationShape } from '../present/vpc.ts'

export default changing<'DisassociateVpcCidrBlock', { vpc: Vpc; block: VpcBlock }>({
  change: (ctx, input) =>
    vpcBlockDisassociate(ctx, parseId('vpcCidrAssociation', input.AssociationId!)),
  answer: ({ vpc, block }) => vpcAssociationShape(vpc, block, 'disassociated'),
})
