/** Volumes of several instances (Multi-Attach) through the SDK, with AWS's own rules. */
import {
  AttachVolumeCommand,
  CreateSnapshotsCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  ModifyInstanceAttributeCommand,
  ModifyVolumeCommand,
  StartInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceTerminated,
  type CreateVolumeCommandInput,
  type ModifyVolumeCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { describe as see, launch, running, stop, stopped, WAIT } from '../support/launch.ts'
import { soon, volumeKit, ZONE } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 64, memoryMiB: 262_144 } })
})
afterAll(() => cloud.close())
const { volume } = volumeKit(() => cloud)

const SHARED = { VolumeType: 'io2', Size: 10, Iops: 500, MultiAttachEnabled: true } as const
const shared = (input: Partial<CreateVolumeCommandInput> = {}) => volume({ ...SHARED, ...input })
const attach = (VolumeId: string, InstanceId: string, Device = '/dev/sdf') =>
  cloud.ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }))
const detach = (VolumeId: string, more: object = {}) =>
  cloud.ec2.send(new DetachVolumeCommand({ VolumeId, ...more }))
const modify = (VolumeId: string, more: Partial<ModifyVolumeCommandInput>) =>
  cloud.ec2.send(new ModifyVolumeCommand({ VolumeId, ...more }))
const look = async (id: string) =>
  (await cloud.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes![0]!
/** Instances that have it, by state of the attachment. */
const holders = async (id: string) =>
  Object.fromEntries((await look(id)).Attachments!.map((one) => [one.InstanceId!, one.State]))
const heldBy = (id: string, ...instances: string[]) =>
  soon(async () =>
    expect(await holders(id)).toEqual(Object.fromEntries(instances.map((i) => [i, 'attached']))),
  )

describe('a volume with Multi-Attach', () => {
  test('is had by several instances at once, each with a device name of its own', async () => {
    const [a, b, c] = [await running(cloud.ec2), await running(cloud.ec2), await stopped(cloud.ec2)]
    const id = await shared()
    expect(await look(id)).toMatchObject({ MultiAttachEnabled: true, State: 'available' })
    expect(await attach(id, a)).toMatchObject({ InstanceId: a, State: 'attaching' })
    expect(await attach(id, b, '/dev/sdg')).toMatchObject({ InstanceId: b, Device: '/dev/sdg' })
    expect(await attach(id, c)).toMatchObject({ InstanceId: c, State: 'attached' })
    await heldBy(id, a, b, c)
    expect(await look(id)).toMatchObject({ State: 'in-use' })
    for (const [instance, device] of [
      [a, '/dev/sdf'],
      [b, '/dev/sdg'],
      [c, '/dev/sdf'],
    ] as const) {
      const shown = (await see(cloud.ec2, instance)).BlockDeviceMappings!
      expect(shown.find((one) => one.Ebs!.VolumeId === id)!.DeviceName).toBe(device)
    }
    for (const instance of [a, b]) expect(cloud.agent.disksOf(instance)).toContain(id)
    const spec = () => cloud.agent.specOf(c)!.disks.find((disk) => disk.volumeId === id)
    await cloud.ec2.send(new StartInstancesCommand({ InstanceIds: [c] }))
    await waitUntilInstanceRunning({ client: cloud.ec2, ...WAIT }, { InstanceIds: [c] })
    expect(spec()).toMatchObject({ isShared: true, deviceName: '/dev/sdf' })

    const Filters = [{ Name: 'attachment.instance-id', Values: [b] }]
    const { Volumes } = await cloud.ec2.send(new DescribeVolumesCommand({ Filters }))
    expect(Volumes!.map((one) => one.VolumeId)).toContain(id)
    const multi = [{ Name: 'multi-attach-enabled', Values: ['true'] }]
    const found = await cloud.ec2.send(new DescribeVolumesCommand({ Filters: multi }))
    expect(found.Volumes!.map((one) => one.VolumeId)).toContain(id)
  })

  test('once an instance, with a free device name, and as many as sixteen', async () => {
    const instances = await launch(cloud.ec2, { MinCount: 17, MaxCount: 17 })
    await waitUntilInstanceRunning({ client: cloud.ec2, ...WAIT }, { InstanceIds: instances })
    const id = await shared()
    const [first] = instances
    await attach(id, first!)
    expect(await errorOf(attach(id, first!, '/dev/sdg'))).toMatchObject({ code: 'VolumeInUse' })
    const taken = await shared()
    expect(await codeOf(attach(taken, first!))).toBe('InvalidParameterValue')
    expect(await codeOf(attach(taken, first!, '/dev/xvda'))).toBe('InvalidParameterValue')
    for (const instance of instances.slice(1, 16)) await attach(id, instance)
    expect(await codeOf(attach(id, instances[16]!))).toBe('AttachmentLimitExceeded')
    await heldBy(id, ...instances.slice(0, 16))
  })

  test('is refused to what is no Nitro instance, and to another zone', async () => {
    const id = await shared()
    const xen = await stopped(cloud.ec2, { InstanceType: 't2.micro' })
    expect(await codeOf(attach(id, xen))).toBe('InvalidParameterCombination')
    const far = await shared({ AvailabilityZone: 'us-east-1b' })
    const near = await running(cloud.ec2)
    expect(await codeOf(attach(far, near))).toBe('InvalidVolume.ZoneMismatch')
  })

  test('leaves one instance and stays with the others', async () => {
    const [a, b] = [await running(cloud.ec2), await running(cloud.ec2)]
    const id = await shared()
    for (const instance of [a, b]) await attach(id, instance)
    await heldBy(id, a, b)
    expect(await codeOf(detach(id))).toBe('MissingParameter')
    const stranger = await running(cloud.ec2)
    expect(await codeOf(detach(id, { InstanceId: stranger }))).toBe('InvalidAttachment.NotFound')
    cloud.agent.holdDisk(id, true)
    expect(await detach(id, { InstanceId: b })).toMatchObject({ InstanceId: b, State: 'detaching' })
    await soon(async () => expect(await holders(id)).toEqual({ [a]: 'attached', [b]: 'busy' }))
    expect(await codeOf(cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: id })))).toBe(
      'VolumeInUse',
    )
    cloud.agent.holdDisk(id, false)
    await detach(id, { InstanceId: b })
    await heldBy(id, a)
    expect(cloud.agent.disksOf(b)).not.toContain(id)
    expect(cloud.agent.disksOf(a)).toContain(id)
    // With one left, it need not be named.
    await detach(id)
    await soon(async () => expect((await look(id)).State).toBe('available'))
    await cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: id }))
  })

  test('goes with the last instance that has it, if that one says so', async () => {
    const [a, b] = [await running(cloud.ec2), await running(cloud.ec2)]
    const id = await shared()
    for (const instance of [a, b]) {
      await attach(id, instance)
      await heldBy(id, ...(instance === a ? [a] : [a, b]))
      const change = [{ DeviceName: '/dev/sdf', Ebs: { DeleteOnTermination: true } }]
      const input = { InstanceId: instance, BlockDeviceMappings: change }
      await cloud.ec2.send(new ModifyInstanceAttributeCommand(input))
    }
    const end = async (instance: string) => {
      await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }))
      const InstanceIds = [instance]
      await waitUntilInstanceTerminated({ client: cloud.ec2, ...WAIT }, { InstanceIds })
    }
    await end(a)
    await heldBy(id, b)
    await end(b)
    await soon(async () => expect(await codeOf(look(id))).toBe('InvalidVolume.NotFound'))
    expect(cloud.agent.volumes().has(id)).toBe(false)
  })

  test('is in a snapshot of either instance’s volumes', async () => {
    const [a, b] = [await running(cloud.ec2), await running(cloud.ec2)]
    const id = await shared()
    for (const instance of [a, b]) await attach(id, instance)
    await heldBy(id, a, b)
    const command = new CreateSnapshotsCommand({ InstanceSpecification: { InstanceId: b } })
    const { Snapshots } = await cloud.ec2.send(command)
    expect(Snapshots!.map((one) => one.VolumeId)).toContain(id)
    expect(Snapshots).toHaveLength(2)
  })
})

