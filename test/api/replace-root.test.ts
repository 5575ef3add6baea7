/**
 * Root volumes replaced under running instances through the SDK: by which content, what becomes of the old, what
 * fails.
 */
import {
  CreateReplaceRootVolumeTaskCommand,
  DescribeReplaceRootVolumeTasksCommand,
  DescribeVolumesCommand,
  RegisterImageCommand,
  TerminateInstancesCommand,
  type CreateReplaceRootVolumeTaskCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { describe as see, running, stopped } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

let isBroken = false
let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud({
    simulated: { failStart: () => (isBroken ? 'it does not start' : undefined) },
  })
})
afterAll(() => cloud.close())
const { take, write, read, volume } = volumeKit(() => cloud)

const replace = async (
  InstanceId: string,
  input: Partial<CreateReplaceRootVolumeTaskCommandInput> = {},
) => {
  const command = new CreateReplaceRootVolumeTaskCommand({ InstanceId, ...input })
  return (await cloud.ec2.send(command)).ReplaceRootVolumeTask!
}
const task = async (id: string) => {
  const ReplaceRootVolumeTaskIds = [id]
  const command = new DescribeReplaceRootVolumeTasksCommand({ ReplaceRootVolumeTaskIds })
  return (await cloud.ec2.send(command)).ReplaceRootVolumeTasks![0]!
}
const over = (id: string, TaskState: string) =>
  soon(async () => expect(await task(id)).toMatchObject({ TaskState }))
const rootOf = async (id: string) => {
  const instance = await see(cloud.ec2, id)
  return instance.BlockDeviceMappings!.find((one) => one.DeviceName === instance.RootDeviceName)!
    .Ebs!
}
const volumeOf = async (id: string) =>
  (await cloud.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes![0]!

test('without a source the root is as it was at launch, and the old one stays', async () => {
  const id = await running(cloud.ec2)
  const before = await rootOf(id)
  write(before.VolumeId!, 3, 'changed since')
  const made = await replace(id, {
    TagSpecifications: [
      { ResourceType: 'replace-root-volume-task', Tags: [{ Key: 'why', Value: 'test' }] },
    ],
  })
  expect(made).toMatchObject({ TaskState: 'pending', InstanceId: id, Tags: [{ Key: 'why' }] })
  await over(made.ReplaceRootVolumeTaskId!, 'succeeded')
  const after = await rootOf(id)
  expect(after.VolumeId).not.toBe(before.VolumeId)
  expect(after.DeleteOnTermination).toBe(true)
  expect(read(after.VolumeId!, 3)).not.toBe('changed since')
  expect(cloud.agent.disksOf(id)).toEqual([after.VolumeId])
  expect(await volumeOf(before.VolumeId!)).toMatchObject({ State: 'available', Attachments: [] })
  expect((await see(cloud.ec2, id)).State!.Name).toBe('running')
  expect((await task(made.ReplaceRootVolumeTaskId!)).CompleteTime).toMatch(/Z$/)
})

test('from a snapshot of its root, also of an earlier one; the replaced one goes when asked', async () => {
  const id = await running(cloud.ec2)
  const first = (await rootOf(id)).VolumeId!
  write(first, 5, 'good')
  const SnapshotId = await take(first)
  write(first, 5, 'bad')
  const made = await replace(id, { SnapshotId, DeleteReplacedRootVolume: true })
  await over(made.ReplaceRootVolumeTaskId!, 'succeeded')
  expect(read((await rootOf(id)).VolumeId!, 5)).toBe('good')
  await soon(async () => expect(await codeOf(volumeOf(first))).toBe('InvalidVolume.NotFound'))
  const again = await replace(id, { SnapshotId })
  await over(again.ReplaceRootVolumeTaskId!, 'succeeded')
})

test('by another image', async () => {
  const id = await running(cloud.ec2)
  const made = await replace(id, { ImageId: TINY })
  await over(made.ReplaceRootVolumeTaskId!, 'succeeded')
  expect(await task(made.ReplaceRootVolumeTaskId!)).toMatchObject({ ImageId: TINY })
})

test('what cannot be a source, and instances that do not run, are refused', async () => {
  const id = await running(cloud.ec2)
  const foreign = await take(await volume())
  const refused = (input: Partial<CreateReplaceRootVolumeTaskCommandInput>, of = id) =>
    codeOf(replace(of, input))
  expect(await refused({ SnapshotId: foreign })).toBe('InvalidParameterValue')
  expect(await refused({ SnapshotId: foreign, ImageId: TINY })).toBe('InvalidParameterCombination')
  expect(await refused({ SnapshotId: 'snap-00000000000000000' })).toBe('InvalidSnapshot.NotFound')
  expect(await refused({}, await stopped(cloud.ec2))).toBe('IncorrectInstanceState')
  const uefi = await cloud.ec2.send(
    new RegisterImageCommand({
      Name: 'other-firmware',
      BootMode: 'uefi',
      RootDeviceName: '/dev/xvda',
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-0123456789abcdef0' } },
      ],
    }),
  )
  expect(await refused({ ImageId: uefi.ImageId })).toBe('InvalidParameterValue')
  expect(await codeOf(task('replacevol-00000000000000000'))).toBe(
    'InvalidReplaceRootVolumeTaskId.NotFound',
  )
})

test('a machine that does not start with the new root has the old one again', async () => {
  const id = await running(cloud.ec2)
  const before = (await rootOf(id)).VolumeId
  isBroken = true
  try {
    const made = await replace(id)
    await over(made.ReplaceRootVolumeTaskId!, 'failed')
    expect((await rootOf(id)).VolumeId).toBe(before)
    expect(await see(cloud.ec2, id)).toMatchObject({
      State: { Name: 'stopped' },
      StateReason: { Message: expect.stringContaining('it does not start') },
    })
  } finally {
    isBroken = false
  }
})

test('a task whose instance is terminated meanwhile fails, and leaves no volume', async () => {
  const id = await running(cloud.ec2)
  const made = await replace(id)
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
  await soon(async () =>
    expect(['failed', 'succeeded']).toContain(
      (await task(made.ReplaceRootVolumeTaskId!)).TaskState,
    ),
  )
  await soon(async () => {
    const Filters = [{ Name: 'attachment.instance-id', Values: [id] }]
    const { Volumes } = await cloud.ec2.send(new DescribeVolumesCommand({ Filters }))
    expect(Volumes).toEqual([])
  })
})

test('the same token makes one task', async () => {
  const id = await running(cloud.ec2)
  const [one, two] = [
    await replace(id, { ClientToken: 't' }),
    await replace(id, { ClientToken: 't' }),
  ]
  expect(two.ReplaceRootVolumeTaskId).toBe(one.ReplaceRootVolumeTaskId)
})
