/** Instance types, offerings and credit specifications by the SDK. */
import {
  DescribeInstanceCreditSpecificationsCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  paginateDescribeInstanceTypeOfferings,
  paginateDescribeInstanceTypes,
  type DescribeInstanceTypesCommandInput,
  type InstanceTypeInfo,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import { serviceModel } from '../../src/aws/model.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'

let cloud: TestCloud

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 4, memoryMiB: 16 * 1024 } })
})

afterAll(() => cloud.close())

const describeTypes = (input: DescribeInstanceTypesCommandInput) =>
  cloud.ec2.send(new DescribeInstanceTypesCommand(input))

async function all(input: DescribeInstanceTypesCommandInput = {}): Promise<InstanceTypeInfo[]> {
  const found: InstanceTypeInfo[] = []
  for await (const page of paginateDescribeInstanceTypes({ client: cloud.ec2 }, input)) {
    found.push(...page.InstanceTypes!)
  }
  return found
}

async function only(name: string): Promise<InstanceTypeInfo> {
  const { InstanceTypes: found } = await describeTypes({ InstanceTypes: [name as 't3.micro'] })
  expect(found).toHaveLength(1)
  return found![0]!
}

const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] })
const namesOf = (types: InstanceTypeInfo[]) => types.map((type) => type.InstanceType as string)

describe('DescribeInstanceTypes', () => {
  test('all 1,263 in pages of a hundred', async () => {
    const first = await describeTypes({})
    expect(first.InstanceTypes).toHaveLength(100)
    expect(first.NextToken).toBeDefined()
    const names = namesOf(await all())
    expect(names).toHaveLength(1_263)
    expect(new Set(names).size).toBe(1_263)
    expect(await codeOf(describeTypes({ MaxResults: 4 }))).toBe('InvalidParameterValue')
    expect(await codeOf(describeTypes({ MaxResults: 101 }))).toBe('InvalidParameterValue')
  })

  test('what a type is', async () => {
    expect(await only('t3.micro')).toMatchSnapshot()
    expect(await only('m5d.large')).toMatchSnapshot()
    expect(await only('m7g.metal')).toMatchObject({ BareMetal: true, SupportedInRegion: false })
    expect((await only('m7g.metal')).Hypervisor).toBeUndefined()
  })

  test('accelerators', async () => {
    const gpu = { Name: 'T4', Manufacturer: 'NVIDIA', Count: 4, MemoryInfo: { SizeInMiB: 16_384 } }
    expect((await only('g4dn.12xlarge')).GpuInfo).toEqual({
      Gpus: [gpu],
      TotalGpuMemoryInMiB: 65_536,
    })
    expect((await only('g6f.large')).GpuInfo?.TotalGpuMemoryInMiB).toBe(2_861)
    expect((await only('g6f.large')).SupportedInRegion).toBe(false)
    expect((await only('f2.6xlarge')).FpgaInfo?.TotalFpgaMemoryInMiB).toBe(81_920)
    expect((await only('inf2.xlarge')).NeuronInfo?.NeuronDevices?.[0]?.Name).toBe('Inferentia2')
    expect((await only('dl2q.24xlarge')).InferenceAcceleratorInfo).toBeDefined()
    expect((await only('vt1.3xlarge')).MediaAcceleratorInfo).toBeDefined()
  })

  test('a name that is no type', async () => {
    const names = ['t3.micro', 't9.gigantic'] as 't3.micro'[]
    const error = await errorOf(describeTypes({ InstanceTypes: names }))
    expect(error.code).toBe('InvalidInstanceType')
    expect(error.message).toContain('[t9.gigantic]')
  })

  test.each([
    ['instance-type', 't3.*', 7],
    ['instance-type', 'm5.large', 1],
    ['burstable-performance-supported', 'true', 28],
    ['free-tier-eligible', 'true', 6],
    ['processor-info.supported-architecture', 'arm64_mac', 7],
    ['hypervisor', 'xen', 74],
    ['bare-metal', 'true', 131],
    ['supported-boot-mode', 'uefi', 1_087],
    ['instance-storage-info.disk.type', 'hdd', 27],
    ['nitro-enclaves-support', 'supported', 0],
    ['nitro-enclaves-support', 'unsupported', 1_263],
    ['network-info.bandwidth-weightings', 'vpc-1', 0],
  ])('filter %s=%s finds %i', async (name, value, count) => {
    expect(await all(filter(name, value))).toHaveLength(count)
  })

  test('filters together', async () => {
    const Filters = [
      { Name: 'vcpu-info.default-vcpus', Values: ['2'] },
      { Name: 'memory-info.size-in-mib', Values: ['1024', '2048'] },
      { Name: 'processor-info.supported-architecture', Values: ['x86_64'] },
      { Name: 'current-generation', Values: ['true'] },
      { Name: 'burstable-performance-supported', Values: ['true'] },
    ]
    const found = namesOf(await all({ Filters }))
    expect(found).toEqual(expect.arrayContaining(['t3.micro', 't3.small', 't3a.micro']))
    expect(found.every((name) => name.startsWith('t'))).toBe(true)
  })

  test('every documented filter is served or said not to be; others are wrong', async () => {
    const documented = serviceModel('ec2').filters['DescribeInstanceTypes']!
    const unserved: string[] = []
    for (const name of documented) {
      const code = await codeOf(describeTypes({ ...filter(name, 'x'), DryRun: true }))
      expect(['DryRunOperation', 'UnsupportedOperation'], name).toContain(code)
      if (code === 'UnsupportedOperation') unserved.push(name)
    }
    expect(unserved).toMatchSnapshot()
    expect(await codeOf(describeTypes(filter('colour', 'red')))).toBe('InvalidParameterValue')
  })

  test('without those that cannot run here', async () => {
    const here = await all({ IncludeUnsupportedInRegion: false })
    expect(here.length).toBeGreaterThan(50)
    expect(here.length).toBeLessThan(1_263)
    for (const type of here) {
      expect(type.MemoryInfo!.SizeInMiB, type.InstanceType).toBeLessThanOrEqual(16 * 1024)
      expect(type.ProcessorInfo!.SupportedArchitectures).toContain('x86_64')
      expect(type.GpuInfo).toBeUndefined()
    }
  })
})

