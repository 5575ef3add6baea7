/** Images and their snapshots through the SDK. */
import {
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DisableImageDeprecationCommand,
  EnableImageDeprecationCommand,
  ModifyImageAttributeCommand,
  RegisterImageCommand,
  ResetImageAttributeCommand,
  waitUntilImageAvailable,
  type DescribeImagesCommandInput,
  type EC2,
  type ImageAttributeName,
  type ModifyImageAttributeCommandInput,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { imagesRegister } from '../../src/app/images/register.ts'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { describe as see, launch, running, WAIT } from '../support/launch.ts'

const SNAPSHOT = 'snap-0123456789abcdef0'
const FRIEND = '444455556666'

let cloud: TestCloud
let friend: EC2
let stranger: EC2
beforeAll(async () => {
  cloud = await startTestCloud()
  friend = cloud.ec2Of({ account: FRIEND })
  stranger = cloud.ec2Of({ account: '777788889999' })
})
afterAll(() => cloud.close())

const images = async (input: DescribeImagesCommandInput = {}, client = cloud.ec2) =>
  (await client.send(new DescribeImagesCommand(input))).Images!
const idsOf = async (input: DescribeImagesCommandInput, client = cloud.ec2) =>
  (await images(input, client)).map((image) => image.ImageId)
const filtered = (Name: string, ...Values: string[]) => idsOf({ Filters: [{ Name, Values }] })
const ROOT = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: SNAPSHOT } }
const register = async (Name: string, input: Partial<RegisterImageCommandInput> = {}) => {
  const defaults = { RootDeviceName: '/dev/xvda', BlockDeviceMappings: [ROOT] }
  const command = new RegisterImageCommand({ Name, ...defaults, ...input })
  return (await cloud.ec2.send(command)).ImageId!
}
const modify = (ImageId: string, input: Omit<ModifyImageAttributeCommandInput, 'ImageId'>) =>
  cloud.ec2.send(new ModifyImageAttributeCommand({ ImageId, ...input }))

describe('a public image', () => {
  test('is found by owner, alias, id, name pattern and filters', async () => {
    const [image] = await images({ ImageIds: [TINY] })
    expect(image).toMatchObject({
      ImageId: TINY,
      Name: 'brume-tiny-test',
      ImageOwnerAlias: 'amazon',
      ImageLocation: 'amazon/brume-tiny-test',
      Public: true,
      State: 'available',
      Architecture: 'x86_64',
      RootDeviceName: '/dev/xvda',
      RootDeviceType: 'ebs',
      VirtualizationType: 'hvm',
      PlatformDetails: 'Linux/UNIX',
      CreationDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/xvda',
          Ebs: { SnapshotId: SNAPSHOT, VolumeSize: 1, VolumeType: 'gp3' },
        },
      ],
    })
    expect(await idsOf({ Owners: ['amazon'] })).toEqual([TINY])
    expect(await idsOf({ Owners: ['self'] })).toEqual([])
    expect(await idsOf({ Owners: ['self', image!.OwnerId!] })).toEqual([TINY])
    expect(await idsOf({ ExecutableUsers: ['all'] })).toEqual([TINY])
    expect(await filtered('name', 'brume-tiny-*')).toEqual([TINY])
    expect(await filtered('name', 'brume-*-no')).toEqual([])
    expect(await filtered('owner-alias', 'amazon')).toEqual([TINY])
    expect(await filtered('block-device-mapping.snapshot-id', SNAPSHOT)).toEqual([TINY])
    expect(await filtered('is-public', 'false')).toEqual([])
    expect(await filtered('architecture', 'arm64', 'x86_64')).toEqual([TINY])
    await waitUntilImageAvailable({ client: cloud.ec2, ...WAIT }, { ImageIds: [TINY] })
  })

  test('is nobody’s to change', async () => {
    expect(await errorOf(modify(TINY, { Description: { Value: 'mine' } }))).toEqual({
      code: 'AuthFailure',
      message: `Not authorized for image:${TINY}`,
    })
    const end = new DeregisterImageCommand({ ImageId: TINY })
    expect(await codeOf(cloud.ec2.send(end))).toBe('AuthFailure')
    const ask = { ImageId: TINY, Attribute: 'launchPermission' as const }
    expect(await codeOf(cloud.ec2.send(new DescribeImageAttributeCommand(ask)))).toBe('AuthFailure')
  })

  test('unknown and malformed ids', async () => {
    expect(await errorOf(images({ ImageIds: ['ami-00000000000000000'] }))).toEqual({
      code: 'InvalidAMIID.NotFound',
      message: "The image id '[ami-00000000000000000]' does not exist",
    })
    expect(await codeOf(images({ ImageIds: ['tiny'] }))).toBe('InvalidAMIID.Malformed')
    expect(await codeOf(images({ MaxResults: 1_001 }))).toBe('InvalidParameterValue')
  })

  test('of the catalogue: registered once, however often', async () => {
    const manifest = {
      name: 'debian-12',
      version: '20261116',
      contentHash: 'a'.repeat(64),
      description: 'Debian 12',
      architecture: 'x86_64',
      rootDeviceName: '/dev/xvda',
      defaultUser: 'admin',
      disk: { file: 'disk.qcow2', virtualSizeBytes: 2 * 1024 ** 3 },
      boot: { firmware: ['bios'] },
    } as unknown as Parameters<typeof imagesRegister>[1][0]['manifest']
    const one = { manifest, imageFolder: 'debian-12', owner: { type: 'amazon' as const } }
    const [id] = await imagesRegister(cloud.app, [one])
    await imagesRegister(cloud.app, [one])
    expect(await filtered('name', 'debian-12-amd64-*')).toEqual([id])
    expect(await idsOf({ Owners: ['137112412989'] })).toEqual([id])
  })
})

