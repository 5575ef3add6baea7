/** Snapshots in the hands of others: shared, copied. */
import {
  CopySnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotAttributeCommand,
  ModifySnapshotAttributeCommand,
  ResetSnapshotAttributeCommand,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { soon, volumeKit, ZONE } from '../support/volume-kit.ts'

const FRIEND = '444455556666'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

const { volume, list, take, from, remove, look, write, read } = volumeKit(() => cloud)

describe('sharing', () => {
  const modify = (SnapshotId: string, input: object) =>
    cloud.ec2.send(new ModifySnapshotAttributeCommand({ SnapshotId, ...input }))
  const attribute = async (SnapshotId: string) => {
    const command = { SnapshotId, Attribute: 'createVolumePermission' as const }
    const answer = await cloud.ec2.send(new DescribeSnapshotAttributeCommand(command))
    return answer.CreateVolumePermissions
  }

  test('with an account, with everybody, with nobody any more', async () => {
    const friend = cloud.ec2Of({ account: FRIEND })
    const id = await volume()
    write(id, 0, 'for you')
    const snapshot = await take(id)
    const seen = async () =>
      (await list({ Filters: [{ Name: 'snapshot-id', Values: [snapshot] }] }, friend)).length
    expect(await seen()).toBe(0)
    expect(await attribute(snapshot)).toEqual([])
    await modify(snapshot, { CreateVolumePermission: { Add: [{ UserId: FRIEND }] } })
    expect(await attribute(snapshot)).toEqual([{ UserId: FRIEND }])
    expect(await seen()).toBe(1)
    const self = await list({ RestorableByUserIds: ['self'] }, friend)
    expect(self.map((one) => one.SnapshotId)).toEqual([snapshot])
    const { VolumeId } = await friend.send(
      new CreateVolumeCommand({ AvailabilityZone: ZONE, SnapshotId: snapshot }),
    )
    await soon(() => expect(read(VolumeId!, 0)).toBe('for you'))
    const notTheirs = new DeleteSnapshotCommand({ SnapshotId: snapshot })
    expect(await codeOf(friend.send(notTheirs))).toBe('AuthFailure')
    await modify(snapshot, {
      OperationType: 'add',
      GroupNames: ['all'],
      Attribute: 'createVolumePermission',
    })
    expect(await attribute(snapshot)).toEqual([{ Group: 'all' }, { UserId: FRIEND }])
    await modify(snapshot, { OperationType: 'remove', UserIds: [FRIEND] })
    expect(await attribute(snapshot)).toEqual([{ Group: 'all' }])
    const reset = { SnapshotId: snapshot, Attribute: 'createVolumePermission' as const }
    await cloud.ec2.send(new ResetSnapshotAttributeCommand(reset))
    expect(await attribute(snapshot)).toEqual([])
    expect(await seen()).toBe(0)
  })

  test('wants a permission', async () => {
    const snapshot = await take(await volume())
    expect(await codeOf(modify(snapshot, {}))).toBe('MissingParameter')
    expect(await codeOf(modify(snapshot, { UserIds: [FRIEND] }))).toBe('MissingParameter')
    expect(await codeOf(modify(snapshot, { OperationType: 'add', GroupNames: ['some'] }))).toBe(
      'InvalidParameterValue',
    )
    expect(await codeOf(modify(snapshot, { OperationType: 'add', UserIds: ['12'] }))).toBe(
      'InvalidParameterValue',
    )
  })
})

test('a copy has the content, in this region and in another, and outlives its source', async () => {
  const id = await volume()
  write(id, 0, 'copied')
  const source = await take(id)
  const copy = async (client = cloud.ec2) =>
    (
      await client.send(
        new CopySnapshotCommand({
          SourceRegion: 'us-east-1',
          SourceSnapshotId: source,
          Description: 'a copy',
          TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'c', Value: '1' }] }],
        }),
      )
    ).SnapshotId!
  const here = await copy()
  const europe = cloud.ec2Of({ region: 'eu-central-1' })
  const there = await copy(europe)
  expect(await look(here)).toMatchObject({
    State: 'completed',
    VolumeId: 'vol-ffffffff',
    Description: 'a copy',
    TransferType: 'standard',
  })
  await remove(source)
  expect(read(await from(here), 0)).toBe('copied')
  expect((await list({ OwnerIds: ['self'] }, europe)).map((one) => one.SnapshotId)).toEqual([there])
  const { VolumeId } = await europe.send(
    new CreateVolumeCommand({ AvailabilityZone: 'eu-central-1a', SnapshotId: there }),
  )
  await soon(() => expect(read(VolumeId!, 0)).toBe('copied'))
  expect(await codeOf(copy())).toBe('InvalidSnapshot.NotFound')
})
