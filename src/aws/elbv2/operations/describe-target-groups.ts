/** DescribeTargetGroups. */
import { groupsList } from '../../../app/balancers/groups.ts'
import { presentGroups } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeTargetGroups'>({
  handle: async (ctx, input, call) => {
    const { LoadBalancerArn: balancerArn, TargetGroupArns: arns, Names: names } = input
    const found = await groupsList(ctx, { balancerArn, arns, names })
    const { items, nextToken } = call.page(found, { key: ({ id }) => id, defaultSize: 400 })
    return { TargetGroups: await presentGroups(ctx, items), NextMarker: nextToken }
  },
})
