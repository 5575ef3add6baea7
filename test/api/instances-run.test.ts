/** RunInstances through the SDK: every parameter, every refusal. */
import {
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  ImportKeyPairCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { describe as see, launch, running } from '../support/launch.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJWHXRH3qS8mLzXJ0Cq2ZP8lA1hQHxTlPPMYFRcWx6zB me'
const SNAPSHOT = 'snap-0123456789abcdef0'
const b64 = (text: string): string => Buffer.from(text).toString('base64')

let cloud: TestCloud
let subnets: Map<string, string>
beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 16, memoryMiB: 64 * 1024 } })
  const { Subnets } = await cloud.ec2.send(new DescribeSubnetsCommand({}))
  subnets = new Map(Subnets!.map((one) => [one.AvailabilityZone!, one.SubnetId!]))
})
afterAll(() => cloud.close())

const run = (input: Partial<RunInstancesCommandInput> = {}) =>
  cloud.ec2.send(
    new RunInstancesCommand({
      ImageId: TINY,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      ...input,
    }),
  )
const volumesOf = async (id: string) => {
  const Filters = [{ Name: 'attachment.instance-id', Values: [id] }]
  return (await cloud.ec2.send(new DescribeVolumesCommand({ Filters }))).Volumes!
}

describe('a launch', () => {
  test('answers at once with what was asked for, pending', async () => {
    const { Instances, OwnerId, ReservationId } = await run()
    expect(OwnerId).toBe(ACCOUNT)
    expect(ReservationId).toMatch(/^r-[0-9a-f]{17}$/)
    expect(Instances![0]).toMatchObject({
      ImageId: TINY,
      InstanceType: 't3.micro',
      State: { Code: 0, Name: 'pending' },
      StateReason: { Code: 'pending', Message: 'pending' },
      AmiLaunchIndex: 0,
      Architecture: 'x86_64',
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
      EbsOptimized: false,
      MetadataOptions: { HttpTokens: 'optional', HttpPutResponseHopLimit: 1 },
      Monitoring: { State: 'disabled' },
      Placement: { AvailabilityZone: 'us-east-1a', Tenancy: 'default' },
      PrivateIpAddress: expect.stringMatching(/^172\.31\./),
      RootDeviceName: '/dev/xvda',
      SecurityGroups: [{ GroupName: 'default' }],
      SourceDestCheck: true,
    })
  })

  test('with everything that a user would give', async () => {
    const PublicKeyMaterial = Buffer.from(KEY)
    await cloud.ec2.send(new ImportKeyPairCommand({ KeyName: 'me', PublicKeyMaterial }))
    const group = { GroupName: 'web', Description: 'd' }
    const { GroupId } = await cloud.ec2.send(new CreateSecurityGroupCommand(group))
    const tags = (...types: ('instance' | 'volume' | 'network-interface')[]) =>
      types.map((ResourceType) => ({ ResourceType, Tags: [{ Key: 'Name', Value: ResourceType }] }))
    const id = await running(cloud.ec2, {
      KeyName: 'me',
      InstanceType: 'm5.xlarge',
      SecurityGroupIds: [GroupId!],
      SubnetId: subnets.get('us-east-1b'),
      PrivateIpAddress: '172.31.16.77',
      UserData: b64('#!/bin/sh\necho hi\n'),
      InstanceInitiatedShutdownBehavior: 'terminate',
      DisableApiTermination: true,
      DisableApiStop: true,
      EbsOptimized: true,
      Monitoring: { Enabled: true },
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      PrivateDnsNameOptions: { HostnameType: 'resource-name' },
      MaintenanceOptions: { AutoRecovery: 'disabled' },
      TagSpecifications: tags('instance', 'volume', 'network-interface'),
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, DeleteOnTermination: false } },
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 5, VolumeType: 'io1', Iops: 200 } },
        { DeviceName: '/dev/sdg', Ebs: { SnapshotId: SNAPSHOT } },
      ],
    })
    const instance = await see(cloud.ec2, id)
    expect(instance).toMatchObject({
      KeyName: 'me',
      SubnetId: subnets.get('us-east-1b'),
      Placement: { AvailabilityZone: 'us-east-1b' },
      PrivateIpAddress: '172.31.16.77',
      PrivateDnsName: `${id}.ec2.internal`,
      SecurityGroups: [{ GroupId, GroupName: 'web' }],
      EbsOptimized: true,
      Monitoring: { State: 'enabled' },
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      MaintenanceOptions: { AutoRecovery: 'disabled' },
      Tags: [{ Key: 'Name', Value: 'instance' }],
    })
    const byInterface = [{ Name: 'network-interface.tag-value', Values: ['network-interface'] }]
    const tagged = new DescribeInstancesCommand({ Filters: byInterface })
    expect((await cloud.ec2.send(tagged)).Reservations).toHaveLength(1)
    const volumes = await volumesOf(id)
    const byDevice = new Map(volumes.map((one) => [one.Attachments![0]!.Device, one]))
    expect(byDevice.get('/dev/xvda')).toMatchObject({
      Size: 8,
      SnapshotId: SNAPSHOT,
      Attachments: [{ DeleteOnTermination: false }],
      Tags: [{ Value: 'volume' }],
    })
    expect(byDevice.get('/dev/sdf')).toMatchObject({ Size: 5, VolumeType: 'io1', Iops: 200 })
    expect(byDevice.get('/dev/sdg')).toMatchObject({ Size: 1, SnapshotId: SNAPSHOT })
    for (const [Attribute, expected] of [
      ['disableApiTermination', { DisableApiTermination: { Value: true } }],
      ['disableApiStop', { DisableApiStop: { Value: true } }],
      [
        'instanceInitiatedShutdownBehavior',
        { InstanceInitiatedShutdownBehavior: { Value: 'terminate' } },
      ],
      ['userData', { UserData: { Value: b64('#!/bin/sh\necho hi\n') } }],
    ] as const) {
      const command = new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute })
      expect(await cloud.ec2.send(command)).toMatchObject(expected)
    }
  })

  test('with interfaces of its own and ones that exist', async () => {
    const SubnetId = subnets.get('us-east-1a')!
    const made = await cloud.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }))
    const { NetworkInterfaceId } = made.NetworkInterface!
    const id = await running(cloud.ec2, {
      NetworkInterfaces: [
        { DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: false, Description: 'first' },
        { DeviceIndex: 1, NetworkInterfaceId },
      ],
    })
    const instance = await see(cloud.ec2, id)
    expect(instance.PublicIpAddress).toBeUndefined()
    expect(instance.NetworkInterfaces).toMatchObject([
      { Description: 'first', Attachment: { DeviceIndex: 0, DeleteOnTermination: true } },
      { NetworkInterfaceId, Attachment: { DeviceIndex: 1, DeleteOnTermination: false } },
    ])
    const again = run({ NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId }] })
    expect(await codeOf(again)).toBe('InvalidNetworkInterface.InUse')
  })

  test('several at once are one reservation', async () => {
    const { Instances, ReservationId } = await run({ MinCount: 2, MaxCount: 3 })
    expect(Instances!.map((one) => one.AmiLaunchIndex)).toEqual([0, 1, 2])
    const Filters = [{ Name: 'reservation-id', Values: [ReservationId!] }]
    const found = await cloud.ec2.send(new DescribeInstancesCommand({ Filters }))
    expect(found.Reservations).toHaveLength(1)
    expect(found.Reservations![0]!.Instances).toHaveLength(3)
  })

  test('the same client token is the same launch', async () => {
    const input = { ClientToken: 'a-launch' }
    const first = await run(input)
    const second = await run(input)
    expect(second.ReservationId).toBe(first.ReservationId)
    expect(second.Instances![0]!.InstanceId).toBe(first.Instances![0]!.InstanceId)
    expect(await codeOf(run({ ...input, MaxCount: 2 }))).toBe('IdempotentParameterMismatch')
    // The token is the account's own.
    const other = cloud.ec2Of({ account: '444455556666' })
    const [theirs] = await launch(other, input)
    expect(theirs).not.toBe(first.Instances![0]!.InstanceId)
  })

  test('a dry run leaves nothing', async () => {
    const count = async () =>
      (await cloud.app.store.list('instance', {})).length +
      (await cloud.app.store.list('volume', {})).length +
      (await cloud.app.store.list('networkInterface', {})).length
    const before = await count()
    expect(await errorOf(run({ DryRun: true }))).toMatchObject({ code: 'DryRunOperation' })
    expect(await codeOf(run({ DryRun: true, KeyName: 'nobody' }))).toBe('InvalidKeyPair.NotFound')
    expect(await count()).toBe(before)
  })
})

