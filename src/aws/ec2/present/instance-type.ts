/**
 * An instance type in EC2's words, as far as data/instance-types.tsv says it or it follows from that. What the data
 * does not say (how many EFAs, what limits attachments) is left out, never guessed. What depends
 * on the cloud rather than on the type (usage classes, core counts that may be chosen, enclaves, dedicated hosts…) is
 * what this cloud does.
 */
import type {
  InstanceTypeInfo,
  NetworkInfo,
  _InstanceType as InstanceTypeName,
} from '@aws-sdk/client-ec2'
import type { InstanceType } from '../../../domain/instance-type.ts'

/** What no type has here. */
const ABSENT = {
  AutoRecoverySupported: false,
  DedicatedHostsSupported: false,
  NitroEnclavesSupport: 'unsupported',
  RebootMigrationSupport: 'unsupported',
} as const satisfies Partial<InstanceTypeInfo>

const upTo = (most: number): number[] => Array.from({ length: most }, (_, n) => n + 1)

/** `isOffered`: whether a host here can run it. */
export function instanceTypePresent(type: InstanceType, isOffered: boolean): InstanceTypeInfo {
  return {
    InstanceType: type.name as InstanceTypeName,
    CurrentGeneration: type.isCurrentGeneration,
    FreeTierEligible: type.isFreeTier,
    // What this cloud sells and boots: no spot market, no instance-store images, no paravirtual guests.
    SupportedUsageClasses: ['on-demand'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: type.isBareMetal,
    Hypervisor: type.hypervisor ?? undefined,
    ProcessorInfo: {
      SupportedArchitectures: [...type.architectures] as never,
      SustainedClockSpeedInGhz: type.clockGhz ?? undefined,
      Manufacturer: type.cpuManufacturer ?? undefined,
    },
    VCpuInfo: {
      DefaultVCpus: type.vcpus,
      DefaultCores: type.cores,
      DefaultThreadsPerCore: type.threadsPerCore,
      // As `CpuOptions` are checked (app/instances/cpu-options.ts); the hardware of bare metal is what it is.
      ...(!type.isBareMetal && {
        ValidCores: upTo(type.cores),
        ValidThreadsPerCore: upTo(type.threadsPerCore),
      }),
    },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: type.storeDisks > 0,
    ...storagePresent(type),
    EbsInfo: ebsPresent(type),
    NetworkInfo: networkPresent(type),
    ...acceleratorPresent(type),
    PlacementGroupInfo: { SupportedStrategies: [...type.placementStrategies] as never },
    HibernationSupported: type.hasHibernation,
    BurstablePerformanceSupported: type.isBurstable,
    SupportedBootModes: [...type.bootModes] as never,
    NitroTpmSupport: type.tpmVersions.length > 0 ? 'supported' : 'unsupported',
    ...(type.tpmVersions.length > 0 && {
      NitroTpmInfo: { SupportedVersions: [...type.tpmVersions] },
    }),
    ...ABSENT,
    SupportedInRegion: isOffered,
  }
}

function storagePresent(type: InstanceType): Pick<InstanceTypeInfo, 'InstanceStorageInfo'> {
  if (type.storeDisks === 0 || type.storeGBEach === null) return {}
  return {
    InstanceStorageInfo: {
      TotalSizeInGB: type.storeDisks * type.storeGBEach,
      Disks: [
        {
          SizeInGB: type.storeGBEach,
          Count: type.storeDisks,
          Type: type.storeType as 'ssd' | 'hdd',
        },
      ],
      // Nitro shows its disks as encrypted NVMe devices; what Xen did differs by type.
      ...(type.hypervisor === 'nitro' && {
        NvmeSupport: 'required',
        EncryptionSupport: 'required',
      }),
    },
  }
}

function ebsPresent(type: InstanceType): InstanceTypeInfo['EbsInfo'] {
  return {
    EbsOptimizedSupport: type.ebsOptimized as 'default',
    ...(type.hypervisor === 'nitro' && { EncryptionSupport: 'supported' }),
    NvmeSupport: type.ebsNvme as 'required',
    ...(type.ebsAttachmentsMax !== null && { MaximumEbsAttachments: type.ebsAttachmentsMax }),
    ...(type.ebsBaselineMbps !== null && {
      EbsOptimizedInfo: {
        BaselineBandwidthInMbps: type.ebsBaselineMbps,
        BaselineThroughputInMBps: type.ebsBaselineMBps ?? undefined,
        BaselineIops: type.ebsBaselineIops ?? undefined,
        MaximumBandwidthInMbps: type.ebsPeakMbps ?? undefined,
        MaximumThroughputInMBps: type.ebsPeakMBps ?? undefined,
        MaximumIops: type.ebsPeakIops ?? undefined,
      },
    }),
  }
}

/** Above this bandwidth types may have several network cards, which the data does not tell apart. */
const SINGLE_CARD_GBPS_MAX = 100

function networkPresent(type: InstanceType): NetworkInfo {
  const hasSingleCard =
    !/^\d+x /.test(type.networkPerformance) &&
    (type.networkPeakGbps ?? Infinity) <= SINGLE_CARD_GBPS_MAX
  return {
    NetworkPerformance: type.networkPerformance,
    MaximumNetworkInterfaces: type.interfacesMax,
    ...(hasSingleCard && {
      MaximumNetworkCards: 1,
      DefaultNetworkCardIndex: 0,
      NetworkCards: [
        {
          NetworkCardIndex: 0,
          NetworkPerformance: type.networkPerformance,
          MaximumNetworkInterfaces: type.interfacesMax,
          BaselineBandwidthInGbps: type.networkBaselineGbps ?? undefined,
          PeakBandwidthInGbps: type.networkPeakGbps ?? undefined,
        },
      ],
    }),
    Ipv4AddressesPerInterface: type.ipv4PerInterfaceMax,
    Ipv6AddressesPerInterface: type.ipv6PerInterfaceMax,
    Ipv6Supported: type.ipv6PerInterfaceMax > 0,
    ...(type.hypervisor === 'nitro' && { EnaSupport: 'required' }),
    EfaSupported: type.hasEfa,
    // What goes between machines of one host leaves it for no wire; nobody encrypts it.
    EncryptionInTransitSupported: false,
    FlexibleEnaQueuesSupport: 'unsupported',
  }
}

function acceleratorPresent(type: InstanceType): Partial<InstanceTypeInfo> {
  if (type.acceleratorKind === null) return {}
  const each = type.acceleratorMiBEach ?? 0
  // A share of a device counts as none of it, yet its memory is there (g6f).
  const total = each * Math.max(1, type.acceleratorCount)
  const device = {
    Name: type.acceleratorName ?? undefined,
    Manufacturer: type.acceleratorVendor ?? undefined,
    Count: type.acceleratorCount,
    MemoryInfo: { SizeInMiB: each },
  }
  switch (type.acceleratorKind) {
    case 'gpu':
      return { GpuInfo: { Gpus: [device], TotalGpuMemoryInMiB: total } }
    case 'fpga':
      return { FpgaInfo: { Fpgas: [device], TotalFpgaMemoryInMiB: total } }
    case 'media':
      return { MediaAcceleratorInfo: { Accelerators: [device], TotalMediaMemoryInMiB: total } }
    case 'inference':
      return {
        InferenceAcceleratorInfo: { Accelerators: [device], TotalInferenceMemoryInMiB: total },
      }
    default: {
      const { Name, Count, MemoryInfo } = device
      const NeuronDevices = [{ Name, Count, MemoryInfo }]
      return { NeuronInfo: { NeuronDevices, TotalNeuronDeviceMemoryInMiB: total } }
    }
  }
}
