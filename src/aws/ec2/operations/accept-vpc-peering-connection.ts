/** AcceptVpcPeeringConnection, by the owner of the VPC that was asked. */
import { peeringAccept } from '../../../app/network/peerings.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Peering } from '../../../domain/peering.ts'
import { changing } from '../changing.ts'
import { peeringShape } from '../present/peering.ts'

export default changing<'AcceptVpcPeeringConnection', Peering>({
  change: (ctx, { VpcPeeringConnectionId: id }) => {
    if (!id) throw new FaultError({ type: 'MissingParameter', parameter: 'VpcPeeringConnectionId' })
    return peeringAccept(ctx, parseId('vpcPeering', id))
  },
  answer: (peering, ctx) => ({
    VpcPeeringConnection: peeringShape(peering, ctx.app.clock.now()),
  }),
})
