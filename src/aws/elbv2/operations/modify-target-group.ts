/** ModifyTargetGroup: how its targets are checked. */
import { groupModify } from '../../../app/balancers/groups.ts'
import { checkOf } from '../health-check.ts'
import { presentGroups } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'ModifyTargetGroup'>({
  handle: async (ctx, input) => {
    const group = await groupModify(ctx, input.TargetGroupArn!, checkOf(input))
    return { TargetGroups: await presentGroups(ctx, [group]) }
  },
})
