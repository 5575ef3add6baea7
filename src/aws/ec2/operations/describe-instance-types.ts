/**
 * DescribeInstanceTypes: all of EC2's types, also those that no host here can run (`SupportedInRegion` says which it
 * is); `IncludeUnsupportedInRegion: false` leaves those out. Filters read the very answer, so they cannot disagree.
 */
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2'
import { hostCapacities, whyNever } from '../../../app/capacity.ts'
import type { Ctx } from '../../../app/context.ts'
import type { InstanceType } from '../../../domain/instance-type.ts'
import { FaultError } from '../../../domain/faults.ts'
import type { FilterTable } from '../../filters.ts'
import { operation } from '../../operation.ts'
import { instanceTypePresent } from '../present/instance-type.ts'

/** AWS answers at most 100 a page, also when nobody asks for pages. */
const PAGE_SIZE = 100

const filters: FilterTable<InstanceTypeInfo> = {
  'auto-recovery-supported': (type) => type.AutoRecoverySupported,
  'bare-metal': (type) => type.BareMetal,
  'burstable-performance-supported': (type) => type.BurstablePerformanceSupported,
  'current-generation': (type) => type.CurrentGeneration,
  'dedicated-hosts-supported': (type) => type.DedicatedHostsSupported,
  'ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps': (type) =>
    type.EbsInfo?.EbsOptimizedInfo?.BaselineBandwidthInMbps,
  'ebs-info.ebs-optimized-info.baseline-iops': (type) =>
    type.EbsInfo?.EbsOptimizedInfo?.BaselineIops,
  'ebs-info.ebs-optimized-info.baseline-throughput-in-mbps': (type) =>
    type.EbsInfo?.EbsOptimizedInfo?.BaselineThroughputInMBps,
  'ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps': (type) =>
    type.EbsInfo?.EbsOptimizedInfo?.MaximumBandwidthInMbps,
  'ebs-info.ebs-optimized-info.maximum-iops': (type) => type.EbsInfo?.EbsOptimizedInfo?.MaximumIops,
  'ebs-info.ebs-optimized-info.maximum-throughput-in-mbps': (type) =>
    type.EbsInfo?.EbsOptimizedInfo?.MaximumThroughputInMBps,
  'ebs-info.ebs-optimized-support': (type) => type.EbsInfo?.EbsOptimizedSupport,
  'ebs-info.encryption-support': (type) => type.EbsInfo?.EncryptionSupport,
  'ebs-info.maximum-ebs-attachments': (type) => type.EbsInfo?.MaximumEbsAttachments,
  'ebs-info.nvme-support': (type) => type.EbsInfo?.NvmeSupport,
  'free-tier-eligible': (type) => type.FreeTierEligible,
  'hibernation-supported': (type) => type.HibernationSupported,
  hypervisor: (type) => type.Hypervisor,
  'instance-storage-info.disk.count': (type) => type.InstanceStorageInfo?.Disks?.[0]?.Count,
  'instance-storage-info.disk.size-in-gb': (type) => type.InstanceStorageInfo?.Disks?.[0]?.SizeInGB,
  'instance-storage-info.disk.type': (type) => type.InstanceStorageInfo?.Disks?.[0]?.Type,
  'instance-storage-info.encryption-support': (type) => type.InstanceStorageInfo?.EncryptionSupport,
  'instance-storage-info.nvme-support': (type) => type.InstanceStorageInfo?.NvmeSupport,
  'instance-storage-info.total-size-in-gb': (type) => type.InstanceStorageInfo?.TotalSizeInGB,
  'instance-storage-supported': (type) => type.InstanceStorageSupported,
  'instance-type': (type) => type.InstanceType,
  'memory-info.size-in-mib': (type) => type.MemoryInfo?.SizeInMiB,
  'network-info.bandwidth-weightings': (type) => type.NetworkInfo?.BandwidthWeightings,
  'network-info.efa-supported': (type) => type.NetworkInfo?.EfaSupported,
  'network-info.ena-support': (type) => type.NetworkInfo?.EnaSupport,
  'network-info.encryption-in-transit-supported': (type) =>
    type.NetworkInfo?.EncryptionInTransitSupported,
  'network-info.flexible-ena-queues-support': (type) => type.NetworkInfo?.FlexibleEnaQueuesSupport,
  'network-info.ipv4-addresses-per-interface': (type) =>
    type.NetworkInfo?.Ipv4AddressesPerInterface,
  'network-info.ipv6-addresses-per-interface': (type) =>
    type.NetworkInfo?.Ipv6AddressesPerInterface,
  'network-info.ipv6-supported': (type) => type.NetworkInfo?.Ipv6Supported,
  'network-info.maximum-network-cards': (type) => type.NetworkInfo?.MaximumNetworkCards,
  'network-info.maximum-network-interfaces': (type) => type.NetworkInfo?.MaximumNetworkInterfaces,
  'network-info.network-performance': (type) => type.NetworkInfo?.NetworkPerformance,
  'nitro-enclaves-support': (type) => type.NitroEnclavesSupport,
  'nitro-tpm-info.supported-versions': (type) => type.NitroTpmInfo?.SupportedVersions,
  'nitro-tpm-support': (type) => type.NitroTpmSupport,
  'processor-info.supported-architecture': (type) => type.ProcessorInfo?.SupportedArchitectures,
  'processor-info.supported-features': (type) => type.ProcessorInfo?.SupportedFeatures,
  'processor-info.sustained-clock-speed-in-ghz': (type) =>
    type.ProcessorInfo?.SustainedClockSpeedInGhz,
  'reboot-migration-support': (type) => type.RebootMigrationSupport,
  'supported-boot-mode': (type) => type.SupportedBootModes,
  'supported-root-device-type': (type) => type.SupportedRootDeviceTypes,
  'supported-usage-class': (type) => type.SupportedUsageClasses,
  'supported-virtualization-type': (type) => type.SupportedVirtualizationTypes,
  'vcpu-info.default-cores': (type) => type.VCpuInfo?.DefaultCores,
  'vcpu-info.default-threads-per-core': (type) => type.VCpuInfo?.DefaultThreadsPerCore,
  'vcpu-info.default-vcpus': (type) => type.VCpuInfo?.DefaultVCpus,
  'vcpu-info.valid-cores': (type) => type.VCpuInfo?.ValidCores,
  'vcpu-info.valid-threads-per-core': (type) => type.VCpuInfo?.ValidThreadsPerCore,
}

