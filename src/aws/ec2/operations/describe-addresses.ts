/** DescribeAddresses. */
import {
  elasticAddressViews,
  type ElasticAddressView,
} from '../../../app/network/elastic-addresses.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { elasticAddressShape } from '../present/elastic-address.ts'

export default operation<'ec2', 'DescribeAddresses', ElasticAddressView>({
  filters: {
    'allocation-id': ({ address }) => address.id,
    'association-id': ({ association }) => association?.id,
    // Not documented any more, accepted by EC2.
    domain: () => 'vpc',
    'instance-id': (view) => view.networkInterface?.attachment?.instanceId,
    'network-border-group': ({ address }) => address.region,
    'network-interface-id': (view) => view.networkInterface?.id,
    'network-interface-owner-id': (view) => view.networkInterface?.account,
    'private-ip-address': ({ association }) => association?.privateAddress,
    'public-ip': ({ address }) => address.publicAddress,
  },
  tagsOf: ({ address }) => address.tags,
  handle: async (ctx, input, call) => {
    const ids = (input.AllocationIds ?? []).map((id) => parseId('elasticAddress', id))
    const found = await elasticAddressViews(ctx, { ids, addresses: input.PublicIps ?? [] })
    return { Addresses: call.filter(found).map(elasticAddressShape) }
  },
})
