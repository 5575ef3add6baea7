/** ImportSnapshot and ImportImage through the SDK, on simulated hosts. */
import {
  CancelImportTaskCommand,
  DeleteSnapshotCommand,
  DescribeImagesCommand,
  DescribeImportImageTasksCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  ImportImageCommand,
  ImportSnapshotCommand,
  type ImportSnapshotCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const URL = 'https://example.com/disk.vmdk'
let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
const { from, attached, read } = volumeKit(() => cloud)

const begin = (input: ImportSnapshotCommandInput = {}) =>
  cloud.ec2.send(
    new ImportSnapshotCommand({ DiskContainer: { Url: URL, Format: 'VMDK' }, ...input }),
  )
const look = async (id: string) => {
  const command = new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [id] })
  return (await cloud.ec2.send(command)).ImportSnapshotTasks![0]!
}
const ended = (id: string, state: string) =>
  soon(async () => {
    const task = await look(id)
    expect(task.SnapshotTaskDetail!.Status).toBe(state)
    return task
  })

test('a disk becomes a snapshot, of which a volume is made', async () => {
  const made = await begin({
    Description: 'from elsewhere',
    TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: [{ Key: 'k', Value: 'v' }] }],
  })
  expect(made).toMatchObject({
    ImportTaskId: expect.stringMatching(/^import-snap-[0-9a-f]{17}$/),
    Description: 'from elsewhere',
    SnapshotTaskDetail: { Status: 'active', Url: URL, Progress: '0' },
    Tags: [{ Key: 'k', Value: 'v' }],
  })
  const task = await ended(made.ImportTaskId!, 'completed')
  expect(task.SnapshotTaskDetail).toMatchObject({ Format: 'VMDK', DiskImageSize: 3 * 1024 ** 3 })
  const SnapshotId = task.SnapshotTaskDetail!.SnapshotId!
  const { Snapshots } = await cloud.ec2.send(
    new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId] }),
  )
  expect(Snapshots![0]).toMatchObject({ State: 'completed', VolumeSize: 3 })
  expect(read(await from(SnapshotId), 0)).toBe(URL)
})

test('one that is no disk is refused, and nothing is left of it', async () => {
  const layers = cloud.agent.storage.layerList().length
  const { ImportTaskId } = await begin({ DiskContainer: { Url: 'https://x.test/malformed' } })
  const task = await ended(ImportTaskId!, 'deleted')
  expect(task.SnapshotTaskDetail).toMatchObject({
    StatusMessage: 'ClientError: Disk validation failed [it is no disk]',
  })
  const own = await cloud.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))
  expect(own.Snapshots!.filter((one) => one.State !== 'completed')).toEqual([])
  await soon(async () => {
    expect(cloud.agent.storage.layerList()).toHaveLength(layers)
    expect((await cloud.app.store.list('layer', {})).filter((one) => !one.isFrozen)).toEqual([])
  })
})

test('disks become an image that launches', async () => {
  const made = await cloud.ec2.send(
    new ImportImageCommand({
      Description: 'a server',
      BootMode: 'legacy-bios',
      DiskContainers: [{ Url: URL }, { Url: 'https://example.com/data.vhd', Format: 'vhd' }],
    }),
  )
  expect(made).toMatchObject({
    Status: 'active',
    ImportTaskId: expect.stringMatching(/^import-ami-/),
  })
  const task = await soon(async () => {
    const command = new DescribeImportImageTasksCommand({ ImportTaskIds: [made.ImportTaskId!] })
    const [found] = (await cloud.ec2.send(command)).ImportImageTasks!
    expect(found!.Status).toBe('completed')
    return found!
  })
  expect(task.SnapshotDetails!.map((one) => one.DeviceName)).toEqual(['/dev/xvda', '/dev/sdf'])
  const { Images } = await cloud.ec2.send(new DescribeImagesCommand({ ImageIds: [task.ImageId!] }))
  expect(Images![0]).toMatchObject({ Name: task.ImportTaskId, RootDeviceName: '/dev/xvda' })
  const instance = await running(cloud.ec2, { ImageId: task.ImageId! })
  const contents = (await attached(instance)).map((id) => read(id, 0)).sort()
  expect(contents).toEqual(['https://example.com/data.vhd', URL])
})

test('one that goes on can be cancelled', async () => {
  const { layerImport, importCancel } = cloud.agent
  const held = Promise.withResolvers<void>()
  cloud.agent.layerImport = async ({ layerId }) => {
    await held.promise
    return { layerId, reason: 'it was cancelled' }
  }
  cloud.agent.importCancel = async () => held.resolve()
  const { ImportTaskId } = await begin()
  const cancel = () => cloud.ec2.send(new CancelImportTaskCommand({ ImportTaskId }))
  expect(await cancel()).toMatchObject({ PreviousState: 'active', State: 'deleting' })
  await ended(ImportTaskId!, 'deleted')
  Object.assign(cloud.agent, { layerImport, importCancel })
  expect(await codeOf(cancel())).toBe('InvalidParameterValue')
})

test('one whose snapshot is deleted meanwhile ends', async () => {
  const { ImportTaskId: first } = await begin()
  const { SnapshotTaskDetail } = await ended(first!, 'completed')
  const SnapshotId = SnapshotTaskDetail!.SnapshotId!
  const { agent } = cloud.app.hosts[0]!
  const importNow = agent.layerImport
  const held = Promise.withResolvers<void>()
  agent.layerImport = async (request) => {
    await held.promise
    return importNow(request)
  }
  const DiskContainers = [{ Url: URL }, { SnapshotId }]
  const { ImportTaskId } = await cloud.ec2.send(new ImportImageCommand({ DiskContainers }))
  await cloud.ec2.send(new DeleteSnapshotCommand({ SnapshotId }))
  agent.layerImport = importNow
  held.resolve()
  const describe = new DescribeImportImageTasksCommand({ ImportTaskIds: [ImportTaskId!] })
  await soon(async () => {
    const [task] = (await cloud.ec2.send(describe)).ImportImageTasks!
    expect(task!.Status).toBe('deleted')
    expect(task!.StatusMessage).toContain('a snapshot of the task was deleted')
  })
})

test('is encrypted when asked for', async () => {
  const { ImportTaskId } = await begin({ Encrypted: true })
  const { SnapshotTaskDetail } = await ended(ImportTaskId!, 'completed')
  const SnapshotIds = [SnapshotTaskDetail!.SnapshotId!]
  const { Snapshots } = await cloud.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds }))
  expect(Snapshots![0]).toMatchObject({
    Encrypted: true,
    KmsKeyId: expect.stringContaining(':key/'),
  })
})

test.each<[string, ImportSnapshotCommandInput, string]>([
  ['no disk', { DiskContainer: undefined }, 'MissingParameter'],
  ['no URL', { DiskContainer: {} }, 'MissingParameter'],
  [
    'a key that is a way out',
    { DiskContainer: { UserBucket: { S3Bucket: 'bucket', S3Key: '../k' } } },
    'InvalidParameterValue',
  ],
  ['a format of no disk', { DiskContainer: { Url: URL, Format: 'ISO' } }, 'InvalidParameterValue'],
  ['a dry run', { DryRun: true }, 'DryRunOperation'],
])('not with %s', async (_, input, code) => {
  expect(await codeOf(begin(input))).toBe(code)
})

test('tasks that are not there', async () => {
  expect(await codeOf(look('import-snap-00000000000000000'))).toBe('InvalidConversionTaskId')
  expect(await codeOf(look('x'))).toBe('InvalidConversionTaskId.Malformed')
})
