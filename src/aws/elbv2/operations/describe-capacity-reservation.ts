/** DescribeCapacityReservation: no balancer here has one, and Terraform asks for each. */
import { elbGet } from '../../../app/balancers/find.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeCapacityReservation'>({
  handle: async (ctx, { LoadBalancerArn }) => {
    await elbGet(ctx, 'loadBalancer', LoadBalancerArn!)
    return { CapacityReservationState: [] }
  },
})
