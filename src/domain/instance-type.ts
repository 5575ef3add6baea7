/**
 * One of EC2's instance types, and how data/instance-types.tsv is read (facts as AWS publishes them; data/README.md has
 * source and date). Pure: whoever has the text brings it.
 */
import type { Architecture } from './machine.ts'

/** Where the prices come from, said with every one of them. */
export const PRICE_SOURCE = {
  what: 'AWS on demand, Linux, us-east-1',
  date: '2026-07-20',
  file: 'data/instance-types.tsv',
} as const

export interface InstanceType {
  name: string
  architecture: Architecture
  isMac: boolean
  /** The whole list AWS gives, e.g. `i386` beside `x86_64` for old types. */
  architectures: readonly string[]
  vcpus: number
  cores: number
  threadsPerCore: number
  memoryMiB: number
  cpuManufacturer: string | null
  clockGhz: number | null
  hypervisor: 'nitro' | 'xen' | null
  isBareMetal: boolean
  isCurrentGeneration: boolean
  isBurstable: boolean
  isFreeTier: boolean
  hasHibernation: boolean
  bootModes: readonly string[]
  tpmVersions: readonly string[]
  networkPerformance: string
  networkBaselineGbps: number | null
  networkPeakGbps: number | null
  interfacesMax: number
  ipv4PerInterfaceMax: number
  ipv6PerInterfaceMax: number
  hasEfa: boolean
  ebsOptimized: string
  ebsNvme: string
  ebsBaselineMbps: number | null
  ebsBaselineIops: number | null
  ebsBaselineMBps: number | null
  ebsPeakMbps: number | null
  ebsPeakIops: number | null
  ebsPeakMBps: number | null
  ebsAttachmentsMax: number | null
  storeDisks: number
  storeGBEach: number | null
  storeType: string | null
  acceleratorKind: string | null
  acceleratorVendor: string | null
  acceleratorName: string | null
  acceleratorCount: number
  acceleratorMiBEach: number | null
  placementStrategies: readonly string[]
  /** Linux on demand in us-east-1, as dated in data/README.md. */
  usdPerHour: number | null
}

export function instanceTypesParse(text: string): InstanceType[] {
  const [header, ...lines] = text.trimEnd().split('\n')
  const columns = header!.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t')
    return typeOf(new Map(columns.map((column, i) => [column, cells[i] ?? ''])))
  })
}

function typeOf(row: Map<string, string>): InstanceType {
  const text = (name: string): string => row.get(name) ?? ''
  const textOrNull = (name: string): string | null => text(name) || null
  const number = (name: string): number | null => (text(name) === '' ? null : Number(text(name)))
  const count = (name: string): number => number(name) ?? 0
  const flag = (name: string): boolean => text(name) === '1'
  const list = (name: string): string[] => text(name).split('+').filter(Boolean)
  const architectures = text('arch').split('+')
  return {
    name: text('type'),
    architecture: text('arch').includes('arm64') ? 'arm64' : 'x86_64',
    architectures,
    isMac: text('arch').includes('mac'),
    vcpus: count('vcpus'),
    cores: count('cores') || count('vcpus'),
    threadsPerCore: count('threads_per_core') || 1,
    memoryMiB: count('memory_mib'),
    cpuManufacturer: textOrNull('cpu_manufacturer'),
    clockGhz: number('clock_ghz'),
    hypervisor: textOrNull('hypervisor') as InstanceType['hypervisor'],
    isBareMetal: flag('bare_metal'),
    isCurrentGeneration: flag('current_generation'),
    isBurstable: flag('burstable'),
    isFreeTier: flag('free_tier'),
    hasHibernation: flag('hibernation'),
    bootModes: list('boot_modes'),
    tpmVersions: list('tpm'),
    networkPerformance: text('network_performance'),
    networkBaselineGbps: number('net_baseline_gbps'),
    networkPeakGbps: number('net_peak_gbps'),
    interfacesMax: count('max_enis'),
    ipv4PerInterfaceMax: count('ipv4_per_eni'),
    ipv6PerInterfaceMax: count('ipv6_per_eni'),
    hasEfa: flag('efa'),
    ebsOptimized: text('ebs_optimized'),
    ebsNvme: text('ebs_nvme'),
    ebsBaselineMbps: number('ebs_base_mbps'),
    ebsBaselineIops: number('ebs_base_iops'),
    ebsBaselineMBps: number('ebs_base_mb_s'),
    ebsPeakMbps: number('ebs_max_mbps'),
    ebsPeakIops: number('ebs_max_iops'),
    ebsPeakMBps: number('ebs_max_mb_s'),
    ebsAttachmentsMax: number('max_ebs_attachments'),
    storeDisks: count('store_disks'),
    storeGBEach: number('store_gb_each'),
    storeType: textOrNull('store_type'),
    acceleratorKind: textOrNull('accelerator_kind'),
    acceleratorVendor: textOrNull('accelerator_vendor'),
    acceleratorName: textOrNull('accelerator_name'),
    acceleratorCount: count('accelerator_count'),
    acceleratorMiBEach: number('accelerator_mib_each'),
    placementStrategies: list('placement'),
    usdPerHour: number('usd_per_hour_us_east_1'),
  }
}
