/** DescribeLoadBalancers. */
import { elbNamed } from '../../../app/balancers/find.ts'
import { elbInvalid } from '../../../app/balancers/faults.ts'
import { presentBalancer } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeLoadBalancers'>({
  handle: async (ctx, input, call) => {
    const { LoadBalancerArns: arns = [], Names: names = [] } = input
    if (arns.length > 0 && names.length > 0) {
      throw elbInvalid('Load balancer names and ARNs cannot be specified at the same time')
    }
    const found = await elbNamed(ctx, 'loadBalancer', { arns, names })
    const { items, nextToken } = call.page(found, { key: ({ id }) => id, defaultSize: 400 })
    const LoadBalancers = await Promise.all(items.map((one) => presentBalancer(ctx, one)))
    return { LoadBalancers, NextMarker: nextToken }
  },
})
