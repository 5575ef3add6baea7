/** DescribeNatGateways. */
import { natGatewaysList } from '../../../app/network/nat-gateways.ts'
import { parseId } from '../../../domain/ids.ts'
import type { NatGateway } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { natGatewayShape, natGatewayStateOf } from '../present/nat-gateway.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribeNatGateways', NatGateway>({
  filters: {
    'nat-gateway-id': (gateway) => gateway.id,
    state: natGatewayStateOf,
    'subnet-id': (gateway) => gateway.subnetId,
    'vpc-id': (gateway) => gateway.vpcId,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.NatGatewayIds ?? []).map((id) => parseId('natGateway', id))
    const found = call.filter(await natGatewaysList(ctx, ids))
    const page = call.page(found, { key: (gateway) => gateway.id })
    return {
      NatGateways: page.items.map((gateway) => natGatewayShape(gateway)),
      NextToken: page.nextToken,
    }
  },
})
