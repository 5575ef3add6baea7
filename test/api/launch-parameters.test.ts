/**
 * Every parameter of RunInstances, by itself and by a launch template: a version shows whatever it was given, a launch
 * from it is the launch that the request itself would be, and what is not here is refused by name in both.
 */
import type {
  Instance,
  RequestLaunchTemplateData,
  RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TINY as ImageId } from '../support/app.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { stopped } from '../support/launch.ts'
import { tagsOf as tags, USER_DATA as UserData, WHOLE } from '../support/whole-template.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let names = 0

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 64, memoryMiB: 256 * 1024 } })
  aws = cloud.ec2
})
afterAll(() => cloud.close())

const ONE = { MinCount: 1, MaxCount: 1 }
async function template(LaunchTemplateData: RequestLaunchTemplateData) {
  const LaunchTemplateName = `parameters-${++names}`
  const { LaunchTemplate } = await aws.createLaunchTemplate({
    LaunchTemplateName,
    LaunchTemplateData,
  })
  return LaunchTemplate!.LaunchTemplateId!
}

const dataOf = async (LaunchTemplateId: string, version = '$Latest') => {
  const query = { LaunchTemplateId, Versions: [version] }
  const { LaunchTemplateVersions } = await aws.describeLaunchTemplateVersions(query)
  return LaunchTemplateVersions![0]!.LaunchTemplateData
}

describe('a version', () => {
  test('shows everything as it was given, and so do versions made from it', async () => {
    const id = await template(WHOLE)
    expect(await dataOf(id)).toEqual(WHOLE)
    await aws.createLaunchTemplateVersion({
      LaunchTemplateId: id,
      SourceVersion: '$Default',
      LaunchTemplateData: { InstanceType: 'm5.large', MetadataOptions: { HttpTokens: 'optional' } },
    })
    const MetadataOptions = { ...WHOLE.MetadataOptions, HttpTokens: 'optional' }
    expect(await dataOf(id)).toEqual({ ...WHOLE, InstanceType: 'm5.large', MetadataOptions })
    expect(await dataOf(id, '1')).toEqual(WHOLE)
  })

  test.each([
    ['create-time', '20*'],
    ['ebs-optimized', 'true'],
    ['host-resource-group-arn', '*group/g'],
    ['http-endpoint', 'enabled'],
    ['http-protocol-ipv4', 'enabled'],
    ['http-tokens', 'required'],
    ['iam-instance-profile', undefined],
    ['image-id', 'resolve:*'],
    ['instance-type', 't3.micro'],
    ['is-default-version', 'true'],
    ['kernel-id', 'aki-01234567'],
    ['license-configuration-arn', '*:l'],
    ['network-card-index', '1'],
    ['ram-disk-id', 'ari-01234567'],
  ])('is found by %s', async (Name, value) => {
    const LaunchTemplateId = await template(WHOLE)
    const found = async (text: string) => {
      const query = { LaunchTemplateId, Filters: [{ Name, Values: [text] }] }
      return (await aws.describeLaunchTemplateVersions(query)).LaunchTemplateVersions!.length
    }
    if (value) expect(await found(value)).toBe(1)
    expect(await found('none')).toBe(0)
  })
})

/** An instance without what is its own: ids, addresses, times. */
function likeness(instance: Instance): object {
  const { Tags, ...own } = instance
  const plain = (name: string, value: unknown): unknown =>
    /Id$|Time$|^Mac|^Private(Ip|Dns)|^ClientToken$|^Public/.test(name) ? undefined : value
  return JSON.parse(
    JSON.stringify({ ...own, Tags: Tags?.filter(({ Key }) => !Key!.startsWith('aws:')) }, plain),
  ) as object
}

