/** DescribeVpcPeeringConnections: those with the account on either side. */
import type { VpcPeeringConnection } from '@aws-sdk/client-ec2'
import { peeringsList } from '../../../app/network/peerings.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { peeringShape } from '../present/peering.ts'
import { tagsOfAnswer } from '../tags.ts'

export default operation<'ec2', 'DescribeVpcPeeringConnections', VpcPeeringConnection>({
  filters: {
    'accepter-vpc-info.cidr-block': (each) => each.AccepterVpcInfo!.CidrBlock,
    'accepter-vpc-info.owner-id': (each) => each.AccepterVpcInfo!.OwnerId,
    'accepter-vpc-info.vpc-id': (each) => each.AccepterVpcInfo!.VpcId,
    'expiration-time': (each) => each.ExpirationTime,
    'requester-vpc-info.cidr-block': (each) => each.RequesterVpcInfo!.CidrBlock,
    'requester-vpc-info.owner-id': (each) => each.RequesterVpcInfo!.OwnerId,
    'requester-vpc-info.vpc-id': (each) => each.RequesterVpcInfo!.VpcId,
    'status-code': (each) => each.Status!.Code,
    'status-message': (each) => each.Status!.Message,
    'vpc-peering-connection-id': (each) => each.VpcPeeringConnectionId,
  },
  tagsOf: (each) => tagsOfAnswer(each.Tags),
  handle: async (ctx, input, call) => {
    const ids = (input.VpcPeeringConnectionIds ?? []).map((id) => parseId('vpcPeering', id))
    const found = await peeringsList(ctx, ids)
    const shown = found.map((peering) => peeringShape(peering, ctx.app.clock.now()))
    const page = call.page(call.filter(shown), { key: (each) => each.VpcPeeringConnectionId! })
    return { VpcPeeringConnections: page.items, NextToken: page.nextToken }
  },
})
