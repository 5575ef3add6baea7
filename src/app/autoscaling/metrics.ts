/**
 * Group metrics of AWS/AutoScaling, once a minute for groups whose collection is enabled: sizes, and how many instances
 * are in each part of their lives. Source: user guide, "CloudWatch metrics for Amazon EC2 Auto Scaling".
 */
import {
  isPending,
  isTerminating,
  isWarmed,
  poolSizeOf,
  weightOf,
} from '../../domain/autoscaling/capacity.ts'
import {
  POOL_STATES,
  type ScalingGroup,
  type ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import { summaryOf, type Sample } from '../../domain/metrics/metric.ts'
import type { App } from '../context.ts'

type Measure = (group: ScalingGroup, instances: readonly ScalingInstance[]) => number

const count =
  (holds: (one: ScalingInstance) => boolean): Measure =>
  (_group, instances) =>
    own(instances).filter(holds).length

const capacity =
  (holds: (one: ScalingInstance) => boolean): Measure =>
  (_group, instances) =>
    weightOf(own(instances).filter(holds))

const own = (instances: readonly ScalingInstance[]): readonly ScalingInstance[] =>
  instances.filter((one) => !isWarmed(one))

/** Of what is in the warm pool. */
const pooled =
  (holds: (one: ScalingInstance) => boolean): Measure =>
  (_group, instances) =>
    weightOf(instances.filter((one) => isWarmed(one) && holds(one)))

const isReady = ({ state }: ScalingInstance): boolean =>
  (POOL_STATES as readonly string[]).includes(state)

const isServing = ({ state }: ScalingInstance): boolean => state === 'InService'
const isAside = ({ state }: ScalingInstance): boolean => state === 'Standby'

const MEASURES: Readonly<Record<string, Measure>> = {
  GroupMinSize: ({ configuration }) => configuration.min,
  GroupMaxSize: ({ configuration }) => configuration.max,
  GroupDesiredCapacity: ({ configuration }) => configuration.desired,
  GroupInServiceInstances: count(isServing),
  GroupPendingInstances: count(isPending),
  GroupStandbyInstances: count(isAside),
  GroupTerminatingInstances: count(isTerminating),
  GroupTotalInstances: count(() => true),
  GroupInServiceCapacity: capacity(isServing),
  GroupPendingCapacity: capacity(isPending),
  GroupStandbyCapacity: capacity(isAside),
  GroupTerminatingCapacity: capacity(isTerminating),
  GroupTotalCapacity: capacity(() => true),
  WarmPoolMinSize: ({ warmPool }) => warmPool?.minSize ?? 0,
  WarmPoolDesiredCapacity: poolSizeOf,
  WarmPoolPendingCapacity: pooled(({ state }) => state.startsWith('Pending')),
  WarmPoolTerminatingCapacity: pooled(isTerminating),
  WarmPoolWarmedCapacity: pooled(isReady),
  WarmPoolTotalCapacity: pooled(() => true),
  GroupAndWarmPoolDesiredCapacity: (group) => group.configuration.desired + poolSizeOf(group),
  GroupAndWarmPoolTotalCapacity: (_group, instances) => weightOf(instances),
}

export const GROUP_METRICS: readonly string[] = Object.keys(MEASURES)

export async function scalingSamples(app: App, now: number): Promise<Sample[]> {
  const groups = await app.store.list('scalingGroup', {})
  const measured = groups.filter(({ enabledMetrics }) => enabledMetrics.length > 0)
  if (measured.length === 0) return []
  const instances = Map.groupBy(
    await app.store.list('scalingInstance', {}),
    ({ groupId }) => groupId,
  )
  return measured.flatMap((group) => {
    const { account, region, name: groupName } = group
    const dimensions = { AutoScalingGroupName: groupName }
    return group.enabledMetrics.flatMap((name): Sample[] => {
      const value = MEASURES[name]?.(group, instances.get(group.id) ?? [])
      if (value === undefined) return []
      const series = { account, region, namespace: 'AWS/AutoScaling', name, dimensions }
      // The minute that has just ended.
      return [{ series, unit: 'None', at: now - 60_000, resolution: 60, ...summaryOf(value) }]
    })
  })
}
