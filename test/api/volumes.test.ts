/** Volumes through the SDK: made, described, attached live and cold, detached, deleted. */
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumeAttributeCommand,
  DescribeVolumesCommand,
  DescribeVolumeStatusCommand,
  DetachVolumeCommand,
  ModifyVolumeAttributeCommand,
  StartInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceTerminated,
  waitUntilVolumeAvailable,
  waitUntilVolumeDeleted,
  waitUntilVolumeInUse,
  type CreateVolumeCommandInput,
  type Volume,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { describe as see, running, stop, stopped, WAIT } from '../support/launch.ts'

const SNAPSHOT = 'snap-0123456789abcdef0'
const ZONE = 'us-east-1a'
const UNATTACHABLE: string[] = []

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud({
    simulated: {
      failAttach: (id) =>
        UNATTACHABLE.includes(id) ? 'all 12 ports for disks are taken' : undefined,
    },
  })
})
afterAll(() => cloud.close())

const waiter = () => ({ client: cloud.ec2, ...WAIT })
const make = (input: Partial<CreateVolumeCommandInput> = {}) =>
  cloud.ec2.send(new CreateVolumeCommand({ AvailabilityZone: ZONE, Size: 1, ...input }))
const list = async (input: object): Promise<Volume[]> =>
  (await cloud.ec2.send(new DescribeVolumesCommand(input))).Volumes!
const look = async (id: string) => (await list({ VolumeIds: [id] }))[0]!
const filtered = async (Name: string, ...Values: string[]) =>
  (await list({ Filters: [{ Name, Values }] })).map((volume) => volume.VolumeId)
const attach = (VolumeId: string, InstanceId: string, Device = '/dev/sdf') =>
  cloud.ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }))
const detach = (VolumeId: string, more: object = {}) =>
  cloud.ec2.send(new DetachVolumeCommand({ VolumeId, ...more }))
const remove = (VolumeId: string) => cloud.ec2.send(new DeleteVolumeCommand({ VolumeId }))

/** A volume that is there. */
async function available(input: Partial<CreateVolumeCommandInput> = {}): Promise<string> {
  const { VolumeId } = await make(input)
  await waitUntilVolumeAvailable(waiter(), { VolumeIds: [VolumeId!] })
  return VolumeId!
}

