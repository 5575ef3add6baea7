/**
 * CPU credits of burstable types as AWS accounts them: one credit is one vCPU at full load for one minute. The table is
 * that of the EC2 User Guide, "CPU credits and baseline utilization for burstable performance instances". Pure.
 */

export interface CreditRules {
  earnedPerHour: number
  /** What can be saved: 24 hours of earning (t2.nano to t2.medium and all others alike). */
  balanceMax: number
  /** Of each vCPU, sustained at no cost of credits: 0.1 is a tenth. */
  baseline: number
  vcpus: number
  /** T2 only: given at launch, spent first, not part of the cap. */
  launchCredits: number
  /** What the type starts with when nobody says otherwise. */
  defaultMode: 'standard' | 'unlimited'
}

const EARNED: Readonly<Record<string, readonly [perHour: number, vcpus: number]>> = {
  't2.nano': [3, 1],
  't2.micro': [6, 1],
  't2.small': [12, 1],
  't2.medium': [24, 2],
  't2.large': [36, 2],
  't2.xlarge': [54, 4],
  't2.2xlarge': [81.6, 8],
  nano: [6, 2],
  micro: [12, 2],
  small: [24, 2],
  medium: [24, 2],
  large: [36, 2],
  xlarge: [96, 4],
  '2xlarge': [192, 8],
}

const SERIES = new Set(['t2', 't3', 't3a', 't4g'])

/** Null: the type has no credits (t1.micro bursts by other rules, which nobody publishes). */
export function creditRulesOf(typeName: string): CreditRules | null {
  const [series = '', size = ''] = typeName.split('.')
  if (!SERIES.has(series)) return null
  const row = EARNED[series === 't2' ? typeName : size]
  if (!row) return null
  const [earnedPerHour, vcpus] = row
  return {
    earnedPerHour,
    balanceMax: earnedPerHour * 24,
    baseline: earnedPerHour / 60 / vcpus,
    vcpus,
    launchCredits: series === 't2' ? 30 * vcpus : 0,
    defaultMode: series === 't2' ? 'standard' : 'unlimited',
  }
}
