/** GetInstanceTypesFromInstanceRequirements through the real SDK: AWS's defaults, wildcards, errors. */
import {
  GetInstanceTypesFromInstanceRequirementsCommand as Get,
  paginateGetInstanceTypesFromInstanceRequirements,
  type InstanceRequirementsRequest,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

type Wanted = Partial<InstanceRequirementsRequest>
const input = (wanted: Wanted, architecture: 'x86_64' | 'arm64' = 'x86_64') => ({
  ArchitectureTypes: [architecture],
  VirtualizationTypes: ['hvm' as const],
  InstanceRequirements: { VCpuCount: { Min: 0 }, MemoryMiB: { Min: 0 }, ...wanted },
})
async function names(wanted: Wanted, architecture: 'x86_64' | 'arm64' = 'x86_64') {
  const { InstanceTypes } = await cloud.ec2.send(new Get(input(wanted, architecture)))
  return InstanceTypes!.map((type) => type.InstanceType!)
}
const m5 = ['m5.*']

test('sizes are ranges, and burstable and bare metal types must be asked for', async () => {
  const exact = { VCpuCount: { Min: 2, Max: 2 }, MemoryMiB: { Min: 4096, Max: 4096 } }
  const found = await names(exact)
  expect(found).toContain('c5.large')
  expect(found).not.toContain('t3.medium')
  expect(await names({ ...exact, BurstablePerformance: 'included' })).toContain('t3.medium')
  expect(await names({ ...exact, BurstablePerformance: 'required' })).toEqual([
    't2.medium',
    't3.medium',
    't3a.medium',
  ])
  expect(await names({ AllowedInstanceTypes: m5, BareMetal: 'required' })).toEqual(['m5.metal'])
  expect(await names({ AllowedInstanceTypes: m5 })).not.toContain('m5.metal')
})

test('names are allowed and excluded by wildcards, not both', async () => {
  expect(await names({ AllowedInstanceTypes: ['m5.large', 'c5.x*'] })).toEqual([
    'c5.xlarge',
    'm5.large',
  ])
  const without = await names({ ExcludedInstanceTypes: ['m5*', 'r*'] })
  expect(without.some((name) => name.startsWith('m5') || name.startsWith('r'))).toBe(false)
  const both = input({ AllowedInstanceTypes: ['m5*'], ExcludedInstanceTypes: ['m5.large'] })
  expect(await errorOf(cloud.ec2.send(new Get(both)))).toMatchObject({
    code: 'InvalidParameterCombination',
  })
})

test('processors, local disks, accelerators, networks', async () => {
  const large = { VCpuCount: { Min: 2, Max: 2 }, MemoryMiB: { Min: 8192, Max: 8192 } }
  expect(
    await names({ ...large, CpuManufacturers: ['amd'], InstanceGenerations: ['current'] }),
  ).toEqual(expect.arrayContaining(['m5a.large', 'm6a.large', 'm7a.large']))
  const local = await names({ ...large, LocalStorage: 'required', LocalStorageTypes: ['ssd'] })
  expect(local).toContain('m5d.large')
  expect(local).not.toContain('m5.large')
  const gpus = await names({
    AcceleratorTypes: ['gpu'],
    AcceleratorManufacturers: ['nvidia'],
    AcceleratorNames: ['t4'],
    AcceleratorCount: { Min: 1, Max: 1 },
  })
  expect(gpus).toEqual([
    'g4dn.16xlarge',
    'g4dn.2xlarge',
    'g4dn.4xlarge',
    'g4dn.8xlarge',
    'g4dn.xlarge',
  ])
  const none = await names({
    AllowedInstanceTypes: ['g*', 'm5.large'],
    AcceleratorCount: { Max: 0 },
  })
  expect(none).toEqual(['m5.large'])
  expect(await names({ AllowedInstanceTypes: m5, NetworkBandwidthGbps: { Min: 25 } })).toEqual([
    'm5.24xlarge',
  ])
  expect(await names({ AllowedInstanceTypes: ['m7g.*'] })).toEqual([])
  expect(await names({ AllowedInstanceTypes: ['m7g.large'] }, 'arm64')).toEqual(['m7g.large'])
})

test('price protection is accepted and does not shorten the list, as on AWS', async () => {
  const wanted = { VCpuCount: { Min: 8, Max: 8 }, MemoryMiB: { Min: 0 } }
  const all = await names(wanted)
  expect(await names({ ...wanted, OnDemandMaxPricePercentageOverLowestPrice: 1 })).toEqual(all)
})

test('what cannot be known is refused, what is wrong is named', async () => {
  const code = async (wanted: Wanted) => errorOf(cloud.ec2.send(new Get(input(wanted))))
  expect(await code({ VCpuCount: { Min: 4, Max: 2 } })).toMatchObject({
    code: 'InvalidParameterValue',
    message: expect.stringContaining('VCpuCount'),
  })
  expect((await code({ RequireEncryptionInTransit: true })).code).toBe('UnsupportedOperation')
  const factors = { Cpu: { References: [{ InstanceFamily: 'm5' }] } }
  expect((await code({ BaselinePerformanceFactors: factors })).code).toBe('UnsupportedOperation')
})

test('limits and what is missing are told as on AWS', async () => {
  const code = async (wanted: Wanted) =>
    (await errorOf(cloud.ec2.send(new Get(input(wanted))))).code
  const many = Array.from({ length: 401 }, (_, at) => `m5.${at}`)
  expect(await code({ AllowedInstanceTypes: many })).toMatch(/^InvalidParameterValue|^Invalid/)
  expect(await code({ MemoryGiBPerVCpu: { Min: -1 } })).toBe('InvalidParameterValue')
  expect(await code({ OnDemandMaxPricePercentageOverLowestPrice: -1 })).toBe(
    'InvalidParameterValue',
  )
  expect(
    await code({
      SpotMaxPricePercentageOverLowestPrice: 50,
      MaxSpotPriceAsPercentageOfOptimalOnDemandPrice: 50,
    }),
  ).toBe('InvalidParameterCombination')
  const whole = input({})
  const { MemoryMiB: _, ...less } = whole.InstanceRequirements
  const missing = { ...whole, InstanceRequirements: less as InstanceRequirementsRequest }
  expect((await errorOf(cloud.ec2.send(new Get(missing)))).code).toBe('MissingParameter')
  for (const MaxResults of [0, 1001]) {
    const answer = await errorOf(cloud.ec2.send(new Get({ ...whole, MaxResults })))
    expect(answer.code).toBe('InvalidParameterValue')
  }
  // Shares of what each vCPU has, and of local storage, are ranges with fractions.
  expect(
    await names({ AllowedInstanceTypes: m5, MemoryGiBPerVCpu: { Min: 3.5, Max: 4.5 } }),
  ).toEqual(await names({ AllowedInstanceTypes: m5 }))
  const stored = await names({
    AllowedInstanceTypes: ['m5d.*'],
    TotalLocalStorageGB: { Max: 100.5 },
  })
  expect(stored).toEqual(['m5d.large'])
  expect(await names({ AllowedInstanceTypes: m5, RequireHibernateSupport: true })).toContain(
    'm5.large',
  )
})

test('pages of the whole list', async () => {
  const seen: string[] = []
  const pages = paginateGetInstanceTypesFromInstanceRequirements(
    { client: cloud.ec2, pageSize: 100 },
    input({ BareMetal: 'included', BurstablePerformance: 'included' }),
  )
  for await (const page of pages) {
    expect(page.InstanceTypes!.length).toBeLessThanOrEqual(100)
    seen.push(...page.InstanceTypes!.map((type) => type.InstanceType!))
  }
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toHaveLength(
    cloud.app.instanceTypes.all().filter((type) => type.architectures.includes('x86_64')).length,
  )
})
