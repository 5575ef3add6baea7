/** The archive tier and fast restore of snapshots through the SDK. */
import {
  CopySnapshotCommand,
  CreateVolumeCommand,
  DescribeFastSnapshotRestoresCommand,
  DescribeSnapshotTierStatusCommand,
  DescribeVolumesCommand,
  DisableFastSnapshotRestoresCommand,
  EnableFastSnapshotRestoresCommand,
  ModifySnapshotTierCommand,
  RegisterImageCommand,
  RestoreSnapshotTierCommand,
  type RestoreSnapshotTierCommandInput,
} from '@aws-sdk/client-ec2'
import { ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { soon, volumeKit, ZONE } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
const { volume, take, from, look, remove, read, write } = volumeKit(() => cloud)

const SNAPSHOT = 'snap-0123456789abcdef0'
const archive = (SnapshotId: string) =>
  cloud.ec2.send(new ModifySnapshotTierCommand({ SnapshotId, StorageTier: 'archive' }))
const restore = (SnapshotId: string, more: Partial<RestoreSnapshotTierCommandInput> = {}) =>
  cloud.ec2.send(new RestoreSnapshotTierCommand({ SnapshotId, ...more }))
const status = async (id: string) => {
  const Filters = [{ Name: 'snapshot-id', Values: [id] }]
  const command = new DescribeSnapshotTierStatusCommand({ Filters })
  return (await cloud.ec2.send(command)).SnapshotTierStatuses![0]
}
const until = (id: string, LastTieringOperationStatus: string) =>
  soon(async () => expect(await status(id)).toMatchObject({ LastTieringOperationStatus }))
const layers = () => cloud.agent.storage.layerList()
const archived = async (id: string): Promise<void> => {
  await archive(id)
  await until(id, 'archival-completed')
}

describe('an archived snapshot', () => {
  test('has a compressed layer of its own and no other; restored, it is as before', async () => {
    const source = await volume()
    write(source, 0, 'first')
    const older = await take(source)
    write(source, 1, 'second')
    const id = await take(source)
    const before = new Set(layers())
    const begun = await archive(id)
    expect(begun).toMatchObject({ SnapshotId: id, TieringStartTime: expect.any(Date) })
    await until(id, 'archival-completed')
    expect(await look(id)).toMatchObject({ StorageTier: 'archive', State: 'completed' })
    expect(await status(id)).toMatchObject({
      StorageTier: 'archive',
      LastTieringProgress: 100,
      ArchivalCompleteTime: expect.any(Date),
      VolumeId: source,
    })
    const [made] = layers().filter((layer) => !before.has(layer))
    expect(cloud.agent.storage.isCompressed(made!)).toBe(true)
    expect(cloud.agent.storage.chainOf(made!)).toEqual([made])
    // Nothing can be made of it; the one before is not touched.
    const create = new CreateVolumeCommand({ AvailabilityZone: ZONE, SnapshotId: id })
    expect(await codeOf(cloud.ec2.send(create))).toBe('IncorrectState')
    const copy = new CopySnapshotCommand({ SourceRegion: 'us-east-1', SourceSnapshotId: id })
    expect(await codeOf(cloud.ec2.send(copy))).toBe('IncorrectState')
    const disks = [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: id } }]
    const image = { Name: 'archived', RootDeviceName: '/dev/xvda', BlockDeviceMappings: disks }
    expect(await codeOf(cloud.ec2.send(new RegisterImageCommand(image)))).toBe('IncorrectState')
    expect(await codeOf(archive(id))).toBe('IncorrectState')
    const blocks = cloud.ebsOf().send(new ListSnapshotBlocksCommand({ SnapshotId: id }))
    await expect(blocks).rejects.toThrow('is archived')
    expect(read(await from(older), 0)).toBe('first')
    expect(read(source, 1)).toBe('second')

    const answer = await restore(id, { PermanentRestore: true })
    expect(answer).toMatchObject({ IsPermanentRestore: true, RestoreStartTime: expect.any(Date) })
    await until(id, 'permanent-restore-completed')
    expect((await look(id)).StorageTier).toBe('standard')
    const again = await from(id)
    expect([read(again, 0), read(again, 1)]).toEqual(['first', 'second'])
    await soon(() => expect(layers()).not.toContain(made))
    expect(await codeOf(restore(id))).toBe('IncorrectState')
  })

  test('comes back for some days, is asked for longer, and goes again by itself', async () => {
    const source = await volume()
    write(source, 0, 'kept')
    const id = await take(source)
    await archived(id)
    expect(await restore(id, { TemporaryRestoreDays: 2 })).toMatchObject({ RestoreDuration: 2 })
    await until(id, 'temporary-restore-completed')
    expect(await look(id)).toMatchObject({
      StorageTier: 'archive',
      RestoreExpiryTime: expect.any(Date),
    })
    const made = await from(id)
    expect(read(made, 0)).toBe('kept')
    const first = (await look(id)).RestoreExpiryTime!.getTime()
    await restore(id, { TemporaryRestoreDays: 10 })
    await soon(async () =>
      expect((await look(id)).RestoreExpiryTime!.getTime()).toBeGreaterThan(first),
    )
    await cloud.app.store.transact(async (tx) => {
      const snapshot = (await tx.get('snapshot', id))!
      const tiering = { ...snapshot.tiering!, expiresAt: 1 }
      await tx.update('snapshot', { ...snapshot, tiering })
    })
    cloud.app.activate('tiers')
    await soon(async () => expect((await look(id)).RestoreExpiryTime).toBeUndefined())
    const create = new CreateVolumeCommand({ AvailabilityZone: ZONE, SnapshotId: id })
    expect(await codeOf(cloud.ec2.send(create))).toBe('IncorrectState')
    // What was made of it meanwhile keeps what it lies on.
    expect(read(made, 0)).toBe('kept')
    await restore(id)
    await until(id, 'temporary-restore-completed')
    await remove(id)
    expect(read(made, 0)).toBe('kept')
  })

  test.each<[string, Partial<RestoreSnapshotTierCommandInput>, string]>([
    ['for no day', { TemporaryRestoreDays: 0 }, 'InvalidParameterValue'],
    ['for a year', { TemporaryRestoreDays: 365 }, 'InvalidParameterValue'],
    [
      'for days and for good',
      { TemporaryRestoreDays: 1, PermanentRestore: true },
      'InvalidParameterCombination',
    ],
    ['as a dry run', { DryRun: true }, 'DryRunOperation'],
  ])('is not restored %s', async (_title, input, code) => {
    const id = await take(await volume())
    await archived(id)
    expect(await codeOf(restore(id, input))).toBe(code)
    expect(await status(id)).toMatchObject({ LastTieringOperationStatus: 'archival-completed' })
  })

  test('is none of an image’s, nor another’s', async () => {
    expect(await codeOf(archive(SNAPSHOT))).toBe('AuthFailure')
    expect(await codeOf(archive('snap-00000000000000000'))).toBe('InvalidSnapshot.NotFound')
    const id = await take(await volume())
    const disks = [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: id } }]
    const image = { Name: 'uses-it', RootDeviceName: '/dev/xvda', BlockDeviceMappings: disks }
    await cloud.ec2.send(new RegisterImageCommand(image))
    expect(await codeOf(archive(id))).toBe('InvalidSnapshot.InUse')
  })
})

