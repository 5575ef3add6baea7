/** PutWarmPool: made, or changed. */
import { poolPut } from '../../../app/autoscaling/warm-pools.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'PutWarmPool'>({
  handle: async (ctx, input) => {
    const { MinSize, MaxGroupPreparedCapacity: prepared, PoolState, InstanceReusePolicy } = input
    await poolPut(ctx, input.AutoScalingGroupName!, {
      ...(MinSize !== undefined && { minSize: MinSize }),
      // -1 takes away what was said before.
      ...(prepared !== undefined && { maxPrepared: prepared < 0 ? null : prepared }),
      ...(PoolState !== undefined && { state: PoolState }),
      ...(InstanceReusePolicy && { isReused: InstanceReusePolicy.ReuseOnScaleIn ?? false }),
    })
    return {}
  },
})
