/** DescribeVpcEndpoints. */
import { endpointViews, type EndpointView } from '../../../app/network/vpc-endpoints.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { vpcEndpointShape } from '../present/vpc-endpoint.ts'

export default operation<'ec2', 'DescribeVpcEndpoints', EndpointView>({
  filters: {
    'ip-address-type': () => 'ipv4',
    'service-name': ({ endpoint }) => endpoint.serviceName,
    'service-region': ({ endpoint }) => endpoint.region,
    'vpc-endpoint-id': ({ endpoint }) => endpoint.id,
    'vpc-endpoint-state': () => 'available',
    'vpc-endpoint-type': () => 'Interface',
    'vpc-id': ({ endpoint }) => endpoint.vpcId,
  },
  tagsOf: ({ endpoint }) => endpoint.tags,
  handle: async (ctx, input, call) => {
    const ids = (input.VpcEndpointIds ?? []).map((id) => parseId('vpcEndpoint', id))
    const found = call.filter(await endpointViews(ctx, ids))
    const page = call.page(found, { key: ({ endpoint }) => endpoint.id })
    return {
      VpcEndpoints: page.items.map((view) => vpcEndpointShape(view)),
      NextToken: page.nextToken,
    }
  },
})
