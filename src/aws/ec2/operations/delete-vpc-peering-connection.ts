/** DeleteVpcPeeringConnection, by either owner. */
import { peeringDelete } from '../../../app/network/peerings.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteVpcPeeringConnection', void>({
  change: (ctx, input) => peeringDelete(ctx, parseId('vpcPeering', input.VpcPeeringConnectionId!)),
  answer: () => ({ Return: true }),
})
