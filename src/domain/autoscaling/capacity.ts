/**
 * Capacity as Auto Scaling counts it, and what policies make of it. Pure. Source: user guide, "Step and simple scaling
 * policies" (adjustment types, rounding, warm-up) and "Target tracking scaling policies".
 */
import type {
  AdjustmentType,
  GroupSizes,
  LifecycleState,
  ScalingGroup,
  ScalingInstance,
  StepAdjustment,
} from './records.ts'

/** States that count towards the desired capacity. */
const COUNTED: ReadonlySet<LifecycleState> = new Set([
  'Pending',
  'Pending:Wait',
  'Pending:Proceed',
  'InService',
])

type Living = Pick<ScalingInstance, 'state' | 'isWarmed'>

/** In the warm pool, or on its way into it or out of this world from it. */
export const isWarmed = ({ isWarmed: is }: Pick<ScalingInstance, 'isWarmed'>): boolean =>
  is ?? false

export const isCounted = (one: Living): boolean => COUNTED.has(one.state) && !isWarmed(one)

export const isPending = (one: Living): boolean => one.state.startsWith('Pending') && !isWarmed(one)

export const isTerminating = ({ state }: Pick<ScalingInstance, 'state'>): boolean =>
  state.startsWith('Terminating')

/** How much of the group's capacity its warm pool is to have: "the difference between the two". */
export function poolSizeOf({ configuration, warmPool }: ScalingGroup): number {
  if (!warmPool || warmPool.isDeleting) return 0
  const prepared = warmPool.maxPrepared ?? configuration.max
  return Math.max(warmPool.minSize, prepared - configuration.desired, 0)
}

export function weightOf(instances: readonly ScalingInstance[]): number {
  return instances.reduce((sum, { weight }) => sum + weight, 0)
}

/** Whether its warm-up is over, so that its metrics say something of the group. */
export function isWarm(
  { state, inServiceAt }: Pick<ScalingInstance, 'state' | 'inServiceAt'>,
  warmupSeconds: number,
  now: number,
): boolean {
  return state === 'InService' && now >= (inServiceAt ?? now) + warmupSeconds * 1000
}

/** What `current` becomes by an adjustment, before the group's bounds. */
export function adjusted(
  current: number,
  type: AdjustmentType,
  adjustment: number,
  minMagnitude: number | null,
): number {
  if (type === 'ExactCapacity') return adjustment
  if (type === 'ChangeInCapacity') return current + adjustment
  const exact = (current * adjustment) / 100
  // "Values greater than 1 are rounded down, values between 0 and 1 to 1", and so below zero.
  const whole = Math.abs(exact) >= 1 ? Math.trunc(exact) : Math.sign(exact)
  const magnitude = Math.max(Math.abs(whole), exact === 0 ? 0 : (minMagnitude ?? 0))
  return current + Math.sign(exact) * magnitude
}

export function within({ min, max }: Pick<GroupSizes, 'min' | 'max'>, capacity: number): number {
  return Math.min(max, Math.max(min, capacity))
}

/** The step for a metric that is `difference` beyond its alarm's threshold; undefined: none. */
export function stepFor(
  steps: readonly StepAdjustment[],
  difference: number,
): StepAdjustment | undefined {
  return steps.find(({ lower, upper }) => {
    // Above the threshold a lower bound belongs to its step, below it an upper one does.
    if (difference >= 0) {
      return difference >= (lower ?? -Infinity) && difference < (upper ?? Infinity)
    }
    return difference > (lower ?? -Infinity) && difference <= (upper ?? Infinity)
  })
}

/** Why steps are none, or null: they must leave no gap and not overlap. */
export function stepsWrong(steps: readonly StepAdjustment[]): string | null {
  if (steps.length === 0) return 'At least one StepAdjustment must be specified'
  const sorted = steps.toSorted((a, b) => (a.lower ?? -Infinity) - (b.lower ?? -Infinity))
  for (const [n, { lower, upper }] of sorted.entries()) {
    if (lower === null && upper === null && steps.length > 1) {
      return 'StepAdjustment intervals can not overlap'
    }
    if (lower !== null && upper !== null && lower >= upper) {
      return 'MetricIntervalLowerBound must be less than the MetricIntervalUpperBound'
    }
    const next = sorted[n + 1]
    if (!next) continue
    if (upper === null || next.lower === null || next.lower < upper) {
      return 'StepAdjustment intervals can not overlap'
    }
    if (next.lower > upper) return 'StepAdjustment intervals can not have gaps between them'
  }
  return null
}

/** The capacity at which a metric that falls as capacity grows would be on its target. */
export function tracked(capacity: number, value: number, target: number): number {
  return Math.ceil(Number(((capacity * value) / target).toPrecision(12)))
}
