/** RejectVpcPeeringConnection, by the owner of the VPC that was asked. */
import { peeringReject } from '../../../app/network/peerings.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'RejectVpcPeeringConnection', void>({
  change: (ctx, input) => peeringReject(ctx, parseId('vpcPeering', input.VpcPeeringConnectionId!)),
  answer: () => ({ Return: true }),
})
