/** What protects snapshots and images: locks against deletion, blocks against sharing with everybody. */
import {
  CancelImageLaunchPermissionCommand,
  CreateImageCommand,
  DescribeImagesCommand,
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotAttributeCommand,
  DisableImageBlockPublicAccessCommand,
  DisableSnapshotBlockPublicAccessCommand,
  EnableImageBlockPublicAccessCommand,
  EnableSnapshotBlockPublicAccessCommand,
  EnableVolumeIOCommand,
  GetImageBlockPublicAccessStateCommand,
  GetSnapshotBlockPublicAccessStateCommand,
  LockSnapshotCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  UnlockSnapshotCommand,
  type LockSnapshotCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const FRIEND = '444455556666'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let nowOffset = 0
let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + nowOffset } })
})
beforeEach(() => {
  nowOffset = 0
})
afterAll(() => cloud.close())
const { volume, list, take, remove } = volumeKit(() => cloud)

const lock = (SnapshotId: string, input: Omit<LockSnapshotCommandInput, 'SnapshotId'>) =>
  cloud.ec2.send(new LockSnapshotCommand({ SnapshotId, ...input }))
const unlock = (SnapshotId: string) => cloud.ec2.send(new UnlockSnapshotCommand({ SnapshotId }))
const locked = async (Values?: string[]) => {
  const Filters = Values && [{ Name: 'lock-state', Values }]
  return (await cloud.ec2.send(new DescribeLockedSnapshotsCommand({ Filters }))).Snapshots!
}

test('governance: nobody deletes it until it is unlocked, or its time is over', async () => {
  const id = await take(await volume())
  expect(await codeOf(unlock(id))).toBe('OperationNotPermitted')
  const made = await lock(id, { LockMode: 'governance', LockDuration: 1 })
  expect(made).toMatchObject({ SnapshotId: id, LockState: 'governance', LockDuration: 1 })
  expect(made.LockExpiresOn!.getTime() - made.LockDurationStartTime!.getTime()).toBe(DAY_MS)
  expect(await codeOf(remove(id))).toBe('OperationNotPermitted')
  expect(await locked(['governance'])).toMatchObject([{ SnapshotId: id, LockState: 'governance' }])
  expect(await locked(['compliance'])).toEqual([])
  await unlock(id)
  expect(await locked()).toEqual([])
  await lock(id, { LockMode: 'governance', LockDuration: 2 })
  nowOffset = 2 * DAY_MS + 1
  expect(await locked()).toMatchObject([{ LockState: 'expired' }])
  await remove(id)
  expect(await locked()).toEqual([])
})

test('compliance: unlocked while it cools off, afterwards only locked longer', async () => {
  const id = await take(await volume())
  const LockMode = 'compliance'
  await lock(id, { LockMode, LockDuration: 30, CoolOffPeriod: 3 })
  expect(await locked()).toMatchObject([{ LockState: 'compliance-cooloff', CoolOffPeriod: 3 }])
  expect(await codeOf(remove(id))).toBe('OperationNotPermitted')
  await unlock(id)
  await lock(id, { LockMode, LockDuration: 30, CoolOffPeriod: 3 })
  nowOffset = 3 * HOUR_MS + 1
  expect(await locked(['compliance'])).toHaveLength(1)
  expect(await codeOf(unlock(id))).toBe('OperationNotPermitted')
  const refused: Omit<LockSnapshotCommandInput, 'SnapshotId'>[] = [
    { LockMode: 'governance', LockDuration: 40 },
    { LockMode, LockDuration: 29 },
    { LockMode, LockDuration: 40, CoolOffPeriod: 1 },
  ]
  for (const one of refused) expect(await codeOf(lock(id, one))).toBe('OperationNotPermitted')
  expect((await lock(id, { LockMode, LockDuration: 31 })).LockDuration).toBe(31)
  nowOffset = 32 * DAY_MS
  await remove(id)
})

test('a lock wants a time and a mode that fit', async () => {
  const id = await take(await volume())
  const LockMode = 'governance'
  const ExpirationDate = new Date(Date.now() + 10 * DAY_MS)
  expect(await codeOf(lock(id, { LockMode }))).toBe('MissingParameter')
  const both = { LockMode, LockDuration: 1, ExpirationDate } as const
  expect(await codeOf(lock(id, both))).toBe('InvalidParameterCombination')
  const cool = { LockMode, LockDuration: 1, CoolOffPeriod: 1 } as const
  expect(await codeOf(lock(id, cool))).toBe('InvalidParameterCombination')
  const past = { LockMode, ExpirationDate: new Date(0) } as const
  expect(await codeOf(lock(id, past))).toBe('InvalidParameterValue')
  const none = lock('snap-00000000000000000', { LockMode, LockDuration: 1 })
  expect(await codeOf(none)).toBe('InvalidSnapshot.NotFound')
  const made = await lock(id, { LockMode, ExpirationDate })
  expect(made).toMatchObject({ LockDuration: 10, LockExpiresOn: ExpirationDate })
})

