/** Auto Scaling's records in its API's words. */
import type {
  Activity,
  AutoScalingGroup,
  AutoScalingInstanceDetails,
  Instance,
  LaunchConfiguration as LaunchConfigurationOutput,
  LifecycleHook as LifecycleHookOutput,
  TagDescription,
  WarmPoolConfiguration,
} from '@aws-sdk/client-auto-scaling'
import type { GroupWithInstances } from '../../app/autoscaling/groups.ts'
import { globalSecondsOf } from '../../app/autoscaling/hooks.ts'
import type { MemberView } from '../../app/autoscaling/members.ts'
import { isWarmed } from '../../domain/autoscaling/capacity.ts'
import { groupArn, launchConfigurationArn } from '../../domain/autoscaling/arn.ts'
import type {
  LaunchConfiguration,
  LaunchOverride,
  LaunchSource,
  LifecycleHook,
  ScalingActivity,
  ScalingInstance,
  TemplateChoice,
  WarmPool,
} from '../../domain/autoscaling/records.ts'
import { zoneIdOf } from '../../domain/zones.ts'

export function templatePresent({ templateId, templateName, version }: TemplateChoice) {
  return {
    LaunchTemplateId: templateId,
    LaunchTemplateName: templateName,
    ...(version !== null && { Version: version }),
  }
}

const overridePresent = (one: LaunchOverride) => ({
  InstanceType: one.instanceType,
  ...(one.weight !== null && { WeightedCapacity: String(one.weight) }),
  ...(one.template && { LaunchTemplateSpecification: templatePresent(one.template) }),
  ...(one.imageId !== null && { ImageId: one.imageId }),
})

export function sourcePresent(
  source: LaunchSource,
): Pick<AutoScalingGroup, 'LaunchConfigurationName' | 'LaunchTemplate' | 'MixedInstancesPolicy'> {
  if (source.type === 'configuration') return { LaunchConfigurationName: source.name }
  if (source.type === 'template') return { LaunchTemplate: templatePresent(source.template) }
  return {
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: templatePresent(source.template),
        Overrides: source.overrides.map(overridePresent),
      },
      InstancesDistribution: {
        OnDemandAllocationStrategy: 'prioritized',
        OnDemandBaseCapacity: 0,
        OnDemandPercentageAboveBaseCapacity: 100,
        SpotAllocationStrategy: 'lowest-price',
        SpotInstancePools: 2,
        ...source.distribution,
      },
    },
  }
}

function launchPresent({ launch }: ScalingInstance) {
  if (launch === null) return {}
  if (launch.type === 'configuration') return { LaunchConfigurationName: launch.name }
  const { templateId, templateName, version } = launch
  return {
    LaunchTemplate: {
      LaunchTemplateId: templateId,
      LaunchTemplateName: templateName,
      Version: version,
    },
  }
}

export function instancePresent(one: ScalingInstance, source: LaunchSource): Instance {
  return {
    InstanceId: one.id,
    InstanceType: one.instanceType,
    AvailabilityZone: one.zone,
    AvailabilityZoneId: zoneIdOf(one.zone),
    LifecycleState: (isWarmed(one)
      ? `Warmed:${one.state}`
      : one.state) as Instance['LifecycleState'],
    HealthStatus: one.isHealthy ? 'Healthy' : 'Unhealthy',
    ...launchPresent(one),
    ImageId: one.imageId,
    ProtectedFromScaleIn: one.isProtected,
    ...(source.type === 'mixed' && one.weight !== 1 && { WeightedCapacity: String(one.weight) }),
  }
}

export function memberPresent({ one, group }: MemberView): AutoScalingInstanceDetails {
  const { HealthStatus, LifecycleState, ...rest } = instancePresent(one, group.configuration.launch)
  return {
    ...rest,
    AutoScalingGroupName: group.name,
    LifecycleState: String(LifecycleState),
    // This operation has them in capitals.
    HealthStatus: HealthStatus!.toUpperCase(),
  }
}

export const tagPresent = (
  groupName: string,
  tag: { key: string; value: string; isPropagated: boolean },
): TagDescription => ({
  ResourceId: groupName,
  ResourceType: 'auto-scaling-group',
  Key: tag.key,
  Value: tag.value,
  PropagateAtLaunch: tag.isPropagated,
})

export function poolPresent(pool: WarmPool): WarmPoolConfiguration {
  return {
    ...(pool.maxPrepared !== null && { MaxGroupPreparedCapacity: pool.maxPrepared }),
    MinSize: pool.minSize,
    PoolState: pool.state,
    ...(pool.isDeleting && { Status: 'PendingDelete' as const }),
    ...(pool.isReused && { InstanceReusePolicy: { ReuseOnScaleIn: true } }),
  }
}

