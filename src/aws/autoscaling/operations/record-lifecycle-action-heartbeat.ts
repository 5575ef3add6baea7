/** RecordLifecycleActionHeartbeat: its time begins anew. */
import { hookHeartbeat } from '../../../app/autoscaling/hooks.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'RecordLifecycleActionHeartbeat'>({
  handle: async (ctx, input) => {
    const target = {
      groupName: input.AutoScalingGroupName!,
      hookName: input.LifecycleHookName!,
      token: input.LifecycleActionToken ?? null,
      instanceId: input.InstanceId ?? null,
    }
    await hookHeartbeat(ctx, target)
    return {}
  },
})
