/** Scaling policies as a user makes, reads and removes them; those that track a target have alarms of their own. */
import { policyArn } from '../../domain/autoscaling/arn.ts'
import { stepsWrong } from '../../domain/autoscaling/capacity.ts'
import type {
  PolicyRule,
  PredefinedMetric,
  ScalingGroup,
  ScalingPolicy,
} from '../../domain/autoscaling/records.ts'
import type { Alarm, AlarmConfiguration } from '../../domain/metrics/alarm.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { alarmPutIn, idOf } from '../metrics/alarm-records.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { invalid, scalingFault } from './faults.ts'
import { policyRun } from './policy-run.ts'
import { groupGet, newUuid } from './scope.ts'

/** AWS's quotas of a group and of a policy. */
const POLICIES_MAX = 50
const STEPS_MAX = 20

const PREDEFINED: Readonly<Record<PredefinedMetric, string>> = {
  ASGAverageCPUUtilization: 'CPUUtilization',
  ASGAverageNetworkIn: 'NetworkIn',
  ASGAverageNetworkOut: 'NetworkOut',
}

export interface PolicyRequest {
  groupName: string
  name: string
  rule: PolicyRule
  isEnabled: boolean
}

export async function policyPut(ctx: Ctx, request: PolicyRequest): Promise<ScalingPolicy> {
  const { rule } = request
  if (rule.type === 'StepScaling') {
    if (rule.steps.length > STEPS_MAX) {
      throw scalingFault('LimitExceededFault', `A policy can have ${STEPS_MAX} step adjustments.`)
    }
    const wrong = stepsWrong(rule.steps)
    if (wrong !== null) throw invalid(wrong)
  }
  return ctx.app.store.transact(async (tx) => {
    const group = await groupGet(ctx, request.groupName, tx)
    const found = await policyOf(tx, group, request.name)
    if (found && found.rule.type !== rule.type) {
      throw invalid('Cannot change the type of an existing policy; delete it and make another.')
    }
    const reference = { name: 'group', value: group.id }
    if (!found && (await tx.count('scalingPolicy', { reference })) >= POLICIES_MAX) {
      throw scalingFault('LimitExceededFault', `A group can have ${POLICIES_MAX} scaling policies.`)
    }
    const { isEnabled, name } = request
    if (found) await alarmsRemove(ctx, tx, found)
    const made = found
      ? { ...found, rule, isEnabled, alarmNames: [] }
      : {
          ...baseOf(ctx),
          ...{ id: newUuid(ctx.app.random), groupId: group.id, groupName: group.name },
          ...{ name, rule, isEnabled, alarmNames: [] },
        }
    const policy = { ...made, alarmNames: await alarmsMake(ctx, tx, group, made) }
    return found ? tx.update('scalingPolicy', policy) : tx.insert('scalingPolicy', policy)
  })
}

async function policyOf(reader: StoreReader, { id }: ScalingGroup, name: string) {
  const all = await reader.list('scalingPolicy', { reference: { name: 'group', value: id } })
  return all.find((policy) => policy.name === name || policyArn(policy) === name)
}

async function alarmsMake(
  ctx: Ctx,
  tx: StoreTransaction,
  group: ScalingGroup,
  policy: ScalingPolicy,
): Promise<string[]> {
  const { rule } = policy
  if (rule.type !== 'TargetTrackingScaling') return []
  const alarms = [trackingAlarm(group, policy, rule, 'High', newUuid(ctx.app.random))]
  if (!rule.isScaleInDisabled) {
    alarms.push(trackingAlarm(group, policy, rule, 'Low', newUuid(ctx.app.random)))
  }
  for (const alarm of alarms) await alarmPutIn(ctx, tx, alarm, {})
  return alarms.map(({ name }) => name)
}

