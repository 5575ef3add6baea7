/** DescribeInternetGateways. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { InternetGateway } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { internetGatewayShape } from '../present/vpc.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribeInternetGateways', InternetGateway>({
  filters: {
    'attachment.state': (gateway) => (gateway.vpcId ? 'available' : null),
    'attachment.vpc-id': (gateway) => gateway.vpcId,
    'internet-gateway-id': (gateway) => gateway.id,
    'owner-id': (gateway) => gateway.account,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.InternetGatewayIds ?? []).map((id) => parseId('internetGateway', id))
    const found = call.filter(await ownList(ctx, 'internetGateway', ids))
    const page = call.page(found, { key: (gateway) => gateway.id })
    return { InternetGateways: page.items.map(internetGatewayShape), NextToken: page.nextToken }
  },
})
