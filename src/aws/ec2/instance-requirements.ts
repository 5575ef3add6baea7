/**
 * EC2's InstanceRequirements in the recommender's terms, with AWS's defaults: bare metal and burstable types only when
 * they are asked for, everything else as the catalogue has it. Price protection does not exist here, and not on AWS in
 * the calls that list types: both percentages are checked and then have no effect
 * (docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceRequirementsRequest.html).
 */
import type { InstanceRequirementsRequest } from '@aws-sdk/client-ec2'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { Range, Requirements } from '../../domain/recommend/requirements.ts'

const MANUFACTURERS: Readonly<Record<string, string>> = {
  intel: 'Intel',
  amd: 'AMD',
  'amazon-web-services': 'AWS',
  apple: 'Apple',
}

const ACCELERATOR_VENDORS: Readonly<Record<string, string>> = {
  'amazon-web-services': 'AWS',
  amd: 'AMD',
  nvidia: 'NVIDIA',
  xilinx: 'Xilinx',
  habana: 'Habana',
}

/** AWS's names are the catalogue's in lower case with dashes, but for these. */
const ACCELERATOR_NAMES: Readonly<Record<string, string>> = {
  a100: 'A100',
  a10g: 'A10G',
  'gaudi-hl-205': 'Gaudi HL-205',
  h100: 'H100',
  inferentia: 'Inferentia',
  inferentia2: 'Inferentia2',
  l4: 'L4',
  l40s: 'L40S',
  'radeon-pro-v520': 'Radeon Pro V520',
  t4: 'T4',
  t4g: 'T4g',
  trainium: 'Trainium',
  trainium2: 'Trainium2',
  u30: 'U30',
  v100: 'V100',
}

const ACCELERATOR_KINDS: Readonly<Record<string, readonly string[]>> = {
  gpu: ['gpu'],
  fpga: ['fpga'],
  media: ['media'],
  inference: ['inference', 'neuron'],
}

/** @throws Faults `InvalidCombination`, `InvalidValue`, `Unsupported`. */
export function requirementsOf(asked: InstanceRequirementsRequest): Requirements {
  refuse(asked)
  const names = <T extends string>(
    values: readonly T[] | undefined,
    table: Readonly<Record<string, string>>,
  ): string[] | undefined => (values?.length ? values.map((one) => table[one] ?? one) : undefined)
  const kinds = asked.AcceleratorTypes?.flatMap((kind) => ACCELERATOR_KINDS[kind] ?? [kind])
  return defined({
    vcpus: rangeOf('VCpuCount', asked.VCpuCount),
    memoryMiB: rangeOf('MemoryMiB', asked.MemoryMiB),
    memoryGiBPerVcpu: rangeOf('MemoryGiBPerVCpu', asked.MemoryGiBPerVCpu),
    cpuManufacturers: names(asked.CpuManufacturers, MANUFACTURERS),
    generations: asked.InstanceGenerations?.length ? asked.InstanceGenerations : undefined,
    bareMetal: asked.BareMetal ?? 'excluded',
    burstable: asked.BurstablePerformance ?? 'excluded',
    needsHibernation: asked.RequireHibernateSupport === true ? true : undefined,
    networkInterfaces: rangeOf('NetworkInterfaceCount', asked.NetworkInterfaceCount),
    networkGbps: rangeOf('NetworkBandwidthGbps', asked.NetworkBandwidthGbps),
    localStorage: asked.LocalStorage ?? 'included',
    localStorageTypes: asked.LocalStorageTypes?.length ? asked.LocalStorageTypes : undefined,
    localStorageGB: rangeOf('TotalLocalStorageGB', asked.TotalLocalStorageGB),
    ebsMbps: rangeOf('BaselineEbsBandwidthMbps', asked.BaselineEbsBandwidthMbps),
    acceleratorKinds: kinds?.length ? kinds : undefined,
    acceleratorCount: rangeOf('AcceleratorCount', asked.AcceleratorCount),
    acceleratorVendors: names(asked.AcceleratorManufacturers, ACCELERATOR_VENDORS),
    acceleratorNames: names(asked.AcceleratorNames, ACCELERATOR_NAMES),
    acceleratorMiB: rangeOf('AcceleratorTotalMemoryMiB', asked.AcceleratorTotalMemoryMiB),
    allowed: asked.AllowedInstanceTypes?.length ? asked.AllowedInstanceTypes : undefined,
    excluded: asked.ExcludedInstanceTypes?.length ? asked.ExcludedInstanceTypes : undefined,
  })
}

function refuse(asked: InstanceRequirementsRequest): void {
  const either = (a: keyof InstanceRequirementsRequest, b: keyof InstanceRequirementsRequest) => {
    const isBoth = (value: unknown): boolean => Array.isArray(value) && value.length > 0
    const isNumber = (value: unknown): boolean => typeof value === 'number'
    if ((isBoth(asked[a]) && isBoth(asked[b])) || (isNumber(asked[a]) && isNumber(asked[b]))) {
      const reason = 'only one of them may be specified'
      throw new FaultError({ type: 'InvalidCombination', parameters: [a, b], reason })
    }
  }
  either('AllowedInstanceTypes', 'ExcludedInstanceTypes')
  either('SpotMaxPricePercentageOverLowestPrice', 'MaxSpotPriceAsPercentageOfOptimalOnDemandPrice')
  for (const name of [
    'SpotMaxPricePercentageOverLowestPrice',
    'OnDemandMaxPricePercentageOverLowestPrice',
    'MaxSpotPriceAsPercentageOfOptimalOnDemandPrice',
  ] as const) {
    const value = asked[name]
    if (value !== undefined && value < 0) {
      throw invalidValue(`InstanceRequirements.${name}`, value, 'it must not be negative')
    }
  }
  if (asked.RequireEncryptionInTransit === true) {
    const feature = 'RequireEncryptionInTransit'
    const hint = 'the catalogue does not say which types encrypt in transit'
    throw new FaultError({ type: 'Unsupported', feature, hint })
  }
  if ((asked.BaselinePerformanceFactors?.Cpu?.References ?? []).length > 0) {
    const feature = 'BaselinePerformanceFactors'
    const hint = "AWS's measurements of CPU performance are not published"
    throw new FaultError({ type: 'Unsupported', feature, hint })
  }
}

function rangeOf(
  name: string,
  range: { Min?: number | undefined; Max?: number | undefined } | undefined,
): Range | undefined {
  if (range === undefined) return undefined
  const { Min: min, Max: max } = range
  for (const value of [min, max]) {
    if (value !== undefined && (value < 0 || !Number.isFinite(value))) {
      throw invalidValue(`InstanceRequirements.${name}`, value, 'it must not be negative')
    }
  }
  if (min !== undefined && max !== undefined && min > max) {
    const reason = `Min (${min}) must not be greater than Max`
    throw invalidValue(`InstanceRequirements.${name}`, max, reason)
  }
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
}

function defined(value: { [K in keyof Requirements]: Requirements[K] | undefined }): Requirements {
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined),
  ) as Requirements
}