/** AWS's own: up at once, after three minutes above the target; down slowly, after fifteen well below it. */
function trackingAlarm(
  group: ScalingGroup,
  policy: ScalingPolicy,
  rule: PolicyRule & { type: 'TargetTrackingScaling' },
  side: 'High' | 'Low',
  id: string,
): AlarmConfiguration {
  const arn = policyArn(policy)
  const { metric, target } = rule
  const series =
    metric.type === 'predefined'
      ? {
          namespace: 'AWS/EC2',
          metricName: PREDEFINED[metric.metric],
          dimensions: { AutoScalingGroupName: group.name },
          statistic: 'Average' as const,
          unit: null,
        }
      : metric
  return {
    name: `TargetTracking-${group.name}-Alarm${side}-${id}`,
    description: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${arn}.`,
    areActionsEnabled: true,
    okActions: [],
    alarmActions: [arn],
    insufficientDataActions: [],
    namespace: series.namespace,
    metricName: series.metricName,
    statistic: series.statistic,
    dimensions: series.dimensions,
    periodSeconds: 60,
    unit: series.unit,
    evaluationPeriods: side === 'High' ? 3 : 15,
    datapointsToAlarm: null,
    threshold: side === 'High' ? target : Number((target * 0.9).toPrecision(12)),
    comparison: side === 'High' ? 'GreaterThanThreshold' : 'LessThanThreshold',
    missing: 'missing',
  }
}

async function alarmsRemove(ctx: Ctx, tx: StoreTransaction, { alarmNames }: ScalingPolicy) {
  for (const name of alarmNames) {
    const alarm = await tx.get('alarm', idOf(ctx, name))
    if (alarm) await tx.remove('alarm', alarm)
  }
}

/** By name within a group, or by ARN. @throws the service's ValidationError. */
async function policyGet(
  ctx: Ctx,
  reader: StoreReader,
  groupName: string | undefined,
  name: string,
): Promise<ScalingPolicy> {
  if (groupName !== undefined) {
    const found = await policyOf(reader, await groupGet(ctx, groupName, reader), name)
    if (found) return found
  } else {
    const all = await reader.list('scalingPolicy', scopeOf(ctx))
    const found = all.find((policy) => policyArn(policy) === name)
    if (found) return found
    if (!name.startsWith('arn:')) {
      throw invalid('An AutoScalingGroupName is required when the policy is given by its name.')
    }
  }
  throw invalid(`PolicyName ${name} not found`)
}

export async function policyDelete(
  ctx: Ctx,
  groupName: string | undefined,
  name: string,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const policy = await policyGet(ctx, tx, groupName, name)
    await alarmsRemove(ctx, tx, policy)
    await tx.remove('scalingPolicy', policy)
  })
}

export async function policyExecute(
  ctx: Ctx,
  request: {
    groupName: string | undefined
    name: string
    honorCooldown: boolean
    value: number | null
    threshold: number | null
  },
): Promise<void> {
  const { groupName, name, ...trigger } = request
  const policy = await policyGet(ctx, ctx.app.store, groupName, name)
  if (
    policy.rule.type === 'StepScaling' &&
    (trigger.value === null || trigger.threshold === null)
  ) {
    throw invalid('MetricValue and BreachThreshold are required for policies of type StepScaling')
  }
  await policyRun(ctx.app, policy.id, { type: 'user', ...trigger })
}

export interface PolicyView {
  policy: ScalingPolicy
  alarms: readonly Alarm[]
}

/** With the alarms that call them, whoever made those. */
export async function policiesFind(
  ctx: Ctx,
  query: { groupName?: string | undefined; names: readonly string[]; types: readonly string[] },
): Promise<PolicyView[]> {
  const { store } = ctx.app
  const { groupName, names, types } = query
  const policies =
    groupName === undefined
      ? await store.list('scalingPolicy', scopeOf(ctx))
      : await store.list('scalingPolicy', {
          reference: { name: 'group', value: (await groupGet(ctx, groupName)).id },
        })
  const found = policies.filter(
    (policy) =>
      (names.length === 0 || names.includes(policy.name) || names.includes(policyArn(policy))) &&
      (types.length === 0 || types.includes(policy.rule.type)),
  )
  if (found.length === 0) return []
  const alarms = await store.list('alarm', scopeOf(ctx))
  return found.map((policy) => {
    const arn = policyArn(policy)
    const calling = alarms.filter(({ configuration: { alarmActions, okActions } }) =>
      [...alarmActions, ...okActions].includes(arn),
    )
    return { policy, alarms: calling }
  })
}
