/** Images made of instances and of other images, through the SDK: what they hold, how they launch, how they end. */
import {
  CopyImageCommand,
  CreateImageCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DisableImageCommand,
  DisableImageDeregistrationProtectionCommand,
  EnableImageCommand,
  EnableImageDeregistrationProtectionCommand,
  RegisterImageCommand,
  TerminateInstancesCommand,
  waitUntilImageAvailable,
  waitUntilInstanceTerminated,
  type CreateImageCommandInput,
  type Image,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { launch, running, stopped } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
const { waiter, list, look, remove, attached, write, read } = volumeKit(() => cloud)

const create = async (
  InstanceId: string,
  Name: string,
  input: Partial<CreateImageCommandInput> = {},
) => (await cloud.ec2.send(new CreateImageCommand({ InstanceId, Name, ...input }))).ImageId!
const image = async (ImageId: string, client = cloud.ec2): Promise<Image> =>
  (await client.send(new DescribeImagesCommand({ ImageIds: [ImageId] }))).Images![0]!
const available = (...ImageIds: string[]) => waitUntilImageAvailable(waiter(), { ImageIds })
const rootOf = async (id: string) => {
  const volumes = await attached(id)
  const onHost = volumes.find((one) => cloud.agent.volumes().get(one)?.sizeGiB !== 2)
  return onHost!
}
const DATA = { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 2, DeleteOnTermination: false } }

