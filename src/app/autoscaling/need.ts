/** What a group lacks and has too much of. Pure, over a view. */
import {
  isCounted,
  isTerminating,
  isWarm,
  isWarmed,
  poolSizeOf,
  weightOf,
} from '../../domain/autoscaling/capacity.ts'
import {
  isSuspended,
  type MaintenancePolicy,
  type ReplaceReason,
  type ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import type { GroupView } from './view.ts'

/** Unless the group has a policy: AWS's own ways for each reason. */
const POLICY_DEFAULT: Readonly<Record<ReplaceReason, MaintenancePolicy>> = {
  unhealthy: { minHealthyPercentage: 90, maxHealthyPercentage: 100 },
  lifetime: { minHealthyPercentage: 90, maxHealthyPercentage: 100 },
  refresh: { minHealthyPercentage: 90, maxHealthyPercentage: 100 },
  // "It launches new instances before terminating the old ones": at most a tenth beyond the desired capacity.
  rebalance: { minHealthyPercentage: 100, maxHealthyPercentage: 110 },
}

export function policyFor(view: GroupView, reason: ReplaceReason): MaintenancePolicy {
  if (reason === 'refresh' && view.refresh) return view.refresh.preferences
  if (reason === 'rebalance') return POLICY_DEFAULT.rebalance
  return view.group.configuration.maintenance ?? POLICY_DEFAULT[reason]
}

/** Whether the new instance comes before the old one goes. */
export function isLaunchFirst({ minHealthyPercentage, maxHealthyPercentage }: MaintenancePolicy) {
  return minHealthyPercentage >= 100 && maxHealthyPercentage > 100
}

export interface Need {
  counted: readonly ScalingInstance[]
  capacity: number
  /** Beyond the desired capacity, while instances are replaced by new ones first. */
  surge: number
  /** Capacity to launch; below 0: to end. */
  missing: number
}

export function needOf(view: GroupView): Need {
  const { group, instances } = view
  const { desired } = group.configuration
  const counted = instances.filter(isCounted)
  const capacity = weightOf(counted)
  let surge = 0
  for (const reason of ['unhealthy', 'lifetime', 'refresh', 'rebalance'] as const) {
    if (isHeld(view, reason)) continue
    const policy = policyFor(view, reason)
    if (!isLaunchFirst(policy)) continue
    const marked = weightOf(counted.filter(({ replace }) => replace?.reason === reason))
    const allowed = Math.max(1, Math.floor((desired * (policy.maxHealthyPercentage - 100)) / 100))
    surge = Math.max(surge, Math.min(marked, allowed))
  }
  return { counted, capacity, surge, missing: desired + surge - capacity }
}

export const isInPool = (one: ScalingInstance): boolean => isWarmed(one) && !isTerminating(one)

/** The same of its warm pool, which has what it has beside the group. */
export function poolNeedOf({ group, instances }: GroupView): Omit<Need, 'surge'> {
  const counted = instances.filter(isInPool)
  const capacity = weightOf(counted)
  return { counted, capacity, missing: poolSizeOf(group) - capacity }
}

export const isHeld = ({ group, refresh, now }: GroupView, reason: ReplaceReason): boolean => {
  if (reason === 'unhealthy') return isSuspended(group, 'ReplaceUnhealthy')
  if (reason === 'rebalance') return isSuspended(group, 'AZRebalance')
  if (reason !== 'refresh') return false
  return isSuspended(group, 'InstanceRefresh') || now < (refresh?.heldUntil ?? 0)
}

/** The marked instance that may go now, if one may. */
export function replaceable(view: GroupView): ScalingInstance | undefined {
  const { counted } = needOf(view)
  const { desired } = view.group.configuration
  const marked = counted
    .filter(({ replace }) => replace !== null && !isHeld(view, replace.reason))
    .toSorted((a, b) => rank(a) - rank(b) || a.createdAt - b.createdAt)
  return marked.find((one) => {
    const reason = one.replace!.reason
    const policy = policyFor(view, reason)
    const serving = weightOf(counted.filter((other) => serves(view, other, reason)))
    const own = serves(view, one, reason) ? one.weight : 0
    if (isLaunchFirst(policy)) {
      // A dead one beside enough that live; a live one only when another stands in for it.
      return serving - own >= desired
    }
    if (reason === 'unhealthy') return true
    const down = Math.max(1, Math.floor((desired * (100 - policy.minHealthyPercentage)) / 100))
    return serving - own >= desired - down
  })
}

const rank = ({ replace }: ScalingInstance): number =>
  ['unhealthy', 'lifetime', 'refresh', 'rebalance'].indexOf(replace!.reason)

function serves(view: GroupView, one: ScalingInstance, reason: ReplaceReason): boolean {
  if (!one.isHealthy || one.state !== 'InService') return false
  if (reason !== 'refresh' || one.replace !== null) return true
  return isWarm(one, view.refresh?.preferences.warmupSeconds ?? 0, view.now)
}
