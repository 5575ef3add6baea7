/**
 * What EC2 Auto Scaling keeps: groups and what they launch from, their instances and where those are in their lives,
 * activities, policies, scheduled actions, instance refreshes. An instance of a group is a record of its own beside the
 * EC2 instance, with the same id. Source: Amazon EC2 Auto Scaling user guide and API reference.
 */
import type { InstanceId, SubnetId } from '../ids.ts'
import type { LaunchTemplateData } from '../launch-template.ts'
import type { ResourceBase } from '../resource.ts'

export const LIFECYCLE_STATES = [
  'Pending',
  'Pending:Wait',
  'Pending:Proceed',
  'InService',
  'Terminating',
  'Terminating:Wait',
  'Terminating:Proceed',
  'Detaching',
  'EnteringStandby',
  'Standby',
  // Of an instance in a warm pool that is ready.
  'Stopped',
  'Running',
  'Hibernated',
] as const
export type LifecycleState = (typeof LIFECYCLE_STATES)[number]

export interface TemplateChoice {
  templateId: string
  templateName: string
  /** A number, `$Latest` or `$Default`; null: not said, which means `$Default`. */
  version: string | null
}

export interface LaunchOverride {
  instanceType: string
  /** How much of the capacity one of these is. */
  weight: number | null
  template: TemplateChoice | null
  imageId: string | null
}

/** What a group launches from. */
export type LaunchSource =
  | { type: 'configuration'; name: string }
  | { type: 'template'; template: TemplateChoice }
  | {
      type: 'mixed'
      template: TemplateChoice
      overrides: readonly LaunchOverride[]
      /** As it was given; every instance here is on demand. */
      distribution: Readonly<Record<string, unknown>>
    }

export type HookTransition = 'launching' | 'terminating'
export type HookResult = 'CONTINUE' | 'ABANDON'

export interface LifecycleHook {
  name: string
  transition: HookTransition
  heartbeatSeconds: number
  defaultResult: HookResult
  notificationArn: string | null
  roleArn: string | null
  metadata: string | null
}

export interface GroupTag {
  key: string
  value: string
  isPropagated: boolean
}

export interface Suspension {
  process: ScalingProcess
  reason: string
}

export const SCALING_PROCESSES = [
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'Launch',
  'ReplaceUnhealthy',
  'ScheduledActions',
  'Terminate',
] as const
export type ScalingProcess = (typeof SCALING_PROCESSES)[number]

export const TERMINATION_POLICIES = [
  'AllocationStrategy',
  'ClosestToNextInstanceHour',
  'Default',
  'NewestInstance',
  'OldestInstance',
  'OldestLaunchConfiguration',
  'OldestLaunchTemplate',
] as const
export type TerminationPolicy = (typeof TERMINATION_POLICIES)[number]

export const NOTIFICATION_TYPES = [
  'autoscaling:EC2_INSTANCE_LAUNCH',
  'autoscaling:EC2_INSTANCE_LAUNCH_ERROR',
  'autoscaling:EC2_INSTANCE_TERMINATE',
  'autoscaling:EC2_INSTANCE_TERMINATE_ERROR',
  'autoscaling:TEST_NOTIFICATION',
] as const
export type NotificationType = (typeof NOTIFICATION_TYPES)[number]

export interface MaintenancePolicy {
  minHealthyPercentage: number
  maxHealthyPercentage: number
}

export interface GroupSizes {
  min: number
  max: number
  desired: number
}

/** What a user sets of a group. */
export interface GroupConfiguration extends GroupSizes {
  launch: LaunchSource
  cooldownSeconds: number
  /** Those of the subnets, where there are some. */
  zones: readonly string[]
  subnetIds: readonly SubnetId[]
  hasElbHealthCheck: boolean
  graceSeconds: number
  placementGroup: string | null
  terminationPolicies: readonly TerminationPolicy[]
  areNewProtected: boolean
  isCapacityRebalanced: boolean
  roleArn: string
  /** Null: no bound. */
  maxLifetimeSeconds: number | null
  context: string | null
  warmupSeconds: number | null
  maintenance: MaintenancePolicy | null
  deletionProtection: 'none' | 'prevent-force-deletion' | 'prevent-all-deletion'
}

