/** Parameters of CreateAutoScalingGroup and its like in our terms; what is not here is refused. */
import type {
  CreateAutoScalingGroupType,
  InstanceMaintenancePolicy,
  LaunchTemplateSpecification,
  LifecycleHookSpecification,
  MixedInstancesPolicy,
  Tag,
  UpdateAutoScalingGroupType,
} from '@aws-sdk/client-auto-scaling'
import type { Ctx } from '../../app/context.ts'
import { invalid } from '../../app/autoscaling/faults.ts'
import { templateChosen } from '../../app/autoscaling/group-check.ts'
import { groupTagsChecked } from '../../app/autoscaling/group-tags.ts'
import { HOOK_DEFAULT } from '../../app/autoscaling/hooks.ts'
import { configurationFind } from '../../app/autoscaling/launch.ts'
import { linkedRoleArn } from '../../app/autoscaling/scope.ts'
import {
  TERMINATION_POLICIES,
  type GroupConfiguration,
  type GroupTag,
  type LaunchOverride,
  type LaunchSource,
  type LifecycleHook,
  type MaintenancePolicy,
  type TerminationPolicy,
} from '../../domain/autoscaling/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'

type Given = CreateAutoScalingGroupType | UpdateAutoScalingGroupType
const LIFETIME_SECONDS = { min: 86_400, max: 31_536_000 }
const GRACE_DEFAULT = 0
const COOLDOWN_DEFAULT = 300

/** Only what is said. */
export async function configurationOf(
  ctx: Ctx,
  input: Given,
): Promise<Partial<GroupConfiguration>> {
  refuse(input)
  const launch = await sourceOf(ctx, input)
  const { VPCZoneIdentifier: places, AvailabilityZones: zones } = input
  const said = {
    ...(launch && { launch }),
    min: input.MinSize,
    max: input.MaxSize,
    desired: input.DesiredCapacity,
    cooldownSeconds: seconds('DefaultCooldown', input.DefaultCooldown),
    graceSeconds: seconds('HealthCheckGracePeriod', input.HealthCheckGracePeriod),
    zones: zones?.length ? zones : undefined,
    subnetIds: places === undefined ? undefined : subnetsOf(places),
    hasElbHealthCheck: healthCheckOf(input.HealthCheckType),
    placementGroup: input.PlacementGroup === '' ? null : input.PlacementGroup,
    terminationPolicies: policiesOf(input.TerminationPolicies),
    areNewProtected: input.NewInstancesProtectedFromScaleIn,
    isCapacityRebalanced: input.CapacityRebalance,
    roleArn: input.ServiceLinkedRoleARN,
    maxLifetimeSeconds: lifetimeOf(input.MaxInstanceLifetime),
    context: input.Context,
    warmupSeconds: warmupOf(input.DefaultInstanceWarmup),
    maintenance: maintenanceOf(input.InstanceMaintenancePolicy),
    deletionProtection: input.DeletionProtection,
  }
  // Zones without subnets: those of the default VPC from now on.
  if (said.zones && said.subnetIds === undefined) said.subnetIds = []
  return said as Partial<GroupConfiguration>
}

export function configurationWhole(
  ctx: Ctx,
  said: Partial<GroupConfiguration>,
): GroupConfiguration {
  if (!said.launch) {
    throw invalid(
      'Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or ' +
        'MixedInstancesPolicy parameter.',
    )
  }
  const kept = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const { min = 0, max = 0 } = said
  return {
    cooldownSeconds: COOLDOWN_DEFAULT,
    graceSeconds: GRACE_DEFAULT,
    zones: [],
    subnetIds: [],
    hasElbHealthCheck: false,
    placementGroup: null,
    terminationPolicies: ['Default'],
    areNewProtected: false,
    isCapacityRebalanced: false,
    roleArn: linkedRoleArn(ctx.account),
    maxLifetimeSeconds: null,
    context: null,
    warmupSeconds: null,
    maintenance: null,
    deletionProtection: 'none',
    launch: said.launch,
    min,
    max,
    desired: min,
    ...kept,
  }
}

