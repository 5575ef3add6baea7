/** The parameters of health checks, which creating and modifying share. */
import type { ModifyTargetGroupInput } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { CheckWish } from '../../app/balancers/groups.ts'

export function checkOf(input: Omit<ModifyTargetGroupInput, 'TargetGroupArn'>): CheckWish {
  return {
    isEnabled: input.HealthCheckEnabled,
    protocol: input.HealthCheckProtocol,
    port: input.HealthCheckPort,
    path: input.HealthCheckPath,
    intervalSeconds: input.HealthCheckIntervalSeconds,
    timeoutSeconds: input.HealthCheckTimeoutSeconds,
    healthyCount: input.HealthyThresholdCount,
    unhealthyCount: input.UnhealthyThresholdCount,
    matcher: input.Matcher?.HttpCode,
  }
}
