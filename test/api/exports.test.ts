/** ExportImage through the SDK, on simulated hosts. */
import {
  CancelExportTaskCommand,
  CopyImageCommand,
  CreateInstanceExportTaskCommand,
  DescribeExportTasksCommand,
  DescribeSnapshotsCommand,
  CreateImageCommand,
  DescribeExportImageTasksCommand,
  ExportImageCommand,
  waitUntilImageAvailable,
  type ExportImageCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running, stopped } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
const { waiter, attached, write } = volumeKit(() => cloud)

const begin = (ImageId: string, input: Partial<ExportImageCommandInput> = {}) =>
  cloud.ec2.send(
    new ExportImageCommand({
      ImageId,
      DiskImageFormat: 'VMDK',
      S3ExportLocation: { S3Bucket: 'my-exports', S3Prefix: 'servers/' },
      ...input,
    }),
  )
const look = async (id: string) => {
  const command = new DescribeExportImageTasksCommand({ ExportImageTaskIds: [id] })
  return (await cloud.ec2.send(command)).ExportImageTasks![0]!
}
const imageOf = async (name: string, input = {}) => {
  const instance = await running(cloud.ec2, input)
  write((await attached(instance))[0]!, 0, name)
  const command = new CreateImageCommand({ InstanceId: instance, Name: name, NoReboot: true })
  const { ImageId } = await cloud.ec2.send(command)
  await waitUntilImageAvailable(waiter(), { ImageIds: [ImageId!] })
  return ImageId!
}

test('an image becomes a file in the folder of exports', async () => {
  const ImageId = await imageOf('to export')
  const made = await begin(ImageId, { Description: 'for the museum' })
  expect(made).toMatchObject({
    ImageId,
    Status: 'active',
    DiskImageFormat: 'VMDK',
    Description: 'for the museum',
    S3ExportLocation: { S3Bucket: 'my-exports', S3Prefix: 'servers/' },
  })
  const id = made.ExportImageTaskId!
  await soon(async () => expect((await look(id)).Status).toBe('completed'))
  const file = cloud.agent.storage.exports.get(`my-exports/servers/${id}.vmdk`)
  expect(file!.toString('latin1')).toContain('to export')
})

test.each<[string, Partial<ExportImageCommandInput>, string]>([
  ['no bucket', { S3ExportLocation: { S3Bucket: undefined } }, 'MissingParameter'],
  ['a way out', { S3ExportLocation: { S3Bucket: 'b..', S3Prefix: '' } }, 'InvalidParameterValue'],
  [
    'another way out',
    { S3ExportLocation: { S3Bucket: 'bucket', S3Prefix: '../x' } },
    'InvalidParameterValue',
  ],
  ['a dry run', { DryRun: true }, 'DryRunOperation'],
])('not with %s', async (_, input, code) => {
  const copy = new CopyImageCommand({
    SourceImageId: TINY,
    SourceRegion: 'us-east-1',
    Name: `copy ${_}`,
  })
  const { ImageId } = await cloud.ec2.send(copy)
  expect(await codeOf(begin(ImageId!, input))).toBe(code)
})

test('not images of others, of several disks, nor encrypted ones', async () => {
  expect(await codeOf(begin(TINY))).toBe('AuthFailure')
  const data = { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } }
  const two = await imageOf('two disks', { BlockDeviceMappings: [data] })
  expect(await codeOf(begin(two))).toBe('UnsupportedOperation')
  const Ebs = { Encrypted: true }
  const locked = { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs }] }
  expect(await codeOf(begin(await imageOf('locked', locked)))).toBe('UnsupportedOperation')
  expect(await codeOf(look('export-ami-00000000000000000'))).toBe('InvalidExportTaskID.NotFound')
})

const instanceExport = (InstanceId: string, input = {}) =>
  cloud.ec2.send(
    new CreateInstanceExportTaskCommand({
      InstanceId,
      TargetEnvironment: 'vmware',
      ExportToS3Task: { S3Bucket: 'my-exports', S3Prefix: 'vm/', ContainerFormat: 'ova' },
      ...input,
    }),
  )
const tasks = async (...ExportTaskIds: string[]) =>
  (await cloud.ec2.send(new DescribeExportTasksCommand({ ExportTaskIds }))).ExportTasks!

test('a stopped instance becomes an appliance, and the snapshot that was taken for it goes', async () => {
  const id = await stopped(cloud.ec2)
  write((await attached(id))[0]!, 0, 'an appliance')
  const { ExportTask } = await instanceExport(id)
  const key = `vm/${ExportTask!.ExportTaskId}.ova`
  expect(ExportTask).toMatchObject({
    InstanceExportDetails: { InstanceId: id, TargetEnvironment: 'vmware' },
    ExportToS3Task: { ContainerFormat: 'ova', DiskImageFormat: 'VMDK', S3Key: key },
    State: 'active',
  })
  const taskId = ExportTask!.ExportTaskId!
  await soon(async () => expect((await tasks(taskId))[0]!.State).toBe('completed'))
  const file = cloud.agent.storage.exports.get(`my-exports/${key}`)
  expect(file!.toString('latin1')).toContain('an appliance')
  const mine = new DescribeSnapshotsCommand({ OwnerIds: ['self'] })
  const { Snapshots } = await cloud.ec2.send(mine)
  expect(Snapshots!.filter((one) => one.Description?.includes(taskId))).toEqual([])
  const images = await cloud.ec2.send(new DescribeExportImageTasksCommand({}))
  expect(images.ExportImageTasks!.map((one) => one.ExportImageTaskId)).not.toContain(taskId)
  expect(await codeOf(cloud.ec2.send(new CancelExportTaskCommand({ ExportTaskId: taskId })))).toBe(
    'IncorrectState',
  )
})

test('instances that run, and appliances of other disks, are refused', async () => {
  expect(await codeOf(instanceExport(await running(cloud.ec2)))).toBe('IncorrectInstanceState')
  const ExportToS3Task = { S3Bucket: 'b-1', ContainerFormat: 'ova', DiskImageFormat: 'RAW' }
  const id = await stopped(cloud.ec2)
  expect(await codeOf(instanceExport(id, { ExportToS3Task }))).toBe('InvalidParameterCombination')
  expect(await codeOf(tasks('export-i-00000000000000000'))).toBe('InvalidExportTaskID.NotFound')
})
