/** DescribeVpcPeeringConnections: none, because none can be made yet. */
import { notFound } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

const NONE = (): [] => []

export default operation<'ec2', 'DescribeVpcPeeringConnections', never>({
  filters: {
    'accepter-vpc-info.cidr-block': NONE,
    'accepter-vpc-info.owner-id': NONE,
    'accepter-vpc-info.vpc-id': NONE,
    'expiration-time': NONE,
    'requester-vpc-info.cidr-block': NONE,
    'requester-vpc-info.owner-id': NONE,
    'requester-vpc-info.vpc-id': NONE,
    'status-code': NONE,
    'status-message': NONE,
    'vpc-peering-connection-id': NONE,
  },
  tagsOf: () => ({}),
  handle: (_ctx, input) => {
    const ids = input.VpcPeeringConnectionIds ?? []
    if (ids.length > 0) throw notFound('vpcPeeringConnection', ...ids)
    return { VpcPeeringConnections: [] }
  },
})
