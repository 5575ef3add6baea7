/** ModifyTargetGroupAttributes. */
import { groupAttributes } from '../../../app/balancers/attributes.ts'
import { presentAttributes } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'ModifyTargetGroupAttributes'>({
  handle: async (ctx, input) => {
    const all = await groupAttributes(ctx, input.TargetGroupArn!, input.Attributes)
    return { Attributes: presentAttributes(all) }
  },
})