test('snapshots that are not to be public: no new ones, or none at all', async () => {
  const friend = cloud.ec2Of({ account: FRIEND })
  const share = (SnapshotId: string) => {
    const CreateVolumePermission = { Add: [{ Group: 'all' as const }] }
    return cloud.ec2.send(
      new ModifySnapshotAttributeCommand({ SnapshotId, CreateVolumePermission }),
    )
  }
  const seen = async (id: string) =>
    (await list({ Filters: [{ Name: 'snapshot-id', Values: [id] }] }, friend)).length
  const state = async () =>
    (await cloud.ec2.send(new GetSnapshotBlockPublicAccessStateCommand({}))).State
  const enable = (State: 'block-all-sharing' | 'block-new-sharing' | 'unblocked') =>
    cloud.ec2.send(new EnableSnapshotBlockPublicAccessCommand({ State }))
  expect(await state()).toBe('unblocked')
  const [before, after] = [await take(await volume()), await take(await volume())]
  await share(before)
  expect(await seen(before)).toBe(1)
  await enable('block-new-sharing')
  expect(await codeOf(share(after))).toBe('OperationNotPermitted')
  expect(await seen(before)).toBe(1)
  await enable('block-all-sharing')
  expect(await state()).toBe('block-all-sharing')
  expect(await seen(before)).toBe(0)
  const attribute = { SnapshotId: before, Attribute: 'createVolumePermission' as const }
  const told = new DescribeSnapshotAttributeCommand(attribute)
  expect(await codeOf(friend.send(told))).toBe('InvalidSnapshot.NotFound')
  expect((await cloud.ec2.send(told)).CreateVolumePermissions).toEqual([{ Group: 'all' }])
  expect(await codeOf(enable('unblocked'))).toBe('InvalidParameterValue')
  await cloud.ec2.send(new DisableSnapshotBlockPublicAccessCommand({}))
  expect(await seen(before)).toBe(1)
  await share(after)
})

test('images that are not to be public, and one that an account no longer wants', async () => {
  const friend = cloud.ec2Of({ account: FRIEND })
  const InstanceId = await running(cloud.ec2)
  const made = new CreateImageCommand({ InstanceId, Name: 'mine' })
  const ImageId = (await cloud.ec2.send(made)).ImageId!
  const share = (Add: { Group: 'all' }[] | { UserId: string }[]) =>
    cloud.ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add } }))
  const state = async () =>
    (await cloud.ec2.send(new GetImageBlockPublicAccessStateCommand({})))
      .ImageBlockPublicAccessState
  const ImageBlockPublicAccessState = 'block-new-sharing'
  await cloud.ec2.send(new EnableImageBlockPublicAccessCommand({ ImageBlockPublicAccessState }))
  expect(await state()).toBe('block-new-sharing')
  expect(await codeOf(share([{ Group: 'all' }]))).toBe('OperationNotPermitted')
  await cloud.ec2.send(new DisableImageBlockPublicAccessCommand({}))
  expect(await state()).toBe('unblocked')
  await share([{ UserId: FRIEND }])
  const theirs = async () => {
    const Owners = [ACCOUNT]
    return (await friend.send(new DescribeImagesCommand({ Owners }))).Images!.length
  }
  await soon(async () => expect(await theirs()).toBe(1))
  await friend.send(new CancelImageLaunchPermissionCommand({ ImageId }))
  expect(await theirs()).toBe(0)
  const again = friend.send(new CancelImageLaunchPermissionCommand({ ImageId }))
  expect(await codeOf(again)).toBe('InvalidAMIID.NotFound')
})

test('I/O of a volume is enabled already', async () => {
  const VolumeId = await volume()
  await cloud.ec2.send(new EnableVolumeIOCommand({ VolumeId }))
  const none = new EnableVolumeIOCommand({ VolumeId: 'vol-00000000000000000' })
  expect(await codeOf(cloud.ec2.send(none))).toBe('InvalidVolume.NotFound')
})
