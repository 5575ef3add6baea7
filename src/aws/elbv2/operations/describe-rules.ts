/** DescribeRules: in the order in which they are asked. */
import { PRIORITY_MAX, ruleViews } from '../../../app/balancers/rules.ts'
import { presentRules } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeRules'>({
  handle: async (ctx, input, call) => {
    const { ListenerArn: listenerArn, RuleArns: arns } = input
    const views = await ruleViews(ctx, { listenerArn, arns })
    const key = ({ priority, id }: (typeof views)[number]): string =>
      `${String(priority ?? PRIORITY_MAX + 1).padStart(6, '0')} ${id}`
    const { items, nextToken } = call.page(views, { key, defaultSize: 400 })
    return { Rules: await presentRules(ctx, items), NextMarker: nextToken }
  },
})
