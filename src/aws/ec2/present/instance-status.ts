/** The status checks of an instance as DescribeInstanceStatus answers them. */
import type { EbsStatusSummary, InstanceStatus, InstanceStatusSummary } from '@aws-sdk/client-ec2'
import { instanceHealthOf, type Check } from '../../../domain/instance-health.ts'
import { instanceStateOf, type Instance } from '../../../domain/instance.ts'
import { zoneIdOf } from '../../../domain/zones.ts'
import { presentState } from './instance.ts'

export function presentInstanceStatus(instance: Instance, now: number): InstanceStatus {
  const { zone } = instance.spec
  const health = instanceHealthOf(instance, now)
  return {
    AvailabilityZone: zone,
    AvailabilityZoneId: zoneIdOf(zone),
    Operator: { Managed: false },
    Events: [],
    InstanceId: instance.id,
    InstanceState: presentState(instanceStateOf(instance)),
    InstanceStatus: presentCheck(health.instance),
    SystemStatus: presentCheck(health.system),
    AttachedEbsStatus: presentCheck(health.volumes) as EbsStatusSummary,
  }
}

const REACHABILITY = {
  ok: 'passed',
  impaired: 'failed',
  initializing: 'initializing',
  'insufficient-data': 'insufficient-data',
} as const

function presentCheck({ status, impairedSince }: Check): InstanceStatusSummary {
  if (status === 'not-applicable') return { Status: status }
  return {
    Status: status,
    Details: [
      {
        Name: 'reachability',
        Status: REACHABILITY[status],
        ImpairedSince: impairedSince === null ? undefined : new Date(impairedSince),
      },
    ],
  }
}