describe('DescribeInstanceTypeOfferings', () => {
  const offerings = async (input: object) =>
    (await cloud.ec2.send(new DescribeInstanceTypeOfferingsCommand(input))).InstanceTypeOfferings!

  test('what can run here, in the region', async () => {
    const offered = await offerings({})
    const here = namesOf(await all({ IncludeUnsupportedInRegion: false }))
    expect(offered.map((one) => one.InstanceType)).toEqual(here)
    expect(offered[0]).toMatchObject({ LocationType: 'region', Location: 'us-east-1' })
    expect(await offerings(filter('instance-type', 'g4dn.xlarge', 'm7g.large'))).toEqual([])
  })

  test('in zones, by name and by id', async () => {
    const micro = filter('instance-type', 't3.micro')
    const locations = async (LocationType: string, more: object = micro) =>
      (await offerings({ LocationType, ...more })).map((one) => one.Location)
    expect(await locations('availability-zone')).toEqual(['us-east-1a', 'us-east-1b', 'us-east-1c'])
    expect(await locations('availability-zone-id')).toEqual(['use1-az1', 'use1-az2', 'use1-az3'])
    expect(await locations('outpost')).toEqual([])
    const inB = await locations('availability-zone', filter('location', 'us-east-1b'))
    expect(new Set(inB)).toEqual(new Set(['us-east-1b']))
  })

  test('pages', async () => {
    let count = 0
    const input = { LocationType: 'availability-zone', MaxResults: 100 } as const
    const pages = paginateDescribeInstanceTypeOfferings({ client: cloud.ec2 }, input)
    for await (const page of pages) count += page.InstanceTypeOfferings!.length
    expect(count).toBe(3 * (await offerings({})).length)
  })
})

test('DescribeInstanceCreditSpecifications', async () => {
  const ctx = ctxOf(cloud.app, ACCOUNT)
  const run = async (instanceType: string, cpuCredits: 'standard' | null = null) => {
    const options = { ...runRequest().options, cpuCredits }
    const { instanceIds } = await instancesRun(ctx, runRequest({ instanceType, options }))
    return instanceIds[0]!
  }
  const credits = async (InstanceIds?: string[]) => {
    const command = new DescribeInstanceCreditSpecificationsCommand({ InstanceIds })
    const { InstanceCreditSpecifications: found } = await cloud.ec2.send(command)
    return Object.fromEntries(found!.map((one) => [one.InstanceId, one.CpuCredits]))
  }
  await cloud.ec2.send(new DescribeInstanceTypesCommand({ MaxResults: 5 }))
  const standard = await run('t3.micro', 'standard')
  const unlimited = await run('t3.micro')
  const old = await run('t2.micro')
  const steady = await run('m5.large')
  expect(await credits([standard, unlimited, old])).toEqual({
    [standard]: 'standard',
    [unlimited]: 'unlimited',
    [old]: 'standard',
  })
  expect(await credits()).toEqual({ [unlimited]: 'unlimited' })
  expect(await codeOf(credits([steady]))).toBe('UnsupportedOperation')
  expect(await codeOf(credits(['i-00000000000000000']))).toBe('InvalidInstanceID.NotFound')
})
