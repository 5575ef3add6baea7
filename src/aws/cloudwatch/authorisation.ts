/**
 * What CloudWatch's operations need: alarms by their names or ARNs, dashboards by their names; metrics have no ARNs, so
 * that their operations are allowed on `*`, by namespace where the request has one. Who makes an alarm that stops,
 * terminates or reboots an instance must be allowed to do that. Source: CloudWatch user guide, "Create alarms to stop,
 * terminate, reboot, or recover an EC2 instance", "Permissions": recovering needs none.
 */
import { alarmActionOf, alarmArn } from '../../domain/metrics/alarm.ts'
import { dashboardArn } from '../../domain/metrics/dashboard.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'
import { ec2Wanted } from '../ec2/authorisation.ts'

type Input = Readonly<Record<string, unknown>>

const ACTION_MEMBERS = ['OKActions', 'AlarmActions', 'InsufficientDataActions']
const EC2_OPERATIONS = {
  stop: 'StopInstances',
  terminate: 'TerminateInstances',
  reboot: 'RebootInstances',
} as const

export const cloudwatchWanted: Deriver = async (ctx, operation, input) => {
  const action = `cloudwatch:${operation}`
  const namespace = typeof input.Namespace === 'string' ? input.Namespace : undefined
  const keys = { ...requestTagKeys(input), 'cloudwatch:namespace': namespace }
  if (operation.endsWith('Dashboard') || operation === 'DeleteDashboards') {
    const { DashboardName: one, DashboardNames: many } = input
    const named = [...(Array.isArray(many) ? (many as string[]) : []), one].filter(
      (each): each is string => typeof each === 'string',
    )
    return named.map((each) => ({ action, resource: dashboardArn(ctx.account, each), keys }))
  }
  if (!resourceTypesOf('cloudwatch', operation).includes('alarm')) {
    return [{ action, resource: '*', keys }]
  }
  const { AlarmName: name, AlarmNames: names, ResourceARN: arn } = input
  const listed = [...(Array.isArray(names) ? (names as string[]) : []), name].filter(
    (one): one is string => typeof one === 'string',
  )
  // What lists without names reads all of them.
  const resources = typeof arn === 'string' ? [arn] : listed.map((one) => alarmArn(ctx, one))
  if (resources.length === 0) resources.push(alarmArn(ctx, '*'))
  const wanted = resources.map((resource): Wanted => ({ action, resource, keys }))
  if (operation !== 'PutMetricAlarm') return wanted
  return [...wanted, ...(await actionsWanted(ctx, input))]
}

/** What CloudWatch will do to the instance in the account's name. */
async function actionsWanted(ctx: Parameters<Deriver>[0], input: Input): Promise<Wanted[]> {
  const operations = new Set<string>()
  for (const arn of ACTION_MEMBERS.flatMap((member) => (input[member] ?? []) as string[])) {
    const action = alarmActionOf(arn)
    if (action.type !== 'ec2' || action.operation === 'recover') continue
    operations.add(EC2_OPERATIONS[action.operation])
  }
  if (operations.size === 0) return []
  const dimensions = (input.Dimensions ?? []) as { Name?: string; Value?: string }[]
  const InstanceIds = dimensions.flatMap(({ Name, Value }) =>
    Name === 'InstanceId' && Value !== undefined ? [Value] : [],
  )
  const wanted = await Promise.all(
    [...operations].map((name) => ec2Wanted(ctx, name, { InstanceIds })),
  )
  return wanted.flat()
}