describe('fast snapshot restore', () => {
  const enable = (SourceSnapshotIds: string[], ...AvailabilityZones: string[]) =>
    cloud.ec2.send(new EnableFastSnapshotRestoresCommand({ SourceSnapshotIds, AvailabilityZones }))
  const disable = (SourceSnapshotIds: string[], ...AvailabilityZones: string[]) =>
    cloud.ec2.send(new DisableFastSnapshotRestoresCommand({ SourceSnapshotIds, AvailabilityZones }))
  const list = async (...Values: string[]) => {
    const Filters = [{ Name: 'snapshot-id', Values }]
    const command = new DescribeFastSnapshotRestoresCommand({ Filters })
    return (await cloud.ec2.send(command)).FastSnapshotRestores!
  }

  test('is on at once, shown by its volumes, and off at once', async () => {
    const id = await take(await volume())
    const { Successful, Unsuccessful } = await enable([id], ZONE, 'us-east-1b')
    expect(Unsuccessful).toEqual([])
    expect(Successful!.map((one) => [one.AvailabilityZone, one.State])).toEqual([
      [ZONE, 'enabled'],
      ['us-east-1b', 'enabled'],
    ])
    expect(await list(id)).toHaveLength(2)
    const made = await from(id)
    const Filters = [{ Name: 'fast-restored', Values: ['true'] }]
    const { Volumes } = await cloud.ec2.send(new DescribeVolumesCommand({ Filters }))
    expect(Volumes).toMatchObject([{ VolumeId: made, FastRestored: true }])
    expect(await codeOf(archive(id))).toBe('IncorrectState')
    const ended = await disable([id], ZONE, 'us-east-1b')
    expect(ended.Successful).toHaveLength(2)
    expect(ended.Successful![0]).toMatchObject({
      State: 'disabled',
      DisabledTime: expect.any(Date),
    })
    expect(await list(id)).toEqual([])
  })

  test('tells what failed beside what did not', async () => {
    const id = await take(await volume())
    const { Successful, Unsuccessful } = await enable(['snap-00000000000000000', id], ZONE)
    expect(Successful).toHaveLength(1)
    expect(Unsuccessful).toMatchObject([
      {
        SnapshotId: 'snap-00000000000000000',
        FastSnapshotRestoreStateErrors: [
          { AvailabilityZone: ZONE, Error: { Code: 'InvalidSnapshot.NotFound' } },
        ],
      },
    ])
    expect((await disable([id], 'us-east-1c')).Unsuccessful).toHaveLength(1)
    expect(await codeOf(enable([id], 'us-east-1z'))).toBe('InvalidZone.NotFound')
    expect(await codeOf(enable([id]))).toBe('MissingParameter')
    const more = [await take(await volume()), await take(await volume())]
    await enable([more[0]!], ZONE, 'us-east-1b', 'us-east-1c')
    const full = await enable([more[1]!], ZONE, 'us-east-1b')
    expect(full.Unsuccessful).toMatchObject([
      {
        FastSnapshotRestoreStateErrors: [
          { Error: { Code: 'FastSnapshotRestoreLimitExceeded' } },
          {},
        ],
      },
    ])
  })
})
