/** Parts of a group with operations of their own: suspended processes, metrics, notifications, target groups. */
import {
  NOTIFICATION_TYPES,
  SCALING_PROCESSES,
  type NotificationType,
  type ScalingProcess,
} from '../../domain/autoscaling/records.ts'
import { timeText } from '../../domain/autoscaling/words.ts'
import type { Ctx } from '../context.ts'
import { invalid, scalingFault } from './faults.ts'
import { groupChange } from './groups.ts'
import { GROUP_METRICS } from './metrics.ts'
import { testNotice } from './notify.ts'
import { targetGroupsCheck } from './targets.ts'
import { groupGet, instancesOf } from './scope.ts'

/** AWS's quotas of a group. */
const TOPICS_MAX = 10
const TARGET_GROUPS_MAX = 50

function processesChecked(names: readonly string[]): readonly ScalingProcess[] {
  if (names.length === 0) return SCALING_PROCESSES
  const known = SCALING_PROCESSES as readonly string[]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown) throw invalid(`Invalid scaling process: ${unknown}. There are ${known.join(', ')}`)
  return names as ScalingProcess[]
}

export async function processesSuspend(ctx: Ctx, name: string, names: readonly string[]) {
  const processes = processesChecked(names)
  const reason = `User suspended at ${timeText(ctx.app.clock.now())}`
  await groupChange(ctx, name, (group) => ({
    ...group,
    suspended: [
      ...group.suspended,
      ...processes
        .filter((process) => !group.suspended.some((one) => one.process === process))
        .map((process) => ({ process, reason })),
    ],
  }))
}

export async function processesResume(ctx: Ctx, name: string, names: readonly string[]) {
  const processes = processesChecked(names)
  await groupChange(ctx, name, (group) => ({
    ...group,
    suspended: group.suspended.filter(({ process }) => !processes.includes(process)),
    // What failed before may be asked again.
    failures: null,
  }))
}

function metricsChecked(names: readonly string[]): readonly string[] {
  const unknown = names.find((name) => !GROUP_METRICS.includes(name))
  if (unknown) throw invalid(`Invalid metric: ${unknown}. There are ${GROUP_METRICS.join(', ')}`)
  return names.length === 0 ? GROUP_METRICS : names
}

export async function metricsEnable(
  ctx: Ctx,
  name: string,
  names: readonly string[],
  granularity: string,
): Promise<void> {
  if (granularity !== '1Minute') throw invalid('The only valid granularity is 1Minute')
  const metrics = metricsChecked(names)
  await groupChange(ctx, name, (group) => ({
    ...group,
    enabledMetrics: [...new Set([...group.enabledMetrics, ...metrics])],
  }))
}

export async function metricsDisable(ctx: Ctx, name: string, names: readonly string[]) {
  const metrics = metricsChecked(names)
  await groupChange(ctx, name, (group) => ({
    ...group,
    enabledMetrics: group.enabledMetrics.filter((metric) => !metrics.includes(metric)),
  }))
}

export async function notificationPut(
  ctx: Ctx,
  name: string,
  topicArn: string,
  names: readonly string[],
): Promise<void> {
  const known = NOTIFICATION_TYPES as readonly string[]
  const unknown = names.find((type) => !known.includes(type))
  if (unknown) throw invalid(`"${unknown}" is not a valid Notification Type`)
  if (!/^arn:aws:sns:[a-z0-9-]+:\d{12}:.+$/.test(topicArn)) {
    throw invalid(`Invalid SNS topic ARN: ${topicArn}`)
  }
  const types = [...new Set(names)] as NotificationType[]
  const changed = await groupChange(ctx, name, (group) => {
    const others = group.notifications.filter((one) => one.topicArn !== topicArn)
    if (others.length >= TOPICS_MAX) {
      throw scalingFault('LimitExceededFault', `A group can have ${TOPICS_MAX} topics.`)
    }
    return { ...group, notifications: [...others, { topicArn, types }] }
  })
  if (types.includes('autoscaling:TEST_NOTIFICATION')) testNotice(changed, topicArn)(ctx.app)
}

export async function notificationDelete(ctx: Ctx, name: string, topicArn: string) {
  await groupChange(ctx, name, (group) => {
    const notifications = group.notifications.filter((one) => one.topicArn !== topicArn)
    if (notifications.length < group.notifications.length) return { ...group, notifications }
    throw invalid(`There is no notification configuration with the topic ${topicArn}`)
  })
}

export async function targetGroupsAttach(ctx: Ctx, name: string, arns: readonly string[]) {
  await targetGroupsCheck(ctx, arns)
  await groupChange(ctx, name, (group) => {
    const targetGroupArns = [...new Set([...group.targetGroupArns, ...arns])]
    if (targetGroupArns.length > TARGET_GROUPS_MAX) {
      throw scalingFault(
        'LimitExceededFault',
        `A group can have ${TARGET_GROUPS_MAX} target groups.`,
      )
    }
    return { ...group, targetGroupArns }
  })
}

export async function targetGroupsDetach(ctx: Ctx, name: string, arns: readonly string[]) {
  await groupChange(ctx, name, (group) => {
    const missing = arns.find((arn) => !group.targetGroupArns.includes(arn))
    if (missing) throw invalid(`Target group ${missing} is not attached to ${group.name}`)
    const targetGroupArns = group.targetGroupArns.filter((arn) => !arns.includes(arn))
    return { ...group, targetGroupArns }
  })
}

/** `InService` once one instance is registered, `Removing` while some still are after it was detached. */
export async function targetGroupsFind(
  ctx: Ctx,
  name: string,
): Promise<{ arn: string; state: 'Adding' | 'Added' | 'InService' | 'Removing' }[]> {
  const group = await groupGet(ctx, name)
  const instances = await instancesOf(ctx.app.store, group.id)
  const registered = new Set(instances.flatMap(({ targetGroupArns }) => targetGroupArns))
  const removing = [...registered].filter((arn) => !group.targetGroupArns.includes(arn))
  return [
    ...group.targetGroupArns.map((arn) => {
      return { arn, state: registered.has(arn) ? ('InService' as const) : ('Added' as const) }
    }),
    ...removing.map((arn) => ({ arn, state: 'Removing' as const })),
  ]
}
