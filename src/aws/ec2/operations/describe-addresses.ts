/** DescribeAddresses: elastic addresses; none, because none can be allocated yet. */
import { notFound } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

const NONE = (): [] => []

export default operation<'ec2', 'DescribeAddresses', never>({
  filters: {
    'allocation-id': NONE,
    'association-id': NONE,
    'instance-id': NONE,
    'network-border-group': NONE,
    'network-interface-id': NONE,
    'network-interface-owner-id': NONE,
    'private-ip-address': NONE,
    'public-ip': NONE,
  },
  tagsOf: () => ({}),
  handle: (_ctx, input) => {
    const ids = (input.AllocationIds ?? []).map((id) => parseId('elasticAddress', id))
    if (ids.length > 0) throw notFound('elasticAddress', ...ids)
    const addresses = input.PublicIps ?? []
    if (addresses.length > 0) throw notFound('address', ...addresses)
    return { Addresses: [] }
  },
})
