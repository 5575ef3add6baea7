/** DescribeInstanceStatus: running instances, or all of them on request. There are no scheduled events. */
import type { InstanceStatus, InstanceStatusSummary } from '@aws-sdk/client-ec2'
import { instancesFind } from '../../../app/instances/list.ts'
import { operation } from '../../operation.ts'
import { presentInstanceStatus } from '../present/instance-status.ts'
import { idsOf } from '../present/state-change.ts'

const NONE = (): [] => []
const reachability = (summary: InstanceStatusSummary | undefined) => summary?.Details?.[0]?.Status

export default operation<'ec2', 'DescribeInstanceStatus', InstanceStatus>({
  filters: {
    'attached-ebs-status.status': (one) => one.AttachedEbsStatus?.Status,
    'availability-zone': (one) => one.AvailabilityZone,
    'availability-zone-id': (one) => one.AvailabilityZoneId,
    'instance-state-code': (one) => one.InstanceState?.Code,
    'instance-state-name': (one) => one.InstanceState?.Name,
    'instance-status.reachability': (one) => reachability(one.InstanceStatus),
    'instance-status.status': (one) => one.InstanceStatus?.Status,
    'operator.managed': () => false,
    'system-status.reachability': (one) => reachability(one.SystemStatus),
    'system-status.status': (one) => one.SystemStatus?.Status,
    'event.code': NONE,
    'event.description': NONE,
    'event.instance-event-id': NONE,
    'event.not-after': NONE,
    'event.not-before': NONE,
    'event.not-before-deadline': NONE,
    'operator.principal': NONE,
  },
  handle: async (ctx, input, call) => {
    const now = ctx.app.clock.now()
    const instances = await instancesFind(ctx, idsOf(input.InstanceIds))
    const statuses = instances
      .map((instance) => presentInstanceStatus(instance, now))
      .filter((one) => input.IncludeAllInstances || one.InstanceState?.Name === 'running')
    const page = call.page(call.filter(statuses), {
      key: (one) => one.InstanceId!,
      defaultSize: 1_000,
    })
    return { InstanceStatuses: page.items, NextToken: page.nextToken }
  },
})