describe('a volume', () => {
  test('is made, described, and deleted with its file', async () => {
    const made = await make({
      Size: 10,
      VolumeType: 'gp3',
      Iops: 4_000,
      Throughput: 250,
      TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'k', Value: 'v' }] }],
    })
    expect(made).toMatchObject({
      State: 'creating',
      Size: 10,
      VolumeType: 'gp3',
      Iops: 4_000,
      Throughput: 250,
      AvailabilityZone: ZONE,
      AvailabilityZoneId: 'use1-az1',
      Encrypted: false,
      MultiAttachEnabled: false,
      Tags: [{ Key: 'k', Value: 'v' }],
      CreateTime: expect.any(Date),
    })
    const id = made.VolumeId!
    await waitUntilVolumeAvailable(waiter(), { VolumeIds: [id] })
    expect(cloud.agent.volumes().get(id)).toMatchObject({ sizeGiB: 10, source: null })
    expect(await filtered('tag:k', 'v')).toEqual([id])
    expect(await filtered('size', '10')).toEqual([id])
    expect(await filtered('status', 'in-use')).toEqual([])
    await remove(id)
    await waitUntilVolumeDeleted(waiter(), { VolumeIds: [id] })
    expect(cloud.agent.volumes().has(id)).toBe(false)
    expect(await codeOf(remove(id))).toBe('InvalidVolume.NotFound')
  })

  test('starts as its snapshot, as large or larger', async () => {
    const id = await available({ SnapshotId: SNAPSHOT, Size: undefined })
    expect(await look(id)).toMatchObject({ Size: 1, SnapshotId: SNAPSHOT, VolumeType: 'gp2' })
    expect(cloud.agent.volumes().get(id)!.source).toMatchObject({ file: 'disk.qcow2' })
    expect(await filtered('snapshot-id', SNAPSHOT)).toContain(id)
    await remove(id)
  })

  test.each<[string, Partial<CreateVolumeCommandInput>, string]>([
    ['neither size nor snapshot', { Size: undefined }, 'MissingParameter'],
    ['no zone', { AvailabilityZone: undefined }, 'MissingParameter'],
    ['an unknown zone', { AvailabilityZone: 'us-east-1z' }, 'InvalidZone.NotFound'],
    ['IOPS for gp2', { VolumeType: 'gp2', Iops: 3_000 }, 'InvalidParameterCombination'],
    ['io1 without IOPS', { VolumeType: 'io1', Size: 10 }, 'InvalidParameterCombination'],
    [
      'more throughput than its IOPS carry',
      { VolumeType: 'gp3', Throughput: 1_000 },
      'InvalidParameterValue',
    ],
    ['too many IOPS', { VolumeType: 'io1', Size: 4, Iops: 1_000 }, 'InvalidParameterValue'],
    ['a tiny st1', { VolumeType: 'st1', Size: 10 }, 'InvalidParameterValue'],
    [
      'throughput for io2',
      { VolumeType: 'io2', Size: 10, Iops: 500, Throughput: 200 },
      'InvalidParameterCombination',
    ],
    ['too large', { Size: 65_537, VolumeType: 'gp3' }, 'InvalidParameterValue'],
    [
      'multi-attach of gp3',
      { VolumeType: 'gp3', MultiAttachEnabled: true },
      'InvalidParameterCombination',
    ],
    ['an unknown snapshot', { SnapshotId: 'snap-00000000000000000' }, 'InvalidSnapshot.NotFound'],
    ['a dry run', { DryRun: true }, 'DryRunOperation'],
  ])('not with %s', async (_title, input, code) => {
    expect(await codeOf(make(input))).toBe(code)
  })

  test.each<[string, Partial<CreateVolumeCommandInput>]>([
    ['gp2', { Size: 100 }],
    ['io1', { Size: 10, Iops: 500 }],
    ['io2', { Size: 10, Iops: 5_000 }],
    ['st1', { Size: 125 }],
    ['sc1', { Size: 125 }],
    ['standard', { Size: 5 }],
  ])('of type %s', async (type, input) => {
    const VolumeType = type as CreateVolumeCommandInput['VolumeType']
    const made = await make({ VolumeType, ...input })
    expect(made.Iops).toBe(type === 'gp2' ? 300 : input.Iops)
    await waitUntilVolumeAvailable(waiter(), { VolumeIds: [made.VolumeId!] })
    await remove(made.VolumeId!)
  })

  test('a client token makes one', async () => {
    const input = { ClientToken: 'once', Size: 2 }
    const first = await make(input)
    expect((await make(input)).VolumeId).toBe(first.VolumeId)
    expect(await codeOf(make({ ...input, Size: 3 }))).toBe('IdempotentParameterMismatch')
  })

  test('has a status and an attribute', async () => {
    const id = await available()
    const { VolumeStatuses } = await cloud.ec2.send(
      new DescribeVolumeStatusCommand({ VolumeIds: [id] }),
    )
    expect(VolumeStatuses![0]).toMatchObject({
      VolumeId: id,
      VolumeStatus: { Status: 'ok', Details: [{ Name: 'io-enabled', Status: 'passed' }, {}] },
    })
    const AutoEnableIO = { Value: true }
    await cloud.ec2.send(new ModifyVolumeAttributeCommand({ VolumeId: id, AutoEnableIO }))
    const input = { VolumeId: id, Attribute: 'autoEnableIO' as const }
    const attribute = await cloud.ec2.send(new DescribeVolumeAttributeCommand(input))
    expect(attribute.AutoEnableIO).toEqual(AutoEnableIO)
  })

  test('that its host cannot write is impaired until it can', async () => {
    const instance = await running(cloud.ec2)
    const root = (await see(cloud.ec2, instance)).BlockDeviceMappings![0]!.Ebs!.VolumeId!
    const status = async () => {
      const command = new DescribeVolumeStatusCommand({ VolumeIds: [root] })
      return (await cloud.ec2.send(command)).VolumeStatuses![0]!
    }
    cloud.agent.diskFails(instance)
    const impaired = await eventually(status, (one) => one.VolumeStatus!.Status === 'impaired')
    expect(impaired).toMatchObject({
      VolumeStatus: { Details: [{ Name: 'io-enabled', Status: 'failed' }, {}] },
      Events: [
        {
          Description: 'The volume could not be written: no space is left on the host',
          InstanceId: instance,
        },
      ],
    })
    cloud.agent.diskRecovers(instance)
    await eventually(status, (one) => one.VolumeStatus!.Status === 'ok')
  })

  test('of another account is not there', async () => {
    const id = await available()
    const other = cloud.ec2Of({ account: '444455556666' })
    const command = new DescribeVolumesCommand({ VolumeIds: [id] })
    expect(await codeOf(other.send(command))).toBe('InvalidVolume.NotFound')
    expect(await codeOf(other.send(new DeleteVolumeCommand({ VolumeId: id })))).toBe(
      'InvalidVolume.NotFound',
    )
    expect(await codeOf(list({ VolumeIds: ['vol-1'] }))).toBe('InvalidVolumeID.Malformed')
  })
})

