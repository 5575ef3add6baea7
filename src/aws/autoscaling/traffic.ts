/** Traffic sources: target groups are the only ones that there are here. */
import type { TrafficSourceIdentifier } from '@aws-sdk/client-auto-scaling'
import { FaultError } from '../../domain/faults.ts'

export function trafficSourcesOf(
  sources: readonly TrafficSourceIdentifier[] | undefined,
): string[] {
  return (sources ?? []).map(({ Identifier, Type }) => {
    const isTargetGroup = Identifier!.includes(':targetgroup/')
    if (!isTargetGroup || (Type !== undefined && Type !== 'elbv2')) {
      const feature = `the traffic source ${Identifier} (${Type ?? 'not a target group'})`
      throw new FaultError({ type: 'Unsupported', feature })
    }
    return Identifier!
  })
}
