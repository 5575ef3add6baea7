/** DescribeAutoScalingInstances. */
import { membersFind } from '../../../app/autoscaling/members.ts'
import { memberPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeAutoScalingInstances'>({
  handle: async (ctx, input, call) => {
    const found = await membersFind(ctx, input.InstanceIds ?? [])
    const page = call.page(found, { key: ({ one }) => one.id, defaultSize: 50 })
    return { AutoScalingInstances: page.items.map(memberPresent), NextToken: page.nextToken }
  },
})