describe('refused', () => {
  const disk = (DeviceName: string, Ebs: object = {}) => ({
    BlockDeviceMappings: [{ DeviceName, Ebs }],
  })

  test.each<[string, Partial<RunInstancesCommandInput>, string]>([
    ['no image', { ImageId: undefined }, 'MissingParameter'],
    ['an unknown image', { ImageId: 'ami-00000000000000000' }, 'InvalidAMIID.NotFound'],
    ['a malformed image', { ImageId: 'tiny' }, 'InvalidAMIID.Malformed'],
    ['an unknown type', { InstanceType: 't9.huge' as 't3.micro' }, 'InvalidParameterValue'],
    ['an unknown key', { KeyName: 'nobody' }, 'InvalidKeyPair.NotFound'],
    ['an unknown subnet', { SubnetId: 'subnet-0123456789abcdef0' }, 'InvalidSubnetID.NotFound'],
    ['an unknown group', { SecurityGroupIds: ['sg-0123456789abcdef0'] }, 'InvalidGroup.NotFound'],
    ['an unknown group name', { SecurityGroups: ['nobody'] }, 'InvalidGroup.NotFound'],
    [
      'a group by its name where a subnet is named',
      { SubnetId: 'subnet-0123456789abcdef0', SecurityGroups: ['default'] },
      'InvalidParameterCombination',
    ],
    ['an unknown zone', { Placement: { AvailabilityZone: 'us-east-1z' } }, 'InvalidParameterValue'],
    ['no machine at all', { MinCount: 0, MaxCount: 0 }, 'InvalidParameterValue'],
    ['a maximum below the minimum', { MinCount: 2, MaxCount: 1 }, 'InvalidParameterValue'],
    ['more than anybody has', { MinCount: 1_001, MaxCount: 1_001 }, 'InstanceLimitExceeded'],
    ['user data that is not base64', { UserData: '#!/bin/sh' }, 'InvalidParameterValue'],
    ['too much user data', { UserData: b64('x'.repeat(16_385)) }, 'InvalidParameterValue'],
    ['an address elsewhere', { PrivateIpAddress: '10.9.9.9' }, 'InvalidParameterValue'],
    [
      'one address for two',
      { PrivateIpAddress: '172.31.0.50', MaxCount: 2 },
      'InvalidParameterCombination',
    ],
    ['a bad device name', disk('disk1', { VolumeSize: 1 }), 'InvalidParameterValue'],
    ['a disk of no size', disk('/dev/sdf', {}), 'MissingParameter'],
    [
      'a root smaller than its snapshot',
      disk('/dev/xvda', { VolumeSize: 0 }),
      'InvalidParameterValue',
    ],
    [
      'an unknown snapshot',
      disk('/dev/sdf', { SnapshotId: 'snap-00000000000000000' }),
      'InvalidSnapshot.NotFound',
    ],
    [
      'no root',
      { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', NoDevice: '' }] },
      'InvalidParameterValue',
    ],
    [
      'more cores than the type has',
      { CpuOptions: { CoreCount: 2, ThreadsPerCore: 2 } },
      'InvalidParameterValue',
    ],
    ['half of the CPU options', { CpuOptions: { CoreCount: 1 } }, 'MissingParameter'],
    [
      'a hop limit of 65',
      { MetadataOptions: { HttpPutResponseHopLimit: 65 } },
      'InvalidParameterValue',
    ],
    [
      'interfaces and a subnet',
      { SubnetId: 'subnet-0123456789abcdef0', NetworkInterfaces: [{ DeviceIndex: 0 }] },
      'InvalidParameterCombination',
    ],
    [
      'three interfaces on a t3.micro',
      { NetworkInterfaces: [0, 1, 2].map((DeviceIndex) => ({ DeviceIndex })) },
      'AttachmentLimitExceeded',
    ],
    [
      'tags for something else',
      { TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'k', Value: 'v' }] }] },
      'InvalidParameterValue',
    ],
    ['spot', { InstanceMarketOptions: { MarketType: 'spot' } }, 'UnsupportedOperation'],
    [
      'hibernation',
      { HibernationOptions: { Configured: true } },
      'UnsupportedHibernationConfiguration',
    ],
    [
      'a launch template that there is not',
      { LaunchTemplate: { LaunchTemplateName: 'x' } },
      'InvalidLaunchTemplateName.NotFoundException',
    ],
  ])('%s', async (_title, input, code) => {
    const before = await cloud.app.store.count('instance', {})
    expect(await codeOf(run(input))).toBe(code)
    expect(await cloud.app.store.count('instance', {})).toBe(before)
  })

  test('a type that can never run here, naming one that would', async () => {
    const arm = await errorOf(run({ InstanceType: 't4g.micro' }))
    expect(arm).toMatchObject({ code: 'Unsupported', message: expect.stringContaining('arm64') })
    const gpu = await errorOf(run({ InstanceType: 'g4dn.xlarge' }))
    expect(gpu.message).toMatch(/accelerators.*Try [mcrt]\d[a-z0-9]*\.[a-z0-9]+\./)
    const large = await errorOf(run({ InstanceType: 'm5.24xlarge' }))
    expect(large).toMatchObject({ code: 'Unsupported', message: expect.stringContaining('Try ') })
    const suggested = /Try (\S+)\./.exec(large.message)![1] as 't3.micro'
    expect(await codeOf(run({ InstanceType: suggested, DryRun: true }))).toBe('DryRunOperation')
  })

  test('what does not fit now; as many as fit between the counts', async () => {
    await using small = await startTestCloud({ simulated: { cpuCount: 2, memoryMiB: 4096 + 512 } })
    const ids = await launch(small.ec2, { MinCount: 1, MaxCount: 10 })
    expect(ids).toHaveLength(4)
    const error = await errorOf(launch(small.ec2))
    expect(error).toMatchObject({
      code: 'InsufficientInstanceCapacity',
      message: expect.stringContaining('t3.micro capacity in the Availability Zone'),
    })
    const none = await small.app.store.list('instance', {})
    expect(none).toHaveLength(4)
  })
})