describe('ModifyVolume', () => {
  test('switches it on and off for an io2 that nobody has', async () => {
    const id = await volume({ VolumeType: 'io2', Size: 10, Iops: 500 })
    const instance = await stopped(cloud.ec2)
    await attach(id, instance)
    expect(await codeOf(modify(id, { MultiAttachEnabled: true }))).toBe('VolumeInUse')
    await detach(id)
    const { VolumeModification } = await modify(id, { MultiAttachEnabled: true })
    expect(VolumeModification).toMatchObject({
      OriginalMultiAttachEnabled: false,
      TargetMultiAttachEnabled: true,
    })
    await soon(async () => expect((await look(id)).MultiAttachEnabled).toBe(true))
    await modify(id, { MultiAttachEnabled: false })
    await soon(async () => expect((await look(id)).MultiAttachEnabled).toBe(false))
  })

  test.each<[string, Partial<CreateVolumeCommandInput>, Partial<ModifyVolumeCommandInput>]>([
    ['for gp3', { VolumeType: 'gp3', Iops: undefined }, { MultiAttachEnabled: true }],
    ['for io1', { VolumeType: 'io1' }, { MultiAttachEnabled: true }],
    ['of another type', SHARED, { VolumeType: 'gp3' }],
    ['of an io1', { ...SHARED, VolumeType: 'io1' }, { Size: 20 }],
    ['of an io1, off', { ...SHARED, VolumeType: 'io1' }, { MultiAttachEnabled: false }],
  ])('not %s', async (_title, made, change) => {
    const id = await volume({ Size: 10, Iops: 500, AvailabilityZone: ZONE, ...made })
    expect(await codeOf(modify(id, change))).toBe('InvalidParameterCombination')
  })

  test('grows one that several have', async () => {
    const [a, b] = [await running(cloud.ec2), await running(cloud.ec2)]
    const id = await shared()
    for (const instance of [a, b]) await attach(id, instance)
    await heldBy(id, a, b)
    await modify(id, { Size: 12, Iops: 600 })
    await soon(async () =>
      expect(await look(id)).toMatchObject({ Size: 12, Iops: 600, MultiAttachEnabled: true }),
    )
    expect(cloud.agent.volumes().get(id)).toMatchObject({ sizeGiB: 12 })
  })
})

test('a launch knows no Multi-Attach, and CreateVolume refuses it for other types', async () => {
  const command = new CreateVolumeCommand({
    AvailabilityZone: ZONE,
    Size: 10,
    VolumeType: 'gp3',
    MultiAttachEnabled: true,
  })
  expect(await codeOf(cloud.ec2.send(command))).toBe('InvalidParameterCombination')
  const id = await volume({ Size: 10 })
  const [a, b] = [await running(cloud.ec2), await running(cloud.ec2)]
  await attach(id, a)
  expect(await errorOf(attach(id, b))).toMatchObject({ code: 'VolumeInUse' })
  await stop(cloud.ec2, a)
})
