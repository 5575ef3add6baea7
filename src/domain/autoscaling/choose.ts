/**
 * Where the next instance goes and which one goes first. Pure. Source: user guide, "Work with Amazon EC2 Auto Scaling
 * termination policies": scale-in takes from the zone that has most, unless a policy of the group's says otherwise.
 */
import type { ScalingInstance, TerminationPolicy } from './records.ts'

const HOUR_MS = 3_600_000

export interface Spot {
  zone: string
  /** Null: the zone's default subnet. */
  subnetId: string | null
}

/** Spots in the order in which a launch tries them: the emptiest zone first, of a zone's subnets by turns. */
export function spotsInOrder(
  spots: readonly Spot[],
  instances: readonly { zone: string; subnetId: string | null }[],
): Spot[] {
  const inZone = (zone: string): number => instances.filter((one) => one.zone === zone).length
  const inSubnet = (spot: Spot): number =>
    instances.filter((one) => one.subnetId === spot.subnetId).length
  return spots.toSorted(
    (a, b) =>
      inZone(a.zone) - inZone(b.zone) ||
      (a.zone === b.zone ? inSubnet(a) - inSubnet(b) : a.zone < b.zone ? -1 : 1),
  )
}

export interface Candidate extends Pick<ScalingInstance, 'id' | 'zone' | 'launch' | 'createdAt'> {
  /** Of the group's launch template as it is now. */
  isCurrent: boolean
  templateVersion: number | null
  /** When its launch configuration was made. */
  configuredAt: number | null
}

/** The next one to go. */
export function victimOf(
  candidates: readonly Candidate[],
  policies: readonly TerminationPolicy[],
  now: number,
): Candidate | undefined {
  let left = inFullestZone(candidates)
  for (const policy of policies) {
    if (left.length <= 1) break
    left = kept(left, policy, now)
  }
  return left.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))[0]
}

function inFullestZone(candidates: readonly Candidate[]): Candidate[] {
  const byZone = Map.groupBy(candidates, ({ zone }) => zone)
  const most = Math.max(0, ...[...byZone.values()].map(({ length }) => length))
  return [...byZone.values()].filter(({ length }) => length === most).flat()
}

function kept(
  candidates: readonly Candidate[],
  policy: TerminationPolicy,
  now: number,
): Candidate[] {
  switch (policy) {
    case 'OldestInstance':
      return least(candidates, ({ createdAt }) => createdAt)
    case 'NewestInstance':
      return least(candidates, ({ createdAt }) => -createdAt)
    case 'OldestLaunchTemplate':
      return oldestTemplate(candidates)
    case 'OldestLaunchConfiguration':
      return oldestConfiguration(candidates)
    case 'ClosestToNextInstanceHour':
      return least(candidates, ({ createdAt }) => HOUR_MS - ((now - createdAt) % HOUR_MS))
    case 'AllocationStrategy':
      // All are on demand: none is further from the strategy than another.
      return [...candidates]
    case 'Default':
      return kept(oldestTemplate(oldestConfiguration(candidates)), 'ClosestToNextInstanceHour', now)
  }
}

function oldestConfiguration(candidates: readonly Candidate[]): Candidate[] {
  const from = candidates.filter(({ launch }) => launch?.type === 'configuration')
  return from.length === 0 ? [...candidates] : least(from, (one) => one.configuredAt ?? 0)
}

/** Those of another template than the group's first, then those of the oldest version. */
function oldestTemplate(candidates: readonly Candidate[]): Candidate[] {
  const from = candidates.filter(({ launch }) => launch?.type === 'template')
  if (from.length === 0) return [...candidates]
  const old = from.filter(({ isCurrent }) => !isCurrent)
  return least(old.length > 0 ? old : from, (one) => one.templateVersion ?? 0)
}

function least(items: readonly Candidate[], of: (item: Candidate) => number): Candidate[] {
  const lowest = Math.min(...items.map(of))
  return items.filter((item) => of(item) === lowest)
}

/** An instance too many in one zone while another has too few; null: balanced, as well as can be. */
export function unbalanced(
  zones: readonly string[],
  instances: readonly Pick<ScalingInstance, 'id' | 'zone' | 'createdAt'>[],
): string | null {
  const stray = instances.find(({ zone }) => !zones.includes(zone))
  if (stray) return stray.id
  const counts = zones.map((zone) => ({
    zone,
    of: instances.filter((one) => one.zone === zone),
  }))
  const most = counts.toSorted((a, b) => b.of.length - a.of.length)[0]
  const fewest = Math.min(...counts.map(({ of }) => of.length))
  if (!most || most.of.length - fewest < 2) return null
  return most.of.toSorted((a, b) => a.createdAt - b.createdAt)[0]!.id
}