export const POOL_STATES = ['Stopped', 'Running', 'Hibernated'] as const
export type PoolState = (typeof POOL_STATES)[number]

/** Instances made ahead, beside the group's own. */
export interface WarmPool {
  state: PoolState
  minSize: number
  /** Null: the group's maximum. */
  maxPrepared: number | null
  /** What scale-in takes from the group goes back into it. */
  isReused: boolean
  /** Since the last launch into it that succeeded. */
  failures: { count: number; retryAt: number } | null
  isDeleting: boolean
}

export interface ScalingGroup extends ResourceBase<string> {
  name: string
  configuration: GroupConfiguration
  groupTags: readonly GroupTag[]
  hooks: readonly LifecycleHook[]
  suspended: readonly Suspension[]
  enabledMetrics: readonly string[]
  notifications: readonly { topicArn: string; types: readonly NotificationType[] }[]
  targetGroupArns: readonly string[]
  /** Why desired and actual capacity may differ, in the words of the next activity's cause; empty: no reason known. */
  cause: string
  /** When the last change of capacity was done: a cooldown counts from it. */
  scaledAt: number | null
  /** Since the last launch that succeeded. */
  failures: { count: number; retryAt: number } | null
  /** Being deleted: with all its instances, at once. */
  deletingSince: number | null
  warmPool?: WarmPool | null
}

export interface HookWait {
  hookName: string
  token: string
  startedAt: number
  /** When the default result counts. */
  until: number
  result: HookResult | null
}

/** Why an instance is to be replaced. */
export type ReplaceReason = 'unhealthy' | 'lifetime' | 'refresh' | 'rebalance'

/** Its id is the EC2 instance's. */
export interface ScalingInstance extends ResourceBase<InstanceId> {
  groupId: string
  groupName: string
  state: LifecycleState
  stateSince: number
  isHealthy: boolean
  isProtected: boolean
  /** What it was launched from; null: attached. */
  launch: InstanceLaunch | null
  instanceType: string
  imageId: string
  zone: string
  weight: number
  /** The activity under way for it. */
  activityId: string | null
  /** When it began to serve for the last time. */
  inServiceAt: number | null
  waits: readonly HookWait[]
  replace: { reason: ReplaceReason; cause: string } | null
  /** Of the target groups it is registered in. */
  targetGroupArns: readonly string[]
  /** It is in the group's warm pool: its state is that of `Warmed:<state>`. */
  isWarmed?: boolean
  /** It came from there. */
  isFromPool?: boolean
}

export type InstanceLaunch =
  | { type: 'configuration'; name: string }
  | { type: 'template'; templateId: string; templateName: string; version: string }

export interface LaunchConfiguration extends ResourceBase<string> {
  name: string
  /** Parameters of launches, as RunInstances has them. */
  data: LaunchTemplateData
  /** What is shown, as it was given. */
  given: Readonly<Record<string, unknown>>
}

export type ActivityStatus =
  | 'PreInService'
  | 'InProgress'
  | 'MidLifecycleAction'
  | 'WaitingForInstanceWarmup'
  | 'Successful'
  | 'Failed'
  | 'Cancelled'

export interface ScalingActivity extends ResourceBase<string> {
  groupId: string
  groupName: string
  description: string
  cause: string
  startedAt: number
  endedAt: number | null
  status: ActivityStatus
  message: string | null
  progress: number
  details: string
}

export type AdjustmentType = 'ChangeInCapacity' | 'ExactCapacity' | 'PercentChangeInCapacity'
export const ADJUSTMENT_TYPES = [
  'ChangeInCapacity',
  'ExactCapacity',
  'PercentChangeInCapacity',
] as const

