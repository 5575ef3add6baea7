/**
 * What a scaling policy does when it is executed, by a person or by an alarm: one transaction that sets the desired
 * capacity and says why. An alarm that stays in its state asks again every minute, as on AWS: a policy that wants more
 * says so again, one that has what it wants changes nothing.
 */
import { parsePolicyArn } from '../../domain/autoscaling/arn.ts'
import {
  adjusted,
  isCounted,
  isPending,
  isTerminating,
  isWarm,
  isWarmed,
  stepFor,
  tracked,
  weightOf,
  within,
} from '../../domain/autoscaling/capacity.ts'
import {
  isSuspended,
  type PolicyRule,
  type ScalingGroup,
  type ScalingInstance,
  type ScalingPolicy,
} from '../../domain/autoscaling/records.ts'
import { changing, timeText } from '../../domain/autoscaling/words.ts'
import type { Alarm } from '../../domain/metrics/alarm.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App } from '../context.ts'
import { idOf } from '../metrics/alarm-records.ts'
import { scalingFault } from './faults.ts'
import { instancesOf } from './scope.ts'

export type Trigger =
  | { type: 'user'; honorCooldown: boolean; value: number | null; threshold: number | null }
  | { type: 'alarm'; alarm: Alarm; value: number }

/** @throws the service's faults; for an alarm only those of what is not there. */
export async function policyRun(app: App, policyId: string, trigger: Trigger): Promise<void> {
  await app.store.transact(async (tx) => {
    const policy = await tx.get('scalingPolicy', policyId)
    const group = policy && (await tx.get('scalingGroup', policy.groupId))
    // An ARN can name any id: another account's policy is none of this one's.
    const isOwn = policy && trigger.type === 'alarm' ? isOf(policy, trigger.alarm) : true
    if (!policy || !group || !isOwn) throw new Error('the scaling policy does not exist any more')
    if (group.deletingSince !== null) return
    const isAlarm = trigger.type === 'alarm'
    if (isAlarm && (!policy.isEnabled || isSuspended(group, 'AlarmNotification'))) return
    const instances = await instancesOf(tx, group.id)
    const wanted = await desiredBy(app, tx, { policy, group, instances, trigger })
    const { desired } = group.configuration
    if (wanted === null || within(group.configuration, wanted) === desired) return
    await desiredSet(app, tx, group, within(group.configuration, wanted), asked(policy, trigger))
  })
}

const isOf = (policy: ScalingPolicy, { account, region }: Alarm): boolean =>
  policy.account === account && policy.region === region

interface Case {
  policy: ScalingPolicy
  group: ScalingGroup
  instances: readonly ScalingInstance[]
  trigger: Trigger
}

const asked = ({ name }: ScalingPolicy, trigger: Trigger): string => {
  if (trigger.type === 'user') return `a user request executed policy ${name}`
  const { alarm } = trigger
  return `a monitor alarm ${alarm.configuration.name} in state ${alarm.state} triggered policy ${name}`
}

/** A new desired capacity, with the sentence that the next activities begin with. */
export async function desiredSet(
  app: App,
  tx: StoreTransaction,
  group: ScalingGroup,
  desired: number,
  who: string,
): Promise<ScalingGroup> {
  const { configuration } = group
  const at = timeText(app.clock.now())
  const cause = `At ${at} ${who} ${changing(configuration.desired, desired)}.`
  return tx.update('scalingGroup', {
    ...group,
    configuration: { ...configuration, desired },
    cause,
    // Somebody wants something else: what failed may not be asked again.
    failures: null,
  })
}

/** Null: it changes nothing. */
async function desiredBy(app: App, reader: StoreReader, one: Case): Promise<number | null> {
  const { rule } = one.policy
  switch (rule.type) {
    case 'SimpleScaling':
      return simple(app, one, rule)
    case 'StepScaling':
      return stepped(app, one, rule)
    case 'TargetTrackingScaling':
      return tracking(app, reader, one, rule)
  }
}

function simple(
  app: App,
  { group, instances, trigger }: Case,
  rule: PolicyRule & { type: 'SimpleScaling' },
): number | null {
  const seconds = rule.cooldownSeconds ?? group.configuration.cooldownSeconds
  const isUser = trigger.type === 'user'
  if (!isUser || trigger.honorCooldown) {
    const busy = cooling(group, instances, seconds, app.clock.now())
    if (busy && isUser) throw scalingFault('ScalingActivityInProgressFault', busy)
    if (busy) return null
  }
  const { adjustmentType, adjustment, minMagnitude } = rule
  return adjusted(group.configuration.desired, adjustmentType, adjustment, minMagnitude)
}

