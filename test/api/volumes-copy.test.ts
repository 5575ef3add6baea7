/** CopyVolumes through the SDK: a volume of what another holds at this instant, and nothing else to be seen of it. */
import {
  CopyVolumesCommand,
  DeleteVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EnableEbsEncryptionByDefaultCommand,
  DisableEbsEncryptionByDefaultCommand,
  waitUntilVolumeAvailable,
  type CopyVolumesCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'
import { soon, volumeKit, ZONE } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

const { waiter, volume, attached, write, read } = volumeKit(() => cloud)

async function asked(SourceVolumeId: string, input: Partial<CopyVolumesCommandInput> = {}) {
  const { Volumes } = await cloud.ec2.send(new CopyVolumesCommand({ SourceVolumeId, ...input }))
  expect(Volumes).toHaveLength(1)
  return Volumes![0]!
}

async function copied(of: string, input: Partial<CopyVolumesCommandInput> = {}): Promise<string> {
  const { VolumeId } = await asked(of, input)
  await waitUntilVolumeAvailable(waiter(), { VolumeIds: [VolumeId!] })
  return VolumeId!
}

async function look(id: string) {
  return (await cloud.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes![0]!
}

test('a copy holds what was there, whatever is written to either afterwards', async () => {
  const id = await volume({ Size: 8, VolumeType: 'gp3', Iops: 4000, Throughput: 300 })
  write(id, 0, 'a')
  const copy = await copied(id, {
    TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'k', Value: 'v' }] }],
  })
  expect(await look(copy)).toMatchObject({
    SourceVolumeId: id,
    SnapshotId: '',
    AvailabilityZone: ZONE,
    Size: 8,
    VolumeType: 'gp3',
    Iops: 4000,
    Throughput: 300,
    Encrypted: false,
    State: 'available',
    Tags: [{ Key: 'k', Value: 'v' }],
  })
  write(id, 0, 'b')
  write(copy, 1, 'c')
  expect([read(id, 0), read(copy, 0), read(copy, 1)]).toEqual(['b', 'a', 'c'])
  // The one goes, the other stays; in between was no snapshot to be seen.
  const again = await copied(copy)
  await cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: id }))
  await cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: copy }))
  await soon(async () => expect(await codeOf(look(copy))).toBe('InvalidVolume.NotFound'))
  expect([read(again, 0), read(again, 1)]).toEqual(['a', 'c'])
  const mine = await cloud.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))
  expect(mine.Snapshots).toEqual([])
  expect(await cloud.app.store.list('snapshot', { account: ACCOUNT })).toEqual([])
})

test('of a volume in use, larger and of another type, once per token', async () => {
  const instance = await running(cloud.ec2)
  const [root] = await attached(instance)
  write(root!, 0, 'root')
  const ClientToken = 'once'
  const input = { Size: 20, VolumeType: 'io2' as const, Iops: 500, ClientToken }
  const { VolumeId } = await asked(root!, { ...input, MultiAttachEnabled: true })
  const again = await asked(root!, { ...input, MultiAttachEnabled: true })
  expect(again.VolumeId).toBe(VolumeId)
  await waitUntilVolumeAvailable(waiter(), { VolumeIds: [VolumeId!] })
  expect(await look(VolumeId!)).toMatchObject({
    Size: 20,
    VolumeType: 'io2',
    Iops: 500,
    MultiAttachEnabled: true,
  })
  expect(read(VolumeId!, 0)).toBe('root')
})

test('stays encrypted, and becomes so where that is the default', async () => {
  const secret = await volume({ Encrypted: true })
  write(secret, 0, 's')
  const { KmsKeyId } = await look(secret)
  expect(await look(await copied(secret))).toMatchObject({ Encrypted: true, KmsKeyId })
  const plain = await volume()
  write(plain, 0, 'p')
  await cloud.ec2.send(new EnableEbsEncryptionByDefaultCommand({}))
  const copy = await copied(plain)
  await cloud.ec2.send(new DisableEbsEncryptionByDefaultCommand({}))
  expect(await look(copy)).toMatchObject({ Encrypted: true })
  expect(read(copy, 0)).toBe('p')
})

test('that a host cannot make is in error, and can be deleted', async () => {
  const id = await volume()
  cloud.agent.storage.failFreeze('no space left on device')
  const { VolumeId, State } = await asked(id)
  cloud.agent.storage.failFreeze(null)
  expect(State).toBe('error')
  expect(await look(VolumeId!)).toMatchObject({ State: 'error', SourceVolumeId: id })
  await cloud.ec2.send(new DeleteVolumeCommand({ VolumeId }))
  await soon(async () => expect(await codeOf(look(VolumeId!))).toBe('InvalidVolume.NotFound'))
  // The source is as it was.
  await copied(id)
})

test('of which the host’s answer is lost is there all the same, as of that instant', async () => {
  const id = await volume()
  write(id, 0, 'first')
  const { agent } = cloud
  const { volumesFreeze } = agent
  let losses = 2
  agent.volumesFreeze = async (request) => {
    const outcomes = await volumesFreeze(request)
    if (losses-- > 0) throw new Error('the connection was lost')
    return outcomes
  }
  const { VolumeId, State } = await asked(id)
  agent.volumesFreeze = volumesFreeze
  expect(State).toBe('creating')
  write(id, 0, 'second')
  await waitUntilVolumeAvailable(waiter(), { VolumeIds: [VolumeId!] })
  expect([read(VolumeId!, 0), read(id, 0)]).toEqual(['first', 'second'])
})

test('what cannot be copied', async () => {
  const id = await volume({ Size: 5 })
  const code = (of: string, input: Partial<CopyVolumesCommandInput> = {}) =>
    codeOf(asked(of, input))
  expect(await code('vol-0123456789abcdef0')).toBe('InvalidVolume.NotFound')
  expect(await code('vol-x')).toBe('InvalidVolumeID.Malformed')
  expect(await code(id, { Size: 4 })).toBe('InvalidParameterValue')
  expect(await code(id, { VolumeType: 'io1' })).toBe('InvalidParameterCombination')
  expect(await code(id, { MultiAttachEnabled: true })).toBe('InvalidParameterCombination')
  expect(await code(id, { DryRun: true })).toBe('DryRunOperation')
  expect(
    await codeOf(
      cloud.ec2Of({ account: '210987654321' }).send(new CopyVolumesCommand({ SourceVolumeId: id })),
    ),
  ).toBe('InvalidVolume.NotFound')
})
