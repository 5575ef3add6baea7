/** ModifyCapacityReservation: to nothing, which it is. A balancer has what the host has. */
import { elbConfiguration } from '../../../app/balancers/faults.ts'
import { elbGet } from '../../../app/balancers/find.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'ModifyCapacityReservation'>({
  handle: async (ctx, { LoadBalancerArn, MinimumLoadBalancerCapacity: least }) => {
    await elbGet(ctx, 'loadBalancer', LoadBalancerArn!)
    if ((least?.CapacityUnits ?? 0) > 0) {
      throw elbConfiguration(
        'Capacity cannot be reserved here: a load balancer has what its host has',
      )
    }
    return { CapacityReservationState: [] }
  },
})
