/**
 * What a group's owner asked to be told: launches and terminations by PutNotificationConfiguration, waits by lifecycle
 * hooks with a target. There is no SNS or SQS here: a message goes to the log and to the webhook of the setting
 * `backupWebhook`, as those of backup vaults do, after the record of what it tells is durable.
 */
import { isReturning } from '../../domain/autoscaling/advance.ts'
import { groupArn } from '../../domain/autoscaling/arn.ts'
import { isWarmed } from '../../domain/autoscaling/capacity.ts'
import type {
  LifecycleHook,
  NotificationType,
  ScalingGroup,
  ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import { messageSend } from '../backup/notify.ts'
import type { App } from '../context.ts'

export type Notice = (app: App) => void

type Event = 'LAUNCH' | 'LAUNCH_ERROR' | 'TERMINATE' | 'TERMINATE_ERROR'

const EVENT_WORDS: Readonly<Record<Event, string>> = {
  LAUNCH: 'launch',
  LAUNCH_ERROR: 'failed to launch',
  TERMINATE: 'termination',
  TERMINATE_ERROR: 'failed to terminate',
}

export function instanceNotice(
  group: ScalingGroup,
  one: Pick<ScalingInstance, 'id' | 'zone' | 'activityId'> | null,
  event: Event,
  cause = '',
): Notice {
  const type: NotificationType = `autoscaling:EC2_INSTANCE_${event}`
  return (app) => {
    for (const { topicArn, types } of group.notifications) {
      if (!types.includes(type)) continue
      const at = new Date(app.clock.now()).toISOString()
      const message = {
        Service: 'AWS Auto Scaling',
        Time: at,
        Event: type,
        AccountId: group.account,
        AutoScalingGroupName: group.name,
        AutoScalingGroupARN: groupArn(group),
        ActivityId: one?.activityId ?? '',
        EC2InstanceId: one?.id ?? '',
        Cause: cause,
        Details: { 'Availability Zone': one?.zone ?? '' },
      }
      const subject = `Auto Scaling: ${EVENT_WORDS[event]} for group "${group.name}"`
      messageSend(app, { topicArn, subject, message })
    }
  }
}

export function testNotice(group: ScalingGroup, topicArn: string): Notice {
  return (app) => {
    const message = {
      Service: 'AWS Auto Scaling',
      Time: new Date(app.clock.now()).toISOString(),
      Event: 'autoscaling:TEST_NOTIFICATION',
      AccountId: group.account,
      AutoScalingGroupName: group.name,
      AutoScalingGroupARN: groupArn(group),
    }
    const subject = `Auto Scaling: test notification for group "${group.name}"`
    messageSend(app, { topicArn, subject, message })
  }
}

/** From where to where: EC2, the group, its warm pool. */
function routeOf(one: ScalingInstance, { transition }: LifecycleHook) {
  const here = isWarmed(one) ? 'WarmPool' : 'AutoScalingGroup'
  if (isReturning(one)) return { Origin: 'AutoScalingGroup', Destination: 'WarmPool' }
  if (transition === 'terminating') return { Origin: here, Destination: 'EC2' }
  return { Origin: one.isFromPool ? 'WarmPool' : 'EC2', Destination: here }
}

/** Of waits that have begun: the token by which they are completed. */
export function hookNotices(
  group: ScalingGroup,
  one: ScalingInstance,
  hooks: readonly LifecycleHook[],
): Notice[] {
  return hooks.flatMap((hook) => {
    const { notificationArn: topicArn } = hook
    const wait = one.waits.find(({ hookName }) => hookName === hook.name)
    if (topicArn === null || !wait) return []
    const transition = hook.transition.toUpperCase()
    const message = {
      Service: 'AWS Auto Scaling',
      AccountId: group.account,
      LifecycleHookName: hook.name,
      AutoScalingGroupName: group.name,
      LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
      EC2InstanceId: one.id,
      LifecycleActionToken: wait.token,
      ...routeOf(one, hook),
      ...(hook.metadata !== null && { NotificationMetadata: hook.metadata }),
    }
    const subject = `Auto Scaling: Lifecycle action '${transition}' for instance ${one.id}`
    return [(app: App) => messageSend(app, { topicArn, subject, message })]
  })
}
