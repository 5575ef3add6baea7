/** DescribeListenerAttributes. */
import { listenerAttributes } from '../../../app/balancers/attributes.ts'
import { presentAttributes } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeListenerAttributes'>({
  handle: async (ctx, input) => {
    return { Attributes: presentAttributes(await listenerAttributes(ctx, input.ListenerArn!)) }
  },
})
