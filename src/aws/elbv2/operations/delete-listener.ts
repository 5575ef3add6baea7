/** DeleteListener. */
import { listenerDelete } from '../../../app/balancers/listeners.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DeleteListener'>({
  handle: async (ctx, input) => {
    await listenerDelete(ctx, input.ListenerArn!)
    return {}
  },
})