function refuse(input: Given): void {
  const unserved: [unknown, string][] = [
    ['InstanceId' in input ? input.InstanceId : undefined, 'a group made from an instance'],
    [
      (input as CreateAutoScalingGroupType).LoadBalancerNames?.length || undefined,
      'Classic Load Balancers',
    ],
    [input.CapacityReservationSpecification?.CapacityReservationTarget, 'Capacity Reservations'],
    [input.AvailabilityZoneIds?.length || undefined, 'AvailabilityZoneIds; name the zones'],
    [input.InstanceLifecyclePolicy?.RetentionTriggers, 'InstanceLifecyclePolicy'],
    [input.AvailabilityZoneImpairmentPolicy?.ZonalShiftEnabled || undefined, 'zonal shift'],
  ]
  for (const [value, feature] of unserved) {
    if (value !== undefined) throw new FaultError({ type: 'Unsupported', feature })
  }
  const type = input.DesiredCapacityType
  if (type && type !== 'units')
    throw new FaultError({ type: 'Unsupported', feature: `DesiredCapacityType ${type}` })
  const preference = input.CapacityReservationSpecification?.CapacityReservationPreference
  if (preference && preference !== 'none' && preference !== 'default') {
    throw new FaultError({
      type: 'Unsupported',
      feature: `the preference ${preference} for Capacity Reservations`,
    })
  }
  const strategy = input.AvailabilityZoneDistribution?.CapacityDistributionStrategy
  if (strategy === 'balanced-only') {
    throw new FaultError({
      type: 'Unsupported',
      feature: 'the distribution strategy balanced-only',
    })
  }
}

function seconds(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && (value < 0 || value > 2 ** 31))
    throw invalid(`${name} must not be below 0`)
  return value
}

/** As many as the gate looks at (authorisation.ts). */
const SUBNETS_MAX = 20

function subnetsOf(text: string) {
  const named = text.split(',').map((one) => one.trim())
  if (named.length > SUBNETS_MAX) throw invalid(`At most ${SUBNETS_MAX} subnets`)
  return [...new Set(named)].filter((one) => one !== '').map((one) => parseId('subnet', one))
}

/** EC2 is always checked. */
function healthCheckOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined
  const types = text.split(',').map((one) => one.trim())
  const unknown = types.find((one) => one !== 'EC2' && one !== 'ELB')
  if (unknown === 'EBS' || unknown === 'VPC_LATTICE') {
    throw new FaultError({ type: 'Unsupported', feature: `health checks of the type ${unknown}` })
  }
  if (unknown !== undefined) throw invalid(`Invalid health check type: ${unknown}`)
  return types.includes('ELB')
}

function policiesOf(names: readonly string[] | undefined): TerminationPolicy[] | undefined {
  if (!names) return undefined
  if (names.length === 0) return ['Default']
  return names.map((name) => {
    if (name.startsWith('arn:aws:lambda:')) {
      throw new FaultError({
        type: 'Unsupported',
        feature: 'termination policies of one’s own (Lambda)',
      })
    }
    if ((TERMINATION_POLICIES as readonly string[]).includes(name)) return name as TerminationPolicy
    throw invalid(`Invalid termination policy: ${name}`)
  })
}

function lifetimeOf(value: number | undefined): number | null | undefined {
  if (value === undefined) return undefined
  if (value === 0) return null
  const { min, max } = LIFETIME_SECONDS
  if (value < min || value > max) {
    throw invalid(`MaxInstanceLifetime must be 0 or between ${min} and ${max} seconds`)
  }
  return value
}

const warmupOf = (value: number | undefined): number | null | undefined =>
  value === -1 ? null : seconds('DefaultInstanceWarmup', value)

function maintenanceOf(
  policy: InstanceMaintenancePolicy | undefined,
): MaintenancePolicy | null | undefined {
  if (!policy) return undefined
  const { MinHealthyPercentage: min, MaxHealthyPercentage: max } = policy
  if (min === -1 && max === -1) return null
  if (min === undefined || max === undefined || min < 0 || max < 100) {
    throw invalid('Both MinHealthyPercentage and MaxHealthyPercentage must be specified')
  }
  if (max - min > 100) {
    throw invalid(
      'The difference between MaxHealthyPercentage and MinHealthyPercentage is at most 100',
    )
  }
  return { minHealthyPercentage: min, maxHealthyPercentage: max }
}

interface SourceInput {
  LaunchConfigurationName?: string | undefined
  LaunchTemplate?: LaunchTemplateSpecification | undefined
  MixedInstancesPolicy?: MixedInstancesPolicy | undefined
}

export async function sourceOf(ctx: Ctx, input: SourceInput): Promise<LaunchSource | undefined> {
  const { LaunchConfigurationName: name, LaunchTemplate, MixedInstancesPolicy } = input
  if ([name, LaunchTemplate, MixedInstancesPolicy].filter((one) => one !== undefined).length > 1) {
    throw invalid(
      'Valid requests must contain either LaunchTemplate, LaunchConfigurationName or ' +
        'MixedInstancesPolicy parameter, one of them.',
    )
  }
  if (name !== undefined) {
    await configurationFind(ctx, ctx.app.store, name)
    return { type: 'configuration', name }
  }
  if (LaunchTemplate) return { type: 'template', template: await templateOf(ctx, LaunchTemplate) }
  return MixedInstancesPolicy ? mixedOf(ctx, MixedInstancesPolicy) : undefined
}

