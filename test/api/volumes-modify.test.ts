/** ModifyVolume through the SDK: what the host is told, what is shown when, what is refused. */
import {
  AttachVolumeCommand,
  DescribeVolumesCommand,
  DescribeVolumesModificationsCommand,
  ModifyVolumeCommand,
  type ModifyVolumeCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
const { volume } = volumeKit(() => cloud)

const modify = async (VolumeId: string, input: Partial<ModifyVolumeCommandInput>) =>
  (await cloud.ec2.send(new ModifyVolumeCommand({ VolumeId, ...input }))).VolumeModification!
const modifications = async (input: object) =>
  (await cloud.ec2.send(new DescribeVolumesModificationsCommand(input))).VolumesModifications!
const done = (id: string) =>
  soon(async () => {
    const [one] = await modifications({ VolumeIds: [id] })
    expect(one!.ModificationState).toBe('completed')
    return one!
  })
const look = async (id: string) =>
  (await cloud.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes![0]!
const onHost = (id: string) => cloud.agent.volumes().get(id)!

test('a volume in use grows and changes its type, and the host limits it so', async () => {
  const id = await volume({ Size: 10 })
  const instance = await running(cloud.ec2)
  const attach = { VolumeId: id, InstanceId: instance, Device: '/dev/sdf' }
  await cloud.ec2.send(new AttachVolumeCommand(attach))
  const target = { Size: 20, VolumeType: 'gp3', Iops: 6_000, Throughput: 500 } as const
  expect(await modify(id, target)).toMatchObject({
    VolumeId: id,
    ModificationState: 'modifying',
    Progress: 0,
    OriginalSize: 10,
    OriginalVolumeType: 'gp2',
    OriginalIops: 100,
    TargetSize: 20,
    TargetVolumeType: 'gp3',
    TargetIops: 6_000,
    TargetThroughput: 500,
    StartTime: expect.any(Date),
  })
  expect(await done(id)).toMatchObject({ Progress: 100, EndTime: expect.any(Date) })
  expect(await look(id)).toMatchObject(target)
  expect(onHost(id)).toMatchObject({
    sizeGiB: 20,
    limits: { iopsMax: 6_000, throughputMaxMiBps: 500 },
  })
  expect((await modifications({ Filters: [{ Name: 'target-size', Values: ['20'] }] }))[0]).toEqual(
    (await modifications({ VolumeIds: [id] }))[0],
  )
})

test('what is not named stays, unless the type makes it another', async () => {
  const id = await volume({ Size: 100, VolumeType: 'gp3', Iops: 4_000, Throughput: 250 })
  await modify(id, { Size: 200 })
  await done(id)
  expect(await look(id)).toMatchObject({ Iops: 4_000, Throughput: 250, Size: 200 })
  await modify(id, { VolumeType: 'gp2' })
  await soon(async () => expect((await look(id)).VolumeType).toBe('gp2'))
  expect(await look(id)).toMatchObject({ Iops: 600 })
  expect((await look(id)).Throughput).toBeUndefined()
  await modify(id, { Size: 300 })
  await soon(async () => expect((await look(id)).Iops).toBe(900))
})

test.each<[string, Partial<ModifyVolumeCommandInput>, string]>([
  ['to shrink', { Size: 9 }, 'InvalidParameterValue'],
  ['nothing', {}, 'InvalidParameterCombination'],
  ['io2 without IOPS', { VolumeType: 'io2' }, 'InvalidParameterCombination'],
  ['too many IOPS for its size', { VolumeType: 'io1', Iops: 5_000 }, 'InvalidParameterValue'],
  ['multi-attach', { MultiAttachEnabled: true }, 'InvalidParameterCombination'],
  ['a dry run', { Size: 20, DryRun: true }, 'DryRunOperation'],
])('not %s', async (_, input, code) => {
  const id = await volume({ Size: 10 })
  expect(await codeOf(modify(id, input))).toBe(code)
  expect(await codeOf(modifications({ VolumeIds: [id] }))).toBe(
    'InvalidVolumeModification.NotFound',
  )
})

test('a host that cannot yet is asked again, and meanwhile nothing else is changed', async () => {
  const id = await volume({ Size: 10 })
  const { volumeChange } = cloud.agent
  let isHeld = true
  cloud.agent.volumeChange = async (...args) => {
    if (isHeld) throw new Error('busy')
    await volumeChange(...args)
  }
  await modify(id, { Size: 20 })
  expect(await codeOf(modify(id, { Size: 30 }))).toBe('IncorrectModificationState')
  expect((await look(id)).Size).toBe(10)
  isHeld = false
  await done(id)
  cloud.agent.volumeChange = volumeChange
  expect((await look(id)).Size).toBe(20)
})

test('with AWS’s wait between two modifications', async () => {
  const settings = { volumeModificationWaitMs: 6 * 3_600_000 }
  await using strict = await startTestCloud({ settings })
  const kit = volumeKit(() => strict)
  const id = await kit.volume({ Size: 10 })
  await strict.ec2.send(new ModifyVolumeCommand({ VolumeId: id, Size: 11 }))
  await soon(async () => {
    const command = new DescribeVolumesModificationsCommand({ VolumeIds: [id] })
    const { VolumesModifications } = await strict.ec2.send(command)
    expect(VolumesModifications![0]!.ModificationState).toBe('completed')
  })
  const again = strict.ec2.send(new ModifyVolumeCommand({ VolumeId: id, Size: 12 }))
  expect(await errorOf(again)).toMatchObject({
    code: 'VolumeModificationRateExceeded',
    message: expect.stringContaining('Wait at least 6 hours'),
  })
})
