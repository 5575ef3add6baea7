/** CreateVpcPeeringConnection: with a VPC of any account and region of this cloud. */
import { peeringCreate } from '../../../app/network/peerings.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseAccountId, parseId } from '../../../domain/ids.ts'
import type { Peering } from '../../../domain/peering.ts'
import { changing } from '../changing.ts'
import { peeringShape } from '../present/peering.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateVpcPeeringConnection', Peering>({
  change: (ctx, input) => {
    if (!input.PeerVpcId) throw new FaultError({ type: 'MissingParameter', parameter: 'PeerVpcId' })
    return peeringCreate(ctx, {
      vpcId: parseId('vpc', input.VpcId!),
      peerVpcId: parseId('vpc', input.PeerVpcId),
      peerAccount: input.PeerOwnerId ? parseAccountId(input.PeerOwnerId) : null,
      peerRegion: input.PeerRegion || null,
      tags: tagsOfSpecifications(input.TagSpecifications, 'vpc-peering-connection'),
    })
  },
  answer: (peering, ctx) => ({
    VpcPeeringConnection: peeringShape(peering, ctx.app.clock.now()),
  }),
})
