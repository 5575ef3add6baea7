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

export interface CreditBalance {
  /** Earned and not spent. */
  balance: number
  /** T2's gift at launch, spent first. */
  launch: number
  /** Spent beyond what there was, in unlimited mode; paid back by earning. */
  surplus: number
}

export interface CreditStep extends CreditBalance {
  used: number
  /** Of the surplus, what could not be paid back from a day's earning and would be billed. */
  charged: number
}

export function creditsAtLaunch(rules: CreditRules): CreditBalance {
  return { balance: 0, launch: rules.launchCredits, surplus: 0 }
}

/** What a time of work does to the balance. `cpuSeconds` is of all vCPUs together. */
export function creditsAfter(
  before: CreditBalance,
  rules: CreditRules,
  spent: { seconds: number; cpuSeconds: number; isUnlimited: boolean },
): CreditStep {
  const used = spent.cpuSeconds / 60
  let earned = (rules.earnedPerHour * spent.seconds) / 3600
  let { balance, launch, surplus } = before
  const paidBack = Math.min(surplus, earned)
  surplus -= paidBack
  earned -= paidBack
  balance += earned
  const gift = Math.min(launch, used)
  launch -= gift
  const own = Math.min(balance, used - gift)
  balance = Math.min(balance - own, rules.balanceMax)
  const beyond = used - gift - own
  if (!spent.isUnlimited || beyond <= 0) return { balance, launch, surplus, used, charged: 0 }
  surplus += beyond
  const charged = Math.max(0, surplus - rules.balanceMax)
  return { balance, launch, surplus: surplus - charged, used, charged }
}

/** Below this it is out of credits: it would be spent within seconds. */
const EMPTY_CREDITS = 0.05

/**
 * What CPU it may have in standard mode, in hundredths of a core; null: all of its own. AWS lowers it bit by bit as the
 * balance runs out; this does so at its end.
 */
export function creditCapPercent(balance: CreditBalance, rules: CreditRules): number | null {
  if (balance.balance + balance.launch > EMPTY_CREDITS) return null
  return rules.baseline * rules.vcpus * 100
}
