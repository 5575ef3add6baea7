/** PutLifecycleHook. */
import { hookPut } from '../../../app/autoscaling/hooks.ts'
import { resultOf, transitionOf } from '../group-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'PutLifecycleHook'>({
  handle: async (ctx, input) => {
    const { LifecycleTransition, DefaultResult, HeartbeatTimeout, NotificationTargetARN } = input
    await hookPut(ctx, input.AutoScalingGroupName!, {
      name: input.LifecycleHookName!,
      ...(LifecycleTransition !== undefined && { transition: transitionOf(LifecycleTransition) }),
      ...(DefaultResult !== undefined && { defaultResult: resultOf(DefaultResult) }),
      ...(HeartbeatTimeout !== undefined && { heartbeatSeconds: HeartbeatTimeout }),
      ...(NotificationTargetARN !== undefined && {
        notificationArn: NotificationTargetARN || null,
      }),
      ...(input.RoleARN !== undefined && { roleArn: input.RoleARN }),
      ...(input.NotificationMetadata !== undefined && { metadata: input.NotificationMetadata }),
    })
    return {}
  },
})