export default operation<'ec2', 'DescribeInstanceTypes', InstanceTypeInfo>({
  filters,
  check: (ctx, input) => void typesAsked(ctx, input.InstanceTypes ?? []),
  handle: async (ctx, input, call) => {
    const hosts = await hostCapacities(ctx.app, ctx.app.store)
    const described = typesAsked(ctx, input.InstanceTypes ?? [])
      .map((type) => instanceTypePresent(type, whyNever(type, hosts) === null))
      .filter((type) => input.IncludeUnsupportedInRegion !== false || type.SupportedInRegion)
    const key = (type: InstanceTypeInfo): string => type.InstanceType!
    const page = call.page(call.filter(described), { key, defaultSize: PAGE_SIZE })
    return { InstanceTypes: page.items, NextToken: page.nextToken }
  },
})

/** @throws the fault EC2 has for names that are no types. */
function typesAsked({ app }: Ctx, names: readonly string[]): readonly InstanceType[] {
  if (names.length === 0) return app.instanceTypes.all()
  const missing = names.filter((name) => app.instanceTypes.get(name) === undefined)
  if (missing.length > 0) {
    throw new FaultError({
      type: 'Service',
      code: 'InvalidInstanceType',
      message: `The following supplied instance types do not exist: [${missing.join(', ')}]`,
    })
  }
  return [...new Set(names)].map((name) => app.instanceTypes.get(name)!)
}
