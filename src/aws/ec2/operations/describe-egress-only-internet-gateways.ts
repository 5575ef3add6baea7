/** DescribeEgressOnlyInternetGateways. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { EgressOnlyGateway } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { egressOnlyShape } from '../present/vpc.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribeEgressOnlyInternetGateways', EgressOnlyGateway>({
  filters: {},
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.EgressOnlyInternetGatewayIds ?? []).map((id) =>
      parseId('egressOnlyGateway', id),
    )
    const found = call.filter(await ownList(ctx, 'egressOnlyGateway', ids))
    const page = call.page(found, { key: (gateway) => gateway.id })
    return {
      EgressOnlyInternetGateways: page.items.map(egressOnlyShape),
      NextToken: page.nextToken,
    }
  },
})
