/** DescribeInstanceRefreshes: the newest first. */
import { refreshesFind } from '../../../app/autoscaling/refreshes.ts'
import { refreshPresent } from '../refresh-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeInstanceRefreshes'>({
  handle: async (ctx, input, call) => {
    const { AutoScalingGroupName: name, InstanceRefreshIds: ids = [] } = input
    const found = await refreshesFind(ctx, name!, ids)
    const key = ({ createdAt, id }: (typeof found)[number]): string =>
      `${String(1e15 - createdAt).padStart(16, '0')} ${id}`
    const page = call.page(found, { key, defaultSize: 50 })
    return { InstanceRefreshes: page.items.map(refreshPresent), NextToken: page.nextToken }
  },
})
