/** ModifyListenerAttributes. */
import { listenerAttributes } from '../../../app/balancers/attributes.ts'
import { presentAttributes } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'ModifyListenerAttributes'>({
  handle: async (ctx, input) => {
    const all = await listenerAttributes(ctx, input.ListenerArn!, input.Attributes)
    return { Attributes: presentAttributes(all) }
  },
})
