/** DeleteLifecycleHook. */
import { hookDelete } from '../../../app/autoscaling/hooks.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DeleteLifecycleHook'>({
  handle: async (ctx, input) => {
    await hookDelete(ctx, input.AutoScalingGroupName!, input.LifecycleHookName!)
    return {}
  },
})
