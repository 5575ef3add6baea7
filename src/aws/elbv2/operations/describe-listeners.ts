/** DescribeListeners. */
import { listenerViews } from '../../../app/balancers/listeners.ts'
import { presentListeners } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeListeners'>({
  handle: async (ctx, input, call) => {
    const { LoadBalancerArn: balancerArn, ListenerArns: arns } = input
    const views = await listenerViews(ctx, { balancerArn, arns })
    const key = ({ listener }: (typeof views)[number]): string => listener.id
    const { items, nextToken } = call.page(views, { key, defaultSize: 400 })
    return { Listeners: await presentListeners(ctx, items), NextMarker: nextToken }
  },
})
