/** DescribeTargetHealth, asked of the host at this moment. */
import { elbGet } from '../../../app/balancers/find.ts'
import { targetHealth } from '../../../app/balancers/health.ts'
import { presentHealth } from '../present.ts'
import { targetsOf } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeTargetHealth'>({
  handle: async (ctx, input) => {
    const group = await elbGet(ctx, 'targetGroup', input.TargetGroupArn!)
    const all = await targetHealth(ctx.app, group)
    if (!input.Targets?.length) {
      return { TargetHealthDescriptions: all.map((one) => presentHealth(group, one)) }
    }
    const asked = targetsOf(input.Targets).flatMap(({ id, port, zone }) => {
      const wanted = port ?? group.port
      const found = all.filter(({ target }) => target.id === id && target.port === wanted)
      if (found.length > 0) return found
      const target = { id, port: wanted, zone, registeredAt: 0, drainingSince: null }
      const description = 'Target is not registered to the target group'
      const state = 'unused' as const
      return [{ target, state, reason: 'Target.NotRegistered', description }]
    })
    return { TargetHealthDescriptions: asked.map((one) => presentHealth(group, one)) }
  },
})