const templateOf = (ctx: Ctx, one: LaunchTemplateSpecification) =>
  templateChosen(ctx, {
    id: one.LaunchTemplateId ?? null,
    name: one.LaunchTemplateName ?? null,
    version: one.Version ?? null,
  })

async function mixedOf(ctx: Ctx, policy: MixedInstancesPolicy): Promise<LaunchSource> {
  const { LaunchTemplate, InstancesDistribution: distribution = {} } = policy
  const specification = LaunchTemplate?.LaunchTemplateSpecification
  if (!specification)
    throw invalid('A MixedInstancesPolicy must have a LaunchTemplateSpecification')
  const share = distribution.OnDemandPercentageAboveBaseCapacity
  if (share !== undefined && share < 100) {
    throw new FaultError({
      type: 'Unsupported',
      feature: 'Spot Instances in a MixedInstancesPolicy',
      hint: 'leave OnDemandPercentageAboveBaseCapacity at 100',
    })
  }
  const given = LaunchTemplate?.Overrides ?? []
  if (given.length > OVERRIDES_MAX) throw invalid(`At most ${OVERRIDES_MAX} overrides`)
  const overrides: LaunchOverride[] = []
  for (const one of given) {
    if (one.InstanceRequirements) {
      throw new FaultError({ type: 'Unsupported', feature: 'InstanceRequirements in overrides' })
    }
    if (!one.InstanceType) throw invalid('An override must have an InstanceType')
    const weight = one.WeightedCapacity === undefined ? null : Number(one.WeightedCapacity)
    if (weight !== null && !(Number.isInteger(weight) && weight >= 1 && weight <= 999)) {
      throw invalid('WeightedCapacity must be a number from 1 to 999')
    }
    overrides.push({
      instanceType: one.InstanceType,
      weight,
      template: one.LaunchTemplateSpecification
        ? await templateOf(ctx, one.LaunchTemplateSpecification)
        : null,
      imageId: one.ImageId ?? null,
    })
  }
  const weighted = overrides.filter(({ weight }) => weight !== null).length
  if (weighted !== 0 && weighted !== overrides.length) {
    throw invalid('Either all overrides have a WeightedCapacity or none has')
  }
  const template = await templateOf(ctx, specification)
  return { type: 'mixed', template, overrides, distribution: { ...distribution } }
}

const OVERRIDES_MAX = 40

export function groupTagsOf(tags: readonly Tag[] | undefined): readonly GroupTag[] {
  const own = (tags ?? []).map(({ Key, Value, PropagateAtLaunch }) => ({
    key: Key!,
    value: Value ?? '',
    isPropagated: PropagateAtLaunch ?? false,
  }))
  return groupTagsChecked(own)
}

/** The name of the group of a tag. */
export function taggedGroupOf({ ResourceId, ResourceType }: Tag): string {
  if (ResourceType !== undefined && ResourceType !== 'auto-scaling-group') {
    throw invalid(`The resource type ${ResourceType} is not valid; it is auto-scaling-group`)
  }
  if (!ResourceId) throw invalid('A tag must have a ResourceId')
  return ResourceId
}

export function hookOf(one: LifecycleHookSpecification): LifecycleHook {
  return {
    ...HOOK_DEFAULT,
    name: one.LifecycleHookName!,
    transition: transitionOf(one.LifecycleTransition!),
    ...(one.HeartbeatTimeout !== undefined && { heartbeatSeconds: one.HeartbeatTimeout }),
    ...(one.DefaultResult !== undefined && { defaultResult: resultOf(one.DefaultResult) }),
    notificationArn: one.NotificationTargetARN || null,
    roleArn: one.RoleARN ?? null,
    metadata: one.NotificationMetadata ?? null,
  }
}

export function transitionOf(text: string): LifecycleHook['transition'] {
  if (text === 'autoscaling:EC2_INSTANCE_LAUNCHING') return 'launching'
  if (text === 'autoscaling:EC2_INSTANCE_TERMINATING') return 'terminating'
  throw invalid(`Invalid lifecycle transition: ${text}`)
}

export function resultOf(text: string): 'CONTINUE' | 'ABANDON' {
  if (text === 'CONTINUE' || text === 'ABANDON') return text
  throw invalid(`Lifecycle action result must be CONTINUE or ABANDON, not ${text}`)
}
