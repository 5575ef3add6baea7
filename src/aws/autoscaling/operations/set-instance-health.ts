/** SetInstanceHealth: somebody who knows better than the checks. */
import { memberHealthSet } from '../../../app/autoscaling/members.ts'
import { invalid } from '../../../app/autoscaling/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'SetInstanceHealth'>({
  handle: async (ctx, input) => {
    const { InstanceId, HealthStatus, ShouldRespectGracePeriod } = input
    if (HealthStatus !== 'Healthy' && HealthStatus !== 'Unhealthy') {
      throw invalid(`Invalid health status: ${HealthStatus}. It is Healthy or Unhealthy`)
    }
    await memberHealthSet(ctx, InstanceId!, {
      isHealthy: HealthStatus === 'Healthy',
      isGraceRespected: ShouldRespectGracePeriod ?? true,
    })
    return {}
  },
})