describe('an image of the account', () => {
  test('is registered from a snapshot, launched, and gone when deregistered', async () => {
    const id = await register('golden', {
      Description: 'from a snapshot',
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { SnapshotId: SNAPSHOT, VolumeSize: 4 } },
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 2, VolumeType: 'gp3' } },
      ],
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'k', Value: 'v' }] }],
    })
    const [image] = await images({ Owners: ['self'] })
    expect(image).toMatchObject({
      ImageId: id,
      Name: 'golden',
      OwnerId: ACCOUNT,
      ImageLocation: `${ACCOUNT}/golden`,
      Public: false,
      Tags: [{ Key: 'k', Value: 'v' }],
    })
    expect(await filtered('tag:k', 'v')).toEqual([id])
    const instance = await running(cloud.ec2, { ImageId: id })
    const devices = (await see(cloud.ec2, instance)).BlockDeviceMappings!
    expect(devices.map((device) => device.DeviceName)).toEqual(['/dev/sdf', '/dev/xvda'])
    await cloud.ec2.send(new DeregisterImageCommand({ ImageId: id }))
    expect(await idsOf({ Owners: ['self'] })).toEqual([])
    expect(await codeOf(launch(cloud.ec2, { ImageId: id }))).toBe('InvalidAMIID.NotFound')
    expect((await see(cloud.ec2, instance)).State?.Name).toBe('running')
    // The name is free again.
    await cloud.ec2.send(new DeregisterImageCommand({ ImageId: await register('golden') }))
  })

  test.each<[string, string, Partial<RegisterImageCommandInput>, string]>([
    ['no root', 'no-root', { RootDeviceName: '/dev/sda1' }, 'InvalidParameterValue'],
    ['a star in its name', 'a*b', {}, 'InvalidAMIName.Malformed'],
    ['another architecture', 'arm', { Architecture: 'arm64' }, 'InvalidParameterValue'],
    ['an image in S3', 's3-image', { ImageLocation: 'b/x.xml' }, 'UnsupportedOperation'],
    [
      'an unknown snapshot',
      'unknown',
      { BlockDeviceMappings: [{ ...ROOT, Ebs: { SnapshotId: 'snap-00000000000000000' } }] },
      'InvalidSnapshot.NotFound',
    ],
    [
      'a smaller volume',
      'small',
      { BlockDeviceMappings: [{ ...ROOT, Ebs: { SnapshotId: SNAPSHOT, VolumeSize: 0 } }] },
      'InvalidParameterValue',
    ],
  ])('not with %s', async (_title, name, input, code) => {
    expect(await codeOf(register(name, input))).toBe(code)
  })

  test('names are unique', async () => {
    const id = await register('unique')
    expect(await codeOf(register('unique'))).toBe('InvalidAMIName.Duplicate')
    expect(await codeOf(register('unique', { DryRun: true }))).toBe('InvalidAMIName.Duplicate')
    expect(await codeOf(register('other', { DryRun: true }))).toBe('DryRunOperation')
    await cloud.ec2.send(new DeregisterImageCommand({ ImageId: id }))
  })

  test('is shared with an account, with all, with nobody', async () => {
    const id = await register('shared')
    const attribute = async (Attribute: ImageAttributeName) =>
      cloud.ec2.send(new DescribeImageAttributeCommand({ ImageId: id, Attribute }))
    expect(await codeOf(images({ ImageIds: [id] }, friend))).toBe('InvalidAMIID.NotFound')
    await modify(id, { LaunchPermission: { Add: [{ UserId: FRIEND }] } })
    expect(await idsOf({ ExecutableUsers: ['self'] }, friend)).toEqual([id])
    expect(await idsOf({ ExecutableUsers: [FRIEND] })).toEqual([id])
    expect(await codeOf(images({ ImageIds: [id] }, stranger))).toBe('InvalidAMIID.NotFound')
    await running(friend, { ImageId: id })
    await modify(id, {
      Attribute: 'launchPermission',
      OperationType: 'add',
      UserGroups: ['all'],
    })
    expect((await attribute('launchPermission')).LaunchPermissions).toEqual([
      { Group: 'all' },
      { UserId: FRIEND },
    ])
    expect(await idsOf({ ImageIds: [id] }, stranger)).toEqual([id])
    const reset = { ImageId: id, Attribute: 'launchPermission' as const }
    await cloud.ec2.send(new ResetImageAttributeCommand(reset))
    expect((await attribute('launchPermission')).LaunchPermissions).toEqual([])
    expect(await codeOf(images({ ImageIds: [id] }, friend))).toBe('InvalidAMIID.NotFound')
    await modify(id, { Description: { Value: 'told' } })
    expect((await attribute('description')).Description).toEqual({ Value: 'told' })
    expect(await codeOf(modify(id, {}))).toBe('MissingParameter')
    const wrong = { LaunchPermission: { Add: [{ UserId: 'me' }] } }
    expect(await codeOf(modify(id, wrong))).toBe('InvalidParameterValue')
    await cloud.ec2.send(new DeregisterImageCommand({ ImageId: id }))
  })

  test('deprecated: hidden from others, not from who knows its id', async () => {
    const id = await register('old')
    await modify(id, { LaunchPermission: { Add: [{ Group: 'all' }] } })
    const deprecate = (at: number) =>
      cloud.ec2.send(new EnableImageDeprecationCommand({ ImageId: id, DeprecateAt: new Date(at) }))
    expect(await codeOf(deprecate(Date.now() - 3_600_000))).toBe('InvalidParameterValue')
    await deprecate(Date.now() + 3_600_000)
    expect((await images({ ImageIds: [id] }))[0]!.DeprecationTime).toBeDefined()
    expect(await idsOf({ Owners: [ACCOUNT] }, friend)).toEqual([id])
    await cloud.app.store.transact(async (tx) => {
      const image = await tx.get('image', id)
      await tx.update('image', { ...image!, deprecatedAt: Date.now() - 1 })
    })
    expect(await idsOf({ Owners: [ACCOUNT] }, friend)).toEqual([])
    expect(await idsOf({ Owners: [ACCOUNT], IncludeDeprecated: true }, friend)).toEqual([id])
    expect(await idsOf({ ImageIds: [id] }, friend)).toEqual([id])
    expect(await idsOf({ Owners: ['self'] })).toEqual([id])
    await cloud.ec2.send(new DisableImageDeprecationCommand({ ImageId: id }))
    expect(await idsOf({ Owners: [ACCOUNT] }, friend)).toEqual([id])
    await cloud.ec2.send(new DeregisterImageCommand({ ImageId: id }))
  })
})