export interface StepAdjustment {
  /** From the alarm's threshold; null: no bound. */
  lower: number | null
  upper: number | null
  adjustment: number
}

export const PREDEFINED_METRICS = [
  'ASGAverageCPUUtilization',
  'ASGAverageNetworkIn',
  'ASGAverageNetworkOut',
] as const
export type PredefinedMetric = (typeof PREDEFINED_METRICS)[number]

export type TrackedMetric =
  | { type: 'predefined'; metric: PredefinedMetric }
  | {
      type: 'customized'
      namespace: string
      metricName: string
      dimensions: Readonly<Record<string, string>>
      statistic: 'Average' | 'Minimum' | 'Maximum' | 'SampleCount' | 'Sum'
      unit: string | null
    }

export type PolicyRule =
  | {
      type: 'SimpleScaling'
      adjustmentType: AdjustmentType
      adjustment: number
      minMagnitude: number | null
      cooldownSeconds: number | null
    }
  | {
      type: 'StepScaling'
      adjustmentType: AdjustmentType
      steps: readonly StepAdjustment[]
      minMagnitude: number | null
      warmupSeconds: number | null
      aggregation: string
    }
  | {
      type: 'TargetTrackingScaling'
      metric: TrackedMetric
      target: number
      isScaleInDisabled: boolean
      warmupSeconds: number | null
    }

export interface ScalingPolicy extends ResourceBase<string> {
  groupId: string
  groupName: string
  name: string
  rule: PolicyRule
  isEnabled: boolean
  /** Of target tracking: the alarms that it made. */
  alarmNames: readonly string[]
}

export interface ScalingSchedule extends ResourceBase<string> {
  groupId: string
  groupName: string
  name: string
  startAt: number | null
  endAt: number | null
  recurrence: string | null
  timeZone: string | null
  sizes: Partial<GroupSizes>
  /** When it is carried out next; null: never again. */
  nextAt: number | null
}

export interface RefreshPreferences {
  minHealthyPercentage: number
  maxHealthyPercentage: number
  warmupSeconds: number
  checkpointPercentages: readonly number[]
  checkpointDelaySeconds: number
  isMatchingSkipped: boolean
  hasAutoRollback: boolean
  protectedInstances: 'Refresh' | 'Ignore' | 'Wait'
  standbyInstances: 'Terminate' | 'Ignore' | 'Wait'
  bakeSeconds: number
}

export type RefreshStatus =
  | 'Pending'
  | 'InProgress'
  | 'Baking'
  | 'Successful'
  | 'Failed'
  | 'Cancelling'
  | 'Cancelled'
  | 'RollbackInProgress'
  | 'RollbackSuccessful'
  | 'RollbackFailed'

export interface InstanceRefresh extends ResourceBase<string> {
  groupId: string
  groupName: string
  status: RefreshStatus
  reason: string | null
  endedAt: number | null
  preferences: RefreshPreferences
  /** Given with it: the group's when it is done; null: as the group says. */
  desired: LaunchSource | null
  /** Instances to replace, from its beginning (or from the rollback's). */
  targets: readonly InstanceId[]
  percentage: number
  /** Until when a checkpoint, or the baking, holds it. */
  heldUntil: number | null
  checkpointsPassed: number
  progressedAt: number
  rollback: { reason: string; startedAt: number } | null
}

export const REFRESH_OPEN: readonly RefreshStatus[] = [
  'Pending',
  'InProgress',
  'Baking',
  'Cancelling',
  'RollbackInProgress',
]

export interface ScalingResourceTypes {
  scalingGroup: ScalingGroup
  scalingInstance: ScalingInstance
  scalingActivity: ScalingActivity
  scalingPolicy: ScalingPolicy
  scalingSchedule: ScalingSchedule
  scalingRefresh: InstanceRefresh
  scalingLaunch: LaunchConfiguration
}

export type ScalingKind = keyof ScalingResourceTypes

export const isSuspended = ({ suspended }: ScalingGroup, process: ScalingProcess): boolean =>
  suspended.some((one) => one.process === process)
