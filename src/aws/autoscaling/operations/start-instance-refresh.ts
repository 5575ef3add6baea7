/** StartInstanceRefresh: every instance is replaced, a few at a time. */
import { refreshStart } from '../../../app/autoscaling/refreshes.ts'
import { groupGet } from '../../../app/autoscaling/scope.ts'
import { sourceOf } from '../group-input.ts'
import { preferencesOf } from '../refresh-input.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'StartInstanceRefresh'>({
  handle: async (ctx, input) => {
    if (input.Strategy === 'ReplaceRootVolume') {
      throw new FaultError({ type: 'Unsupported', feature: 'the strategy ReplaceRootVolume' })
    }
    const group = await groupGet(ctx, input.AutoScalingGroupName!)
    const desired = await sourceOf(ctx, input.DesiredConfiguration ?? {})
    const preferences = preferencesOf(input.Preferences, group)
    const InstanceRefreshId = await refreshStart(ctx, group.name, {
      preferences,
      desired: desired ?? null,
    })
    return { InstanceRefreshId }
  },
})