test('an image that was added on the host, deregistered, and added again', async () => {
  const manifest = {
    name: 'appliance',
    version: '1',
    contentHash: 'b'.repeat(64),
    description: '',
    architecture: 'x86_64',
    rootDeviceName: '/dev/xvda',
    defaultUser: 'root',
    disk: { file: 'disk.qcow2', virtualSizeBytes: 1024 ** 3 },
    boot: { firmware: ['bios'] },
  } as unknown as Parameters<typeof imagesRegister>[1][0]['manifest']
  const owner = { type: 'account' as const, account: ACCOUNT, region: '*' }
  const added = [{ manifest, imageFolder: 'appliance', owner }]
  const [id] = await imagesRegister(cloud.app, added, { isAskedFor: true })
  const mine = () => idsOf({ Owners: ['self'] })
  expect(await mine()).toEqual([id])
  const [{ Name }] = (await images({ ImageIds: [id!] })) as [{ Name: string }]
  expect(await codeOf(register(Name))).toBe('InvalidAMIName.Duplicate')
  await cloud.ec2.send(new DeregisterImageCommand({ ImageId: id! }))
  await imagesRegister(cloud.app, added)
  expect(await mine()).toEqual([])
  await imagesRegister(cloud.app, added, { isAskedFor: true })
  expect(await mine()).toEqual([id])
})

describe('snapshots', () => {
  const snapshots = async (input: object) =>
    (await cloud.ec2.send(new DescribeSnapshotsCommand(input))).Snapshots!

  test('of images are described', async () => {
    const [one] = await snapshots({ SnapshotIds: [SNAPSHOT] })
    expect(one).toMatchObject({
      SnapshotId: SNAPSHOT,
      State: 'completed',
      Progress: '100%',
      VolumeSize: 1,
      OwnerAlias: 'amazon',
      Encrypted: false,
    })
    expect((await snapshots({ OwnerIds: ['amazon'] })).length).toBeGreaterThan(0)
    const stranger = ['999988887777']
    expect(await snapshots({ OwnerIds: stranger })).toEqual([])
    expect((await snapshots({ RestorableByUserIds: ['all'] })).length).toBeGreaterThan(0)
    const bySize = [{ Name: 'volume-size', Values: ['1'] }]
    expect((await snapshots({ Filters: bySize })).map((each) => each.SnapshotId)).toContain(
      SNAPSHOT,
    )
    const unknown = { SnapshotIds: ['snap-00000000000000000'] }
    expect(await codeOf(snapshots(unknown))).toBe('InvalidSnapshot.NotFound')
  })
})