describe('an image of an instance', () => {
  test('has its volumes, and launches with what they held', async () => {
    const instance = await running(cloud.ec2, { BlockDeviceMappings: [DATA] })
    const root = await rootOf(instance)
    write(root, 0, 'installed')
    const id = await create(instance, 'golden', {
      Description: 'with everything',
      NoReboot: true,
      TagSpecifications: [
        { ResourceType: 'image', Tags: [{ Key: 'is', Value: 'image' }] },
        { ResourceType: 'snapshot', Tags: [{ Key: 'is', Value: 'snapshot' }] },
      ],
    })
    write(root, 0, 'changed afterwards')
    expect(cloud.agent.reboots(instance)).toBe(0)
    await available(id)
    const shown = await image(id)
    expect(shown).toMatchObject({
      State: 'available',
      Public: false,
      Description: 'with everything',
      SourceInstanceId: instance,
      SourceImageId: TINY,
      RootDeviceName: '/dev/xvda',
      Tags: [{ Key: 'is', Value: 'image' }],
    })
    const byName = new Map(shown.BlockDeviceMappings!.map((one) => [one.DeviceName, one.Ebs]))
    expect(byName.get('/dev/sdf')).toMatchObject({ VolumeSize: 2, DeleteOnTermination: false })
    expect(byName.get('/dev/xvda')).toMatchObject({ VolumeSize: 1, DeleteOnTermination: true })
    expect(byName.size).toBe(2)
    for (const device of shown.BlockDeviceMappings!) {
      expect(await look(device.Ebs!.SnapshotId!)).toMatchObject({
        Description: `Created by CreateImage(${instance}) for golden`,
        Tags: [{ Key: 'is', Value: 'snapshot' }],
      })
    }
    const next = await running(cloud.ec2, { ImageId: id })
    expect(read(await rootOf(next), 0)).toBe('installed')
    expect(await attached(next)).toHaveLength(2)
  })

  test('reboots it, unless it is stopped', async () => {
    const instance = await running(cloud.ec2)
    await available(await create(instance, 'rebooted'))
    expect(cloud.agent.reboots(instance)).toBe(1)
    const still = await stopped(cloud.ec2)
    await available(await create(still, 'of a stopped one'))
    expect(cloud.agent.reboots(still)).toBe(0)
  })

  test('with devices left out, changed and added', async () => {
    const instance = await running(cloud.ec2, { BlockDeviceMappings: [DATA] })
    const id = await create(instance, 'changed', {
      NoReboot: true,
      BlockDeviceMappings: [
        { DeviceName: '/dev/sdf', NoDevice: '' },
        { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, VolumeType: 'gp2' } },
        { DeviceName: '/dev/sdg', Ebs: { VolumeSize: 3 } },
      ],
    })
    const devices = (await image(id)).BlockDeviceMappings!
    expect(devices.map((one) => [one.DeviceName, one.Ebs!.VolumeSize]).sort()).toEqual([
      ['/dev/sdg', 3],
      ['/dev/xvda', 8],
    ])
    expect(devices.find((one) => one.DeviceName === '/dev/sdg')!.Ebs!.SnapshotId).toBeUndefined()
    const next = await running(cloud.ec2, { ImageId: id })
    const sizes = (await attached(next)).map((one) => cloud.agent.volumes().get(one)!.sizeGiB)
    expect(sizes.sort()).toEqual([3, 8])
    const wrong = {
      NoReboot: true,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', NoDevice: '' }],
    }
    expect(await codeOf(create(instance, 'without root', wrong))).toBe('InvalidParameterValue')
  })

  test('outlives its instance, and can be the root of a registered image', async () => {
    const instance = await running(cloud.ec2)
    write(await rootOf(instance), 0, 'kept')
    const id = await create(instance, 'to keep', { NoReboot: true })
    await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }))
    await waitUntilInstanceTerminated(waiter(), { InstanceIds: [instance] })
    const { SnapshotId } = (await image(id)).BlockDeviceMappings![0]!.Ebs!
    expect(await codeOf(remove(SnapshotId!))).toBe('InvalidSnapshot.InUse')
    const { ImageId } = await cloud.ec2.send(
      new RegisterImageCommand({
        Name: 'registered',
        RootDeviceName: '/dev/xvda',
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }],
      }),
    )
    await cloud.ec2.send(new DeregisterImageCommand({ ImageId: id }))
    const next = await running(cloud.ec2, { ImageId: ImageId! })
    expect(read(await rootOf(next), 0)).toBe('kept')
  })

  test('of a host that cannot take its snapshots fails and says why', async () => {
    const instance = await running(cloud.ec2)
    cloud.agent.storage.failFreeze('no space left on device')
    const id = await create(instance, 'failed', { NoReboot: true })
    cloud.agent.storage.failFreeze(null)
    expect(await image(id)).toMatchObject({
      State: 'failed',
      StateReason: { Message: 'no space left on device' },
    })
    expect(await codeOf(launch(cloud.ec2, { ImageId: id }))).toBe('InvalidAMIID.Unavailable')
  })

  test.each<[string, string, string]>([
    ['a name in use', 'taken', 'InvalidAMIName.Duplicate'],
    ['a malformed name', 'no!', 'InvalidAMIName.Malformed'],
  ])('not with %s', async (_, name, code) => {
    const instance = await running(cloud.ec2)
    await create(instance, 'taken', { NoReboot: true }).catch(() => {})
    expect(await codeOf(create(instance, name, { NoReboot: true }))).toBe(code)
    expect(await codeOf(create(instance, 'dry', { DryRun: true }))).toBe('DryRunOperation')
  })
})