describe('a running instance', () => {
  test('takes a volume and gives it back', async () => {
    const instance = await running(cloud.ec2)
    const id = await available()
    expect(await attach(id, instance)).toMatchObject({
      VolumeId: id,
      InstanceId: instance,
      Device: '/dev/sdf',
      State: 'attaching',
      DeleteOnTermination: false,
    })
    await waitUntilVolumeInUse(waiter(), { VolumeIds: [id] })
    await eventually(
      () => look(id),
      (volume) => volume.Attachments![0]?.State === 'attached',
    )
    expect(cloud.agent.disksOf(instance)).toContain(id)
    const shown = (await see(cloud.ec2, instance)).BlockDeviceMappings!
    expect(shown.map((one) => one.DeviceName)).toEqual(['/dev/sdf', '/dev/xvda'])
    expect(await filtered('attachment.instance-id', instance)).toContain(id)
    expect(await filtered('attachment.device', '/dev/sdf')).toEqual([id])

    expect(await errorOf(remove(id))).toMatchObject({ code: 'VolumeInUse' })
    expect(await codeOf(attach(id, instance, '/dev/sdg'))).toBe('VolumeInUse')
    expect((await detach(id)).State).toBe('detaching')
    await waitUntilVolumeAvailable(waiter(), { VolumeIds: [id] })
    expect(cloud.agent.disksOf(instance)).not.toContain(id)
    expect(await codeOf(detach(id))).toBe('IncorrectState')
  })

  test('a guest that holds on to a volume keeps it busy until it lets go', async () => {
    const instance = await running(cloud.ec2)
    const id = await available()
    await attach(id, instance)
    const is = (state: string) =>
      eventually(
        () => look(id),
        (volume) => volume.Attachments![0]?.State === state,
      )
    await is('attached')
    cloud.agent.holdDisk(id, true)
    await detach(id)
    await is('busy')
    expect((await see(cloud.ec2, instance)).BlockDeviceMappings).toMatchObject([
      { DeviceName: '/dev/sdf', Ebs: { Status: 'detaching' } },
      {},
    ])
    cloud.agent.holdDisk(id, false)
    // Asking again is no error, and tries at once.
    await detach(id, { Force: true })
    await waitUntilVolumeAvailable(waiter(), { VolumeIds: [id] })
  })

  test('the end of an instance ends a detachment that its guest refused', async () => {
    const instance = await running(cloud.ec2)
    const id = await available()
    await attach(id, instance)
    await eventually(
      () => look(id),
      (volume) => volume.Attachments![0]?.State === 'attached',
    )
    cloud.agent.holdDisk(id, true)
    await detach(id)
    await stop(cloud.ec2, instance)
    await waitUntilVolumeAvailable(waiter(), { VolumeIds: [id] })
    cloud.agent.holdDisk(id, false)
  })

  test('what the host cannot plug is available again', async () => {
    const instance = await running(cloud.ec2)
    const id = await available()
    UNATTACHABLE.push(id)
    await attach(id, instance)
    await waitUntilVolumeAvailable(waiter(), { VolumeIds: [id] })
    expect(cloud.agent.disksOf(instance)).not.toContain(id)
  })

  test('what cannot be attached or detached', async () => {
    const instance = await running(cloud.ec2)
    const id = await available()
    const far = await available({ AvailabilityZone: 'us-east-1b' })
    expect(await codeOf(attach(far, instance))).toBe('InvalidVolume.ZoneMismatch')
    expect(await codeOf(attach(id, instance, 'disk2'))).toBe('InvalidParameterValue')
    expect(await errorOf(attach(id, instance, '/dev/xvda'))).toEqual({
      code: 'InvalidParameterValue',
      message:
        "Invalid value '/dev/xvda' for unixDevice. Attachment point /dev/xvda is already in use",
    })
    expect(await codeOf(attach(id, 'i-0123456789abcdef0'))).toBe('InvalidInstanceID.NotFound')
    expect(await codeOf(attach('vol-0123456789abcdef0', instance))).toBe('InvalidVolume.NotFound')
    const root = (await see(cloud.ec2, instance)).BlockDeviceMappings![0]!.Ebs!.VolumeId!
    expect(await codeOf(detach(root))).toBe('OperationNotPermitted')
    await attach(id, instance)
    await eventually(
      () => look(id),
      (volume) => volume.Attachments![0]?.State === 'attached',
    )
    expect(await codeOf(detach(id, { Device: '/dev/sdz' }))).toBe('InvalidAttachment.NotFound')
    const other = { InstanceId: 'i-0123456789abcdef0' }
    expect(await codeOf(detach(id, other))).toBe('InvalidAttachment.NotFound')
    const dry = new DetachVolumeCommand({ VolumeId: id, DryRun: true })
    expect(await codeOf(cloud.ec2.send(dry))).toBe('DryRunOperation')
  })

  test('has a limit of volumes', async () => {
    const sizes = Array.from({ length: 11 }, (_, at) => ({
      DeviceName: `/dev/sd${String.fromCodePoint(102 + at)}`,
      Ebs: { VolumeSize: 1 },
    }))
    const instance = await running(cloud.ec2, { BlockDeviceMappings: sizes })
    const id = await available()
    expect(await codeOf(attach(id, instance, '/dev/sdz'))).toBe('AttachmentLimitExceeded')
  })
})

