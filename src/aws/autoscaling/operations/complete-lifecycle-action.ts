/** CompleteLifecycleAction: an instance goes on, or does not. */
import { hookComplete } from '../../../app/autoscaling/hooks.ts'
import { resultOf } from '../group-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'CompleteLifecycleAction'>({
  handle: async (ctx, input) => {
    const target = {
      groupName: input.AutoScalingGroupName!,
      hookName: input.LifecycleHookName!,
      token: input.LifecycleActionToken ?? null,
      instanceId: input.InstanceId ?? null,
    }
    await hookComplete(ctx, target, resultOf(input.LifecycleActionResult!))
    return {}
  },
})