export function groupPresent(
  { group, instances, pooled }: GroupWithInstances,
  options: { hasInstances: boolean },
): AutoScalingGroup {
  const { configuration: c, name } = group
  return {
    AutoScalingGroupName: name,
    AutoScalingGroupARN: groupArn(group),
    ...sourcePresent(c.launch),
    MinSize: c.min,
    MaxSize: c.max,
    DesiredCapacity: c.desired,
    DefaultCooldown: c.cooldownSeconds,
    AvailabilityZones: [...c.zones],
    AvailabilityZoneIds: c.zones.map((zone) => zoneIdOf(zone)),
    LoadBalancerNames: [],
    TargetGroupARNs: [...group.targetGroupArns],
    HealthCheckType: c.hasElbHealthCheck ? 'ELB' : 'EC2',
    HealthCheckGracePeriod: c.graceSeconds,
    Instances: options.hasInstances ? instances.map((one) => instancePresent(one, c.launch)) : [],
    CreatedTime: new Date(group.createdAt),
    ...(group.warmPool && {
      WarmPoolConfiguration: poolPresent(group.warmPool),
      WarmPoolSize: pooled.length,
    }),
    SuspendedProcesses: group.suspended.map(({ process, reason }) => ({
      ProcessName: process,
      SuspensionReason: reason,
    })),
    ...(c.placementGroup !== null && { PlacementGroup: c.placementGroup }),
    VPCZoneIdentifier: c.subnetIds.join(','),
    EnabledMetrics: group.enabledMetrics.map((Metric) => ({ Metric, Granularity: '1Minute' })),
    ...(group.deletingSince !== null && { Status: 'Delete in progress' }),
    Tags: group.groupTags.map((tag) => tagPresent(name, tag)),
    TerminationPolicies: [...c.terminationPolicies],
    NewInstancesProtectedFromScaleIn: c.areNewProtected,
    ServiceLinkedRoleARN: c.roleArn,
    ...(c.maxLifetimeSeconds !== null && { MaxInstanceLifetime: c.maxLifetimeSeconds }),
    CapacityRebalance: c.isCapacityRebalanced,
    ...(c.context !== null && { Context: c.context }),
    ...(c.warmupSeconds !== null && { DefaultInstanceWarmup: c.warmupSeconds }),
    TrafficSources: group.targetGroupArns.map((Identifier) => ({ Identifier, Type: 'elbv2' })),
    ...(c.maintenance && {
      InstanceMaintenancePolicy: {
        MinHealthyPercentage: c.maintenance.minHealthyPercentage,
        MaxHealthyPercentage: c.maintenance.maxHealthyPercentage,
      },
    }),
    DeletionProtection: c.deletionProtection,
    AvailabilityZoneDistribution: { CapacityDistributionStrategy: 'balanced-best-effort' },
  }
}

export function activityPresent(activity: ScalingActivity): Activity {
  const { account, region, groupId: id, groupName: name } = activity
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: name,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startedAt),
    ...(activity.endedAt !== null && { EndTime: new Date(activity.endedAt) }),
    StatusCode: activity.status,
    ...(activity.message !== null && { StatusMessage: activity.message }),
    Progress: activity.progress,
    Details: activity.details,
    AutoScalingGroupARN: groupArn({ account, region, id, name }),
  }
}

export function hookPresent(hook: LifecycleHook, groupName: string): LifecycleHookOutput {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: groupName,
    LifecycleTransition: `autoscaling:EC2_INSTANCE_${hook.transition.toUpperCase()}`,
    ...(hook.notificationArn !== null && { NotificationTargetARN: hook.notificationArn }),
    ...(hook.roleArn !== null && { RoleARN: hook.roleArn }),
    ...(hook.metadata !== null && { NotificationMetadata: hook.metadata }),
    HeartbeatTimeout: hook.heartbeatSeconds,
    GlobalTimeout: globalSecondsOf(hook),
    DefaultResult: hook.defaultResult,
  }
}

export function configurationPresent(one: LaunchConfiguration): LaunchConfigurationOutput {
  const given = one.given as Partial<LaunchConfigurationOutput>
  return {
    KeyName: '',
    UserData: '',
    KernelId: '',
    RamdiskId: '',
    SecurityGroups: [],
    BlockDeviceMappings: [],
    ClassicLinkVPCSecurityGroups: [],
    InstanceMonitoring: { Enabled: true },
    EbsOptimized: false,
    ImageId: '',
    InstanceType: '',
    ...given,
    LaunchConfigurationName: one.name,
    LaunchConfigurationARN: launchConfigurationArn(one),
    CreatedTime: new Date(one.createdAt),
  }
}