describe('a stopped instance', () => {
  test('takes and gives at once, its root too', async () => {
    const instance = await stopped(cloud.ec2)
    const id = await available()
    expect((await attach(id, instance)).State).toBe('attached')
    const root = (await see(cloud.ec2, instance)).BlockDeviceMappings!.find(
      (one) => one.DeviceName === '/dev/xvda',
    )!.Ebs!.VolumeId!
    expect((await detach(root)).State).toBe('detaching')
    expect((await look(root)).State).toBe('available')
    const start = () => cloud.ec2.send(new StartInstancesCommand({ InstanceIds: [instance] }))
    expect(await errorOf(start())).toMatchObject({
      code: 'IncorrectInstanceState',
      message: expect.stringContaining('does not have a volume attached at root (/dev/xvda)'),
    })
    await attach(root, instance, '/dev/xvda')
    await start()
    await waitUntilInstanceRunning(waiter(), { InstanceIds: [instance] })
    expect(cloud.agent.disksOf(instance)).toEqual([id, root].sort())
  })

  test('its end takes only what goes with it', async () => {
    const instance = await stopped(cloud.ec2)
    const id = await available()
    await attach(id, instance)
    const InstanceIds = [instance]
    await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds }))
    await waitUntilInstanceTerminated(waiter(), { InstanceIds })
    await waitUntilVolumeAvailable(waiter(), { VolumeIds: [id] })
  })
})