describe('a copy of an image', () => {
  const copy = async (SourceImageId: string, Name: string, client = cloud.ec2, input = {}) =>
    (
      await client.send(
        new CopyImageCommand({ SourceImageId, SourceRegion: 'us-east-1', Name, ...input }),
      )
    ).ImageId!

  test('is its maker’s own, in another region too, and needs no space', async () => {
    const instance = await running(cloud.ec2)
    write(await rootOf(instance), 0, 'copied')
    const id = await create(instance, 'original', {
      NoReboot: true,
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'k', Value: 'v' }] }],
    })
    const layers = cloud.agent.storage.layerList().length
    const europe = cloud.ec2Of({ region: 'eu-central-1' })
    const there = await copy(id, 'copy', europe, { CopyImageTags: true, ClientToken: 'once' })
    expect(await copy(id, 'copy', europe, { CopyImageTags: true, ClientToken: 'once' })).toBe(there)
    expect(cloud.agent.storage.layerList()).toHaveLength(layers)
    expect(await image(there, europe)).toMatchObject({
      Name: 'copy',
      SourceImageId: id,
      SourceImageRegion: 'us-east-1',
      Tags: [{ Key: 'k', Value: 'v' }],
    })
    const gone = { ImageId: id, DeleteAssociatedSnapshots: true }
    const { DeleteSnapshotResults } = await cloud.ec2.send(new DeregisterImageCommand(gone))
    expect(DeleteSnapshotResults).toMatchObject([{ ReturnCode: 'success' }])
    const next = await running(europe, { ImageId: there })
    await soon(async () => {
      const [volume] = [...cloud.agent.volumes().values()].slice(-1)
      expect(cloud.agent.disksOf(next)).toContain(volume!.volumeId)
      expect(read(volume!.volumeId, 0)).toBe('copied')
    })
    expect(await codeOf(copy(id, 'again'))).toBe('InvalidAMIID.NotFound')
  })

  test('of a public image', async () => {
    const id = await copy(TINY, 'my tiny')
    expect(await image(id)).toMatchObject({ Public: false, State: 'available', Name: 'my tiny' })
    await running(cloud.ec2, { ImageId: id })
  })
})

describe('the end of an image', () => {
  test('spares snapshots that another image is made of', async () => {
    const instance = await running(cloud.ec2)
    const id = await create(instance, 'first of two', { NoReboot: true })
    const { SnapshotId } = (await image(id)).BlockDeviceMappings![0]!.Ebs!
    const BlockDeviceMappings = [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }]
    await cloud.ec2.send(
      new RegisterImageCommand({
        Name: 'second',
        RootDeviceName: '/dev/xvda',
        BlockDeviceMappings,
      }),
    )
    const command = { ImageId: id, DeleteAssociatedSnapshots: true }
    const { DeleteSnapshotResults } = await cloud.ec2.send(new DeregisterImageCommand(command))
    expect(DeleteSnapshotResults).toEqual([{ SnapshotId, ReturnCode: 'skipped' }])
    expect(await list({ SnapshotIds: [SnapshotId!] })).toHaveLength(1)
  })

  test('can be forbidden, and its use stopped for a while', async () => {
    const instance = await running(cloud.ec2)
    const ImageId = await create(instance, 'protected', { NoReboot: true })
    await cloud.ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId }))
    expect((await image(ImageId)).DeregistrationProtection).toBe('enabled-without-cooldown')
    const end = () => cloud.ec2.send(new DeregisterImageCommand({ ImageId }))
    expect(await codeOf(end())).toBe('OperationNotPermitted')
    await cloud.ec2.send(new DisableImageDeregistrationProtectionCommand({ ImageId }))
    await cloud.ec2.send(new DisableImageCommand({ ImageId }))
    expect(await codeOf(launch(cloud.ec2, { ImageId }))).toBe('InvalidAMIID.Unavailable')
    const own = async (input: object) => {
      const command = new DescribeImagesCommand({ Owners: ['self'], ...input })
      return (await cloud.ec2.send(command)).Images!.map((one) => one.ImageId)
    }
    expect(await own({})).not.toContain(ImageId)
    expect(await own({ IncludeDisabled: true })).toContain(ImageId)
    await cloud.ec2.send(new EnableImageCommand({ ImageId }))
    await launch(cloud.ec2, { ImageId })
    await end()
    // Recently deregistered: empty results, no error, but nobody launches it.
    expect(await own({ ImageIds: [ImageId] })).toEqual([])
    expect(await codeOf(launch(cloud.ec2, { ImageId }))).toBe('InvalidAMIID.NotFound')
  })
})