describe('a launch', () => {
  test('from a template is the launch that its parameters would be', async () => {
    await aws.createKeyPair({ KeyName: 'me' })
    await aws.createPlacementGroup({ GroupName: 'parts', Strategy: 'partition', PartitionCount: 3 })
    const { Subnets } = await aws.describeSubnets({})
    const subnet = Subnets!.find(({ AvailabilityZone }) => AvailabilityZone === 'us-east-1b')!
    const parameters = {
      ImageId,
      InstanceType: 'm5.xlarge' as const,
      KeyName: 'me',
      UserData,
      EbsOptimized: true,
      DisableApiStop: true,
      DisableApiTermination: true,
      InstanceInitiatedShutdownBehavior: 'terminate' as const,
      Monitoring: { Enabled: true },
      Placement: { GroupName: 'parts', PartitionNumber: 2, Tenancy: 'default' as const },
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2, AmdSevSnp: 'disabled' as const },
      CapacityReservationSpecification: { CapacityReservationPreference: 'none' as const },
      MaintenanceOptions: { AutoRecovery: 'disabled' as const },
      NetworkPerformanceOptions: { BandwidthWeighting: 'default' as const },
      EnclaveOptions: { Enabled: false },
      HibernationOptions: { Configured: false },
      MetadataOptions: {
        HttpTokens: 'required' as const,
        HttpPutResponseHopLimit: 7,
        HttpEndpoint: 'enabled' as const,
        HttpProtocolIpv6: 'disabled' as const,
        InstanceMetadataTags: 'enabled' as const,
      },
      PrivateDnsNameOptions: {
        HostnameType: 'resource-name' as const,
        EnableResourceNameDnsARecord: true,
      },
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 9, VolumeType: 'gp3' as const } },
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 2, DeleteOnTermination: false } },
      ],
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: subnet.SubnetId!,
          Description: 'first',
          SecondaryPrivateIpAddressCount: 2,
          AssociatePublicIpAddress: false,
          DeleteOnTermination: true,
          InterfaceType: 'interface',
          NetworkCardIndex: 0,
        },
      ],
      TagSpecifications: [tags('instance'), tags('volume'), tags('network-interface')],
    }
    const LaunchTemplateId = await template(parameters)
    const direct = (await aws.runInstances({ ...parameters, ...ONE })).Instances![0]!
    const answer = await aws.runInstances({ LaunchTemplate: { LaunchTemplateId }, ...ONE })
    const byTemplate = answer.Instances![0]!
    expect(likeness(byTemplate)).toEqual(likeness(direct))
    expect(direct).toMatchObject({
      CapacityReservationSpecification: { CapacityReservationPreference: 'none' },
      CpuOptions: parameters.CpuOptions,
      MetadataOptions: parameters.MetadataOptions,
      Placement: { GroupName: 'parts', PartitionNumber: 2, AvailabilityZone: 'us-east-1b' },
    })
    // What says nothing of the two in DescribeInstances.
    for (const Attribute of ['userData', 'disableApiStop', 'disableApiTermination'] as const) {
      const of = async (InstanceId?: string) => {
        const shown = await aws.describeInstanceAttribute({ InstanceId, Attribute })
        return { ...shown, $metadata: null, InstanceId: null }
      }
      expect(await of(byTemplate.InstanceId)).toEqual(await of(direct.InstanceId))
    }
    // The request goes before the template: by member, by key where items have one, and whole lists otherwise.
    const over = await aws.runInstances({
      LaunchTemplate: { LaunchTemplateId },
      ...ONE,
      InstanceType: 'm5.large',
      Placement: { PartitionNumber: 3 },
      BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 3 } }],
      NetworkInterfaces: [{ DeviceIndex: 0, Description: 'other' }],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'over' }] }],
    })
    const changed = over.Instances![0]!
    expect(changed).toMatchObject({
      InstanceType: 'm5.large',
      SubnetId: subnet.SubnetId,
      Placement: { GroupName: 'parts', PartitionNumber: 3 },
      NetworkInterfaces: [{ Description: 'other' }],
    })
    expect(changed.NetworkInterfaces![0]!.PrivateIpAddresses).toHaveLength(3)
    expect(changed.Tags).toContainEqual({ Key: 'Name', Value: 'over' })
    const { Volumes } = await aws.describeVolumes({
      Filters: [{ Name: 'attachment.instance-id', Values: [changed.InstanceId!] }],
    })
    const sizes = Volumes!.map(({ Size, Attachments }) => [Attachments![0]!.Device, Size])
    expect(new Map(sizes as [string, number][])).toEqual(
      new Map([
        ['/dev/xvda', 9],
        ['/dev/sdf', 3],
      ]),
    )
  })

  test('in a zone by its id', async () => {
    const launch = (Placement: object) =>
      aws.runInstances({ ImageId, InstanceType: 't3.nano', ...ONE, Placement })
    const { Instances } = await launch({ AvailabilityZoneId: 'use1-az2' })
    const { AvailabilityZones } = await aws.describeAvailabilityZones({ ZoneIds: ['use1-az2'] })
    const { AvailabilityZone } = Instances![0]!.Placement!
    expect(AvailabilityZone).toBe(AvailabilityZones![0]!.ZoneName)
    expect(await codeOf(launch({ AvailabilityZoneId: 'use1-az99' }))).toBe('InvalidParameterValue')
    const both = launch({ AvailabilityZone: 'us-east-1a', AvailabilityZoneId: 'use1-az1' })
    expect(await codeOf(both)).toBe('InvalidParameterCombination')
  })

  const nic = (more: object) => ({ NetworkInterfaces: [{ DeviceIndex: 0, ...more }] })
  const disk = (Ebs: object) => ({
    BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1, ...Ebs } }],
  })
  const ABSENT: [string, Partial<RunInstancesCommandInput>][] = [
    ['spot', { InstanceMarketOptions: { MarketType: 'spot' } }],
    ['enclaves', { EnclaveOptions: { Enabled: true } }],
    ['a kernel', { KernelId: 'aki-01234567' }],
    ['a host', { Placement: { HostId: 'h-0123456789abcdef0' } }],
    ['a host resource group', { Placement: { HostResourceGroupArn: 'arn:x' } }],
    ['host affinity', { Placement: { Affinity: 'host' } }],
    ['host tenancy', { Placement: { Tenancy: 'host' } }],
    ['licences', { LicenseSpecifications: [{ LicenseConfigurationArn: 'arn:x' }] }],
    ['AMD SEV-SNP', { CpuOptions: { CoreCount: 1, ThreadsPerCore: 2, AmdSevSnp: 'enabled' } }],
    [
      'a capacity reservation',
      {
        CapacityReservationSpecification: {
          CapacityReservationTarget: { CapacityReservationId: 'cr-0123456789abcdef0' },
        },
      },
    ],
    ['weights', { NetworkPerformanceOptions: { BandwidthWeighting: 'vpc-1' } }],
    ['metadata by IPv6', { MetadataOptions: { HttpProtocolIpv6: 'enabled' } }],
    ['an EFA', nic({ InterfaceType: 'efa' })],
    ['a second card', nic({ NetworkCardIndex: 1 })],
    ['a carrier address', nic({ AssociateCarrierIpAddress: true })],
    ['IPv4 prefixes', nic({ Ipv4PrefixCount: 1 })],
    ['IPv6 prefixes', nic({ Ipv6Prefixes: [{ Ipv6Prefix: 'fd00::/80' }] })],
    ['queues', nic({ EnaQueueCount: 2 })],
    ['other time-outs', nic({ ConnectionTrackingSpecification: { UdpTimeout: 40 } })],
    ['a rate of initialisation', disk({ VolumeInitializationRate: 100 })],
  ]
  test.each(ABSENT)('with %s is refused by name, template or not', async (_name, parameters) => {
    const before = await cloud.app.store.count('instance', {})
    const base = { ImageId, InstanceType: 't3.nano' as const }
    const direct = aws.runInstances({ ...base, ...ONE, ...parameters })
    expect(await codeOf(direct)).toBe('UnsupportedOperation')
    const data = { ...base, ...parameters } as RequestLaunchTemplateData
    const LaunchTemplateId = await template(data)
    const answer = aws.runInstances({ LaunchTemplate: { LaunchTemplateId }, ...ONE })
    expect(await codeOf(answer)).toBe('UnsupportedOperation')
    expect(await cloud.app.store.count('instance', {})).toBe(before)
  })

  test.each([
    ['in a zone', { AvailabilityZone: 'us-east-1a' }],
    ['of an outpost', { OutpostArn: 'arn:x' }],
    ['of a card', { EbsCardIndex: 1 }],
  ])('with a volume %s is refused by name', async (_name, ebs) => {
    const direct = aws.runInstances({ ImageId, InstanceType: 't3.nano', ...ONE, ...disk(ebs) })
    expect(await codeOf(direct)).toBe('UnsupportedOperation')
  })

  test('of a template for fleets, which choose the type themselves', async () => {
    const InstanceRequirements = { VCpuCount: { Min: 1 }, MemoryMiB: { Min: 512 } }
    const LaunchTemplateId = await template({ ImageId, InstanceRequirements })
    const answer = aws.runInstances({ LaunchTemplate: { LaunchTemplateId }, ...ONE })
    expect(await codeOf(answer)).toBe('UnsupportedOperation')
  })
})

