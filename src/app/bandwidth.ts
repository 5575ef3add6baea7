/**
 * What machines may move by network and EBS, by their types, and what they have left of their network's burst. Kept in
 * memory: after a restart of the daemon every machine has its burst again. EBS's burst is counted by the hypervisor.
 */
import {
  ebsLimitsOf,
  networkCreditsAfter,
  networkCreditsMax,
  networkRateNow,
  networkRatesOf,
  type NetworkRates,
} from '../domain/bandwidth.ts'
import type { MachineUse, NetworkAllocation } from '../domain/allocation.ts'
import type { Instance } from '../domain/instance.ts'
import type { DiskLimits } from '../domain/machine.ts'
import type { InstanceTypeCatalogue } from './instance-types.ts'
import type { SettingsOfCloud } from './settings.ts'

export interface Bandwidth {
  /** Megabits a second that its network lets through now; null: no limit. */
  rateOf(instance: Instance): number | null
  networkOf(instance: Instance): NetworkAllocation | null
  ebsOf(instance: Instance): DiskLimits | null
  /** Accounts what it moved on average. Answers whether what it may move has changed. */
  spend(instance: Instance, seconds: number, use: MachineUse): boolean
  /** What it used when it was last accounted. */
  useOf(instanceId: string): MachineUse | null
  /** Machines that are gone have nothing left. */
  forget(isLive: (instanceId: string) => boolean): void
}

export function createBandwidth(
  settings: Pick<SettingsOfCloud, 'hasBandwidthLimits'>,
  types: InstanceTypeCatalogue,
): Bandwidth {
  /** By instance, for the type that it had then. */
  const known = new Map<string, { type: string; credits: number }>()
  const uses = new Map<string, MachineUse>()

  const ratesOf = ({ spec }: Instance): NetworkRates | null => {
    const type = settings.hasBandwidthLimits ? types.get(spec.instanceType) : undefined
    return type ? networkRatesOf(type) : null
  }
  const creditsOf = ({ id, spec }: Instance, rates: NetworkRates): number => {
    const found = known.get(id)
    return found?.type === spec.instanceType ? found.credits : networkCreditsMax(rates)
  }
  const rateOf: Bandwidth['rateOf'] = (instance) => {
    const rates = ratesOf(instance)
    return rates && networkRateNow(creditsOf(instance, rates), rates)
  }

  return {
    rateOf,
    networkOf: (instance) => {
      const rates = ratesOf(instance)
      if (!rates) return null
      const most = networkCreditsMax(rates)
      const share = most > 0 ? Math.max(0, creditsOf(instance, rates) / most) : null
      return { ...rates, nowMbps: rateOf(instance)!, creditsShare: share }
    },
    ebsOf: ({ spec }) => {
      const type = settings.hasBandwidthLimits ? types.get(spec.instanceType) : undefined
      return type ? ebsLimitsOf(type) : null
    },
    useOf: (instanceId) => uses.get(instanceId) ?? null,
    spend: (instance, seconds, use) => {
      uses.set(instance.id, use)
      const rates = ratesOf(instance)
      if (!rates) return false
      const before = rateOf(instance)
      const bytes = (Math.max(use.networkInMbps, use.networkOutMbps) * 1e6 * seconds) / 8
      const credits = networkCreditsAfter(creditsOf(instance, rates), rates, { seconds, bytes })
      known.set(instance.id, { type: instance.spec.instanceType, credits })
      return rateOf(instance) !== before
    },
    forget: (isLive) => {
      for (const id of known.keys()) if (!isLive(id)) known.delete(id)
      for (const id of uses.keys()) if (!isLive(id)) uses.delete(id)
    },
  }
}
