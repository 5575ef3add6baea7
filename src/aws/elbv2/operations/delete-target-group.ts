/** DeleteTargetGroup. */
import { groupDelete } from '../../../app/balancers/groups.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DeleteTargetGroup'>({
  handle: async (ctx, input) => {
    await groupDelete(ctx, input.TargetGroupArn!)
    return {}
  },
})
