/** DescribeTargetGroupAttributes. */
import { groupAttributes } from '../../../app/balancers/attributes.ts'
import { presentAttributes } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeTargetGroupAttributes'>({
  handle: async (ctx, input) => {
    return { Attributes: presentAttributes(await groupAttributes(ctx, input.TargetGroupArn!)) }
  },
})
