/**
 * What RunInstances can ask for on AWS and has no counterpart here: refused by name, whether the request or its launch
 * template asks. What switches such a feature off is taken, and shown again as it was said.
 */
import type {
  InstanceNetworkInterfaceSpecification,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2'
import type { Declined } from '../../domain/instance.ts'
import { refuseFeatures } from './absent-features.ts'

const OPERATION = 'RunInstances'

/** @throws Fault `Unsupported` for the first feature that the request asks for. */
export function launchFeaturesRefused(input: RunInstancesRequest): void {
  const { Placement: place, CpuOptions: cpu, CapacityReservationSpecification: capacity } = input
  const weighting = input.NetworkPerformanceOptions?.BandwidthWeighting
  refuseFeatures(OPERATION, {
    InstanceMarketOptions: input.InstanceMarketOptions,
    EnclaveOptions: input.EnclaveOptions?.Enabled,
    KernelId: input.KernelId,
    RamdiskId: input.RamdiskId,
    ElasticGpuSpecification: input.ElasticGpuSpecification,
    ElasticInferenceAccelerators: input.ElasticInferenceAccelerators,
    // A launch template may have them: for fleets, which choose a type themselves.
    InstanceRequirements: (input as { InstanceRequirements?: unknown }).InstanceRequirements,
    'Placement.HostId': place?.HostId,
    'Placement.HostResourceGroupArn': place?.HostResourceGroupArn,
    'Placement.SpreadDomain': place?.SpreadDomain,
    'Placement.Affinity=host': place?.Affinity === 'host',
    'Placement.Tenancy=host': place?.Tenancy === 'host',
    LicenseSpecifications: input.LicenseSpecifications,
    SecondaryInterfaces: input.SecondaryInterfaces,
    Operator: input.Operator,
    'CpuOptions.AmdSevSnp': cpu?.AmdSevSnp === 'enabled',
    'CpuOptions.NestedVirtualization': cpu?.NestedVirtualization === 'enabled',
    'a capacity reservation':
      capacity?.CapacityReservationTarget ??
      capacity?.CapacityReservationPreference === 'capacity-reservations-only',
    NetworkPerformanceOptions: weighting !== undefined && weighting !== 'default',
    'MetadataOptions.HttpProtocolIpv6': input.MetadataOptions?.HttpProtocolIpv6 === 'enabled',
  })
  input.NetworkInterfaces?.forEach(interfaceFeaturesRefused)
}

function interfaceFeaturesRefused(one: InstanceNetworkInterfaceSpecification): void {
  const { InterfaceType: kind } = one
  refuseFeatures(OPERATION, {
    'a carrier address': one.AssociateCarrierIpAddress,
    'IPv4 prefixes': one.Ipv4PrefixCount ?? one.Ipv4Prefixes,
    'IPv6 prefixes': one.Ipv6PrefixCount ?? one.Ipv6Prefixes,
    [`InterfaceType=${kind}`]: kind !== undefined && kind !== '' && kind !== 'interface',
    'a second network card': one.NetworkCardIndex,
    EnaSrdSpecification: one.EnaSrdSpecification?.EnaSrdEnabled,
    EnaQueueCount: one.EnaQueueCount,
    ConnectionTrackingSpecification: one.ConnectionTrackingSpecification,
  })
}

/** What a launch says that it does without. */
export function declinedOf(input: RunInstancesRequest): { declined?: Declined } {
  const preference = input.CapacityReservationSpecification?.CapacityReservationPreference
  const declined: Declined = {
    ...(preference === 'none' && { capacityReservations: true }),
    ...(input.CpuOptions?.AmdSevSnp === 'disabled' && { amdSevSnp: true }),
    ...(input.CpuOptions?.NestedVirtualization === 'disabled' && { nestedVirtualization: true }),
  }
  return Object.keys(declined).length > 0 ? { declined } : {}
}
