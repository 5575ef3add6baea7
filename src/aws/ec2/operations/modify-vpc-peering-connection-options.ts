/** ModifyVpcPeeringConnectionOptions: whether public names of the other side resolve to private addresses. */
import { peeringModify } from '../../../app/network/peerings.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Peering } from '../../../domain/peering.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { optionsShape } from '../present/peering.ts'

export default changing<'ModifyVpcPeeringConnectionOptions', Peering>({
  change: (ctx, input) => {
    const requester = input.RequesterPeeringConnectionOptions
    const accepter = input.AccepterPeeringConnectionOptions
    for (const one of [requester, accepter]) {
      refuseFeatures('ModifyVpcPeeringConnectionOptions', {
        ClassicLink:
          one?.AllowEgressFromLocalClassicLinkToRemoteVpc ??
          one?.AllowEgressFromLocalVpcToRemoteClassicLink,
      })
    }
    return peeringModify(ctx, parseId('vpcPeering', input.VpcPeeringConnectionId!), {
      requesterDns: requester?.AllowDnsResolutionFromRemoteVpc ?? null,
      accepterDns: accepter?.AllowDnsResolutionFromRemoteVpc ?? null,
    })
  },
  answer: (peering, _ctx, input) => ({
    ...(input.RequesterPeeringConnectionOptions && {
      RequesterPeeringConnectionOptions: optionsShape(peering.requester),
    }),
    ...(input.AccepterPeeringConnectionOptions && {
      AccepterPeeringConnectionOptions: optionsShape(peering.accepter),
    }),
  }),
})
