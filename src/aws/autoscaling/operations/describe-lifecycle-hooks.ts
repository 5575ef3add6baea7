/** DescribeLifecycleHooks of a group. */
import { groupGet } from '../../../app/autoscaling/scope.ts'
import { hookPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeLifecycleHooks'>({
  handle: async (ctx, input) => {
    const { name, hooks } = await groupGet(ctx, input.AutoScalingGroupName!)
    const names = input.LifecycleHookNames ?? []
    const found = hooks.filter((hook) => names.length === 0 || names.includes(hook.name))
    return { LifecycleHooks: found.map((hook) => hookPresent(hook, name)) }
  },
})