test('the capacity reservations of a stopped instance', async () => {
  const InstanceId = await stopped(aws)
  const change = (CapacityReservationSpecification: object) =>
    aws.modifyInstanceCapacityReservationAttributes({
      InstanceId,
      CapacityReservationSpecification,
    })
  const shown = async () => {
    const { Reservations } = await aws.describeInstances({ InstanceIds: [InstanceId] })
    return Reservations![0]!.Instances![0]!.CapacityReservationSpecification
  }
  expect(await shown()).toEqual({ CapacityReservationPreference: 'open' })
  await change({ CapacityReservationPreference: 'none' })
  expect(await shown()).toEqual({ CapacityReservationPreference: 'none' })
  await change({ CapacityReservationPreference: 'open' })
  expect(await shown()).toEqual({ CapacityReservationPreference: 'open' })
  expect(await codeOf(change({}))).toBe('MissingParameter')
  const target = { CapacityReservationTarget: { CapacityReservationId: 'cr-0123456789abcdef0' } }
  expect(await codeOf(change(target))).toBe('UnsupportedOperation')
  await aws.startInstances({ InstanceIds: [InstanceId] })
  const running = change({ CapacityReservationPreference: 'none' })
  expect(await codeOf(running)).toBe('IncorrectInstanceState')
})

test('a password is what the guest’s console says', async () => {
  const { Instances } = await aws.runInstances({ ImageId, InstanceType: 't3.nano', ...ONE })
  const { InstanceId } = Instances![0]!
  const asked = async () => {
    const { Timestamp, PasswordData } = await aws.getPasswordData({ InstanceId })
    expect(Timestamp).toBeInstanceOf(Date)
    return PasswordData
  }
  expect(await asked()).toBe('')
  const { consoleOutput } = cloud.agent
  cloud.agent.consoleOutput = async () => ({
    bytes: Buffer.from(
      'boot\r\n<Password>\r\nb2xk\r\n</Password>\r\n<Password>\r\nbmV3\r\nZXI=\r\n</Password>',
    ),
    at: Date.now(),
  })
  expect(await asked()).toBe('bmV3ZXI=')
  cloud.agent.consoleOutput = consoleOutput
  const unknown = aws.getPasswordData({ InstanceId: 'i-0123456789abcdef0' })
  expect(await codeOf(unknown)).toBe('InvalidInstanceID.NotFound')
})