/** Why nothing may change now, or null. */
export function cooling(
  { scaledAt }: ScalingGroup,
  instances: readonly ScalingInstance[],
  cooldownSeconds: number,
  now: number,
): string | null {
  const busy = instances.find((one) => isPending(one) || (isTerminating(one) && !isWarmed(one)))
  if (busy) return `Scaling activity ${busy.activityId} is in progress and blocks this action`
  if (scaledAt === null || now >= scaledAt + cooldownSeconds * 1000) return null
  const at = timeText(scaledAt + cooldownSeconds * 1000)
  return `The group is in its cooldown period until ${at}, which blocks this action`
}

const warmupOf = ({ configuration }: ScalingGroup, own: number | null): number =>
  own ?? configuration.warmupSeconds ?? configuration.cooldownSeconds

function stepped(
  app: App,
  { group, instances, trigger }: Case,
  rule: PolicyRule & { type: 'StepScaling' },
): number | null {
  const threshold =
    trigger.type === 'alarm' ? trigger.alarm.configuration.threshold : trigger.threshold
  const { value } = trigger
  if (value === null || threshold === null) return null
  const step = stepFor(rule.steps, value - threshold)
  if (!step) return null
  const { desired } = group.configuration
  const now = app.clock.now()
  const warm = instances.filter((one) => isWarm(one, warmupOf(group, rule.warmupSeconds), now))
  const isWarming = instances.some((one) => isCounted(one) && !warm.includes(one))
  // Those that warm up are part of the step that launched them.
  const base = isWarming ? weightOf(warm) : desired
  const wanted = adjusted(base, rule.adjustmentType, step.adjustment, rule.minMagnitude)
  if (wanted > desired) return wanted
  const shrunk = adjusted(desired, rule.adjustmentType, step.adjustment, rule.minMagnitude)
  return !isWarming && shrunk < desired ? shrunk : null
}

async function tracking(
  app: App,
  reader: StoreReader,
  { policy, group, instances, trigger }: Case,
  rule: PolicyRule & { type: 'TargetTrackingScaling' },
): Promise<number | null> {
  if (trigger.type === 'user') {
    const words = 'ExecutePolicy is not supported for policies of type TargetTrackingScaling'
    throw scalingFault('ValidationError', words)
  }
  const { desired } = group.configuration
  const now = app.clock.now()
  const seconds = warmupOf(group, rule.warmupSeconds)
  // What was measured was measured of these: counting newer ones as well would answer the same load twice.
  const warm = instances.filter((one) => isWarm(one, seconds, now))
  const wanted = tracked(Math.max(1, weightOf(warm)), trigger.value, rule.target)
  const isHigh = trigger.alarm.configuration.comparison.startsWith('Greater')
  if (isHigh) return wanted > desired ? wanted : null
  if (rule.isScaleInDisabled || wanted >= desired) return null
  if (instances.some((one) => isCounted(one) && !warm.includes(one))) return null
  return (await othersAgree(reader, policy)) ? wanted : null
}

/** A group shrinks only when every policy that tracks a target would let it. */
async function othersAgree(reader: StoreReader, { id, groupId }: ScalingPolicy): Promise<boolean> {
  const reference = { name: 'group', value: groupId }
  for (const other of await reader.list('scalingPolicy', { reference })) {
    if (other.id === id || !other.isEnabled) continue
    if (other.rule.type !== 'TargetTrackingScaling' || other.rule.isScaleInDisabled) continue
    const low = other.alarmNames.find((name) => name.includes('-AlarmLow-'))
    const alarm = low && (await reader.get('alarm', idOf(other, low)))
    if (alarm && alarm.state !== 'ALARM') return false
  }
  return true
}

/** An alarm's action. @throws Error saying why it is not carried out. */
export async function alarmActionRun(
  app: App,
  alarm: Alarm,
  arn: string,
  value: number | null,
): Promise<void> {
  const named = parsePolicyArn(arn)
  if (!named || named.account !== alarm.account || named.region !== alarm.region) {
    throw new Error('it is no scaling policy of this account and region')
  }
  // Set by hand, without a measurement behind it: the threshold itself is all that is known.
  const at = value ?? alarm.configuration.threshold
  await policyRun(app, named.id, { type: 'alarm', alarm, value: at })
}
