/**
 * What an instance type promises of network and EBS bandwidth: a baseline for good, and for most types a burst above it
 * for a while. Pure. Sources: EC2 user guide, "Amazon EC2 instance network bandwidth" (bursts "typically from 5 to 60
 * minutes", paid for with what was not used before) and "Amazon EBS-optimized instance types" (the maximum "for 30
 * minutes at least once every 24 hours, after which they revert to their baseline").
 */
import type { InstanceType } from './instance-type.ts'
import type { DiskLimits } from './machine.ts'

const MEGA = 1_000_000
const MIB = 1024 ** 2
const EBS_BURST_SECONDS = 1_800
/** The least of what AWS calls typical. */
const NETWORK_BURST_SECONDS = 300

type EbsFacts = Pick<
  InstanceType,
  'ebsBaselineIops' | 'ebsBaselineMBps' | 'ebsPeakIops' | 'ebsPeakMBps'
>

/** Of all disks of a machine together; null: its type says nothing of it. */
export function ebsLimitsOf(type: EbsFacts): DiskLimits | null {
  const { ebsBaselineIops: iops, ebsBaselineMBps: throughput } = type
  if (iops === null || throughput === null) return null
  const mib = (megabytes: number): number => (megabytes * MEGA) / MIB
  const iopsPeak = type.ebsPeakIops ?? iops
  const throughputPeak = type.ebsPeakMBps ?? throughput
  return {
    iopsMax: iops,
    throughputMaxMiBps: mib(throughput),
    iopsBurst: iopsPeak > iops ? { perSecond: iopsPeak, seconds: EBS_BURST_SECONDS } : null,
    throughputBurst:
      throughputPeak > throughput
        ? { mibPerSecond: mib(throughputPeak), seconds: EBS_BURST_SECONDS }
        : null,
  }
}

/** Megabits a second, each way. */
export interface NetworkRates {
  baselineMbps: number
  peakMbps: number
}

export function networkRatesOf(
  type: Pick<InstanceType, 'networkBaselineGbps' | 'networkPeakGbps'>,
): NetworkRates | null {
  if (type.networkBaselineGbps === null) return null
  const baselineMbps = Math.round(type.networkBaselineGbps * 1000)
  return {
    baselineMbps,
    peakMbps: Math.max(baselineMbps, Math.round((type.networkPeakGbps ?? 0) * 1000)),
  }
}

/** Megabits that may still be moved above the baseline; negative: a minute moved more than there was. */
export function networkCreditsMax({ baselineMbps, peakMbps }: NetworkRates): number {
  return (peakMbps - baselineMbps) * NETWORK_BURST_SECONDS
}

/** After a time in which so many bytes went the busier way. */
export function networkCreditsAfter(
  credits: number,
  rates: NetworkRates,
  { seconds, bytes }: { seconds: number; bytes: number },
): number {
  const moved = (bytes * 8) / MEGA
  return Math.min(networkCreditsMax(rates), credits + rates.baselineMbps * seconds - moved)
}

/** What the host lets through: the peak while there are credits, else the baseline. */
export function networkRateNow(credits: number, rates: NetworkRates): number {
  return credits > 0 || rates.peakMbps === rates.baselineMbps ? rates.peakMbps : rates.baselineMbps
}
