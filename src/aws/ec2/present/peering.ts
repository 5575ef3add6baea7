/** VPC peering connections as EC2 shows them. */
import type { VpcPeeringConnection, VpcPeeringConnectionVpcInfo } from '@aws-sdk/client-ec2'
import { ofFamily4, ofFamily6 } from '../../../domain/net/blocks.ts'
import {
  isPeeringExpired,
  PEERING_REQUEST_MS,
  type Peering,
  type PeeringSide,
} from '../../../domain/peering.ts'
import { tagList } from '../tags.ts'

export function peeringShape(peering: Peering, now: number): VpcPeeringConnection {
  const { requester, accepter, status } = peering
  const isPending = status === 'pending-acceptance'
  // Another account's blocks are told by its yes: who asks and who guesses an id learn nothing of its VPC.
  const isTold = status === 'active' || requester.account === accepter.account
  return {
    VpcPeeringConnectionId: peering.id,
    RequesterVpcInfo: sideShape(requester, status === 'active'),
    AccepterVpcInfo: sideShape(isTold ? accepter : { ...accepter, cidrs: [] }, status === 'active'),
    Status: isPeeringExpired(peering, now)
      ? { Code: 'expired', Message: 'The request expired' }
      : { Code: status, Message: peering.statusMessage },
    ...(isPending && { ExpirationTime: new Date(peering.createdAt + PEERING_REQUEST_MS) }),
    Tags: tagList(peering.tags),
  }
}

function sideShape(side: PeeringSide, isActive: boolean): VpcPeeringConnectionVpcInfo {
  const cidrs = ofFamily4(side.cidrs)
  const [primary] = cidrs
  const ipv6 = ofFamily6(side.cidrs)
  return {
    OwnerId: side.account,
    VpcId: side.vpcId,
    Region: side.region,
    ...(primary !== undefined && {
      CidrBlock: primary,
      CidrBlockSet: cidrs.map((CidrBlock) => ({ CidrBlock })),
    }),
    ...(ipv6.length > 0 && {
      Ipv6CidrBlockSet: ipv6.map((Ipv6CidrBlock) => ({ Ipv6CidrBlock })),
    }),
    ...(isActive && { PeeringOptions: optionsShape(side) }),
  }
}

export function optionsShape(side: PeeringSide) {
  return {
    AllowDnsResolutionFromRemoteVpc: side.isDnsResolved,
    AllowEgressFromLocalClassicLinkToRemoteVpc: false,
    AllowEgressFromLocalVpcToRemoteClassicLink: false,
  }
}
