/** Backups and restores of instances and volumes through the SDK, into real vaults of simulated hosts. */
import {
  DeleteRecoveryPointCommand,
  DescribeBackupJobCommand,
  DescribeRecoveryPointCommand,
  ListBackupJobsCommand,
  ListRecoveryPointsByResourceCommand,
  ListRestoreJobsByProtectedResourceCommand,
  ListRestoreJobsCommand,
  StartRestoreJobCommand,
  StopBackupJobCommand,
  UpdateRecoveryPointLifecycleCommand,
} from '@aws-sdk/client-backup'
import {
  AttachVolumeCommand,
  CreateTagsCommand,
  DeleteVolumeCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, instanceArn, ROLE, volumeArn } from '../support/backup-kit.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf as codeOf } from '../support/code-of.ts'
import { describe as describeInstance, launch, running } from '../support/launch.ts'
import { soon, volumeKit, ZONE } from '../support/volume-kit.ts'

let cloud: TestCloud
let nowOffset = 0
beforeEach(async () => {
  nowOffset = 0
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + nowOffset } })
})
afterEach(() => cloud.close())
const { volume, write, read, attached } = volumeKit(() => cloud)
const kit = backupKit(() => cloud)
const { client, vault, start, backUp, jobEnd, points, restore, metadata } = kit

test('a volume is backed up and comes back as it was', async () => {
  await vault('vault')
  const id = await volume({ Size: 2 })
  write(id, 0, 'first')
  write(id, 7, 'seventh')
  const job = await backUp(volumeArn(id), 'vault')
  expect(job).toMatchObject({
    State: 'COMPLETED',
    PercentDone: '100.0',
    ResourceType: 'EBS',
    ResourceArn: volumeArn(id),
    BackupVaultName: 'vault',
    IamRoleArn: ROLE,
    IsParent: false,
  })
  expect(job.RecoveryPointArn).toMatch(/^arn:aws:backup:us-east-1:111122223333:recovery-point:/)
  write(id, 0, 'later')
  const restored = await restore('vault', job.RecoveryPointArn!)
  expect(restored).toMatchObject({ Status: 'COMPLETED', PercentDone: '100.00%' })
  const made = restored.CreatedResourceArn!.split('/')[1]!
  expect(made).not.toBe(id)
  expect([read(made, 0), read(made, 7), read(made, 1)]).toEqual(['first', 'seventh', ''])
  const shown = await cloud.ec2.send(new DescribeVolumesCommand({ VolumeIds: [made] }))
  expect(shown.Volumes![0]).toMatchObject({ State: 'available', Size: 2, AvailabilityZone: ZONE })
})

test('no user sees the snapshots that fix the content, and the next backup builds on them', async () => {
  await vault('vault')
  const id = await volume()
  write(id, 1, 'one')
  await backUp(volumeArn(id), 'vault')
  const { Snapshots } = await cloud.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))
  expect(Snapshots).toEqual([])
  const layersAfterFirst = await soonCount(1)
  write(id, 2, 'two')
  const second = await backUp(volumeArn(id), 'vault')
  // Only what was written since is read: half a MiB of a block of the simulated host.
  expect(second.BytesTransferred!).toBeLessThan(1024 * 1024)
  write(id, 1, 'gone')
  const restored = await restore('vault', second.RecoveryPointArn!)
  const made = restored.CreatedResourceArn!.split('/')[1]!
  expect([read(made, 1), read(made, 2)]).toEqual(['one', 'two'])
  expect(layersAfterFirst).toBe(1)
})

/** How many layers are held by hidden snapshots, once that many are. */
const soonCount = (count: number) =>
  soon(async () => {
    const all = await cloud.app.store.list('snapshot', {})
    const hidden = all.filter((one) => one.backupJobId)
    expect(hidden).toHaveLength(count)
    return hidden.length
  })

test('an instance is backed up whole and restored to a new one upon new volumes', async () => {
  await vault('vault')
  const id = await running(cloud.ec2, {
    UserData: Buffer.from('#!/bin/sh\n').toString('base64'),
    InstanceType: 't3.small',
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'web' }] }],
  })
  const data = await volume({ Size: 3 })
  const attach = { VolumeId: data, InstanceId: id, Device: '/dev/sdf' }
  await cloud.ec2.send(new AttachVolumeCommand(attach))
  await soon(() => expect(cloud.agent.disksOf(id)).toContain(data))
  const [root] = (await attached(id)).filter((one) => one !== data)
  write(root!, 3, 'root')
  write(data, 5, 'data')
  const job = await soon(() => backUp(instanceArn(id), 'vault'))
  expect(job).toMatchObject({ ResourceType: 'EC2', ResourceName: 'web' })
  write(root!, 3, 'root later')
  const offered = await metadata('vault', job.RecoveryPointArn!)
  expect(offered).toMatchObject({ InstanceType: 't3.small', DisableApiTermination: 'false' })
  expect(JSON.parse(offered.SecurityGroupIds!)).toHaveLength(1)
  const copy = { CopySourceTagsToRestoredResource: true }
  const restored = await restore('vault', job.RecoveryPointArn!, {}, copy)
  expect(restored.Status, restored.StatusMessage).toBe('COMPLETED')
  const made = restored.CreatedResourceArn!.split('/')[1]!
  const shown = await describeInstance(cloud.ec2, made)
  const old = await describeInstance(cloud.ec2, id)
  expect(shown).toMatchObject({
    State: { Name: 'running' },
    InstanceType: 't3.small',
    SubnetId: old.SubnetId,
    ImageId: old.ImageId,
    Tags: [{ Key: 'Name', Value: 'web' }],
  })
  const devices = Object.fromEntries(
    shown.BlockDeviceMappings!.map((one) => [one.DeviceName, one.Ebs!.VolumeId!]),
  )
  expect(Object.keys(devices).sort()).toEqual(['/dev/sdf', '/dev/xvda'])
  expect([read(devices['/dev/xvda']!, 3), read(devices['/dev/sdf']!, 5)]).toEqual(['root', 'data'])
  expect(Object.values(devices)).not.toContain(root)
})

test('an instance that is gone with its image comes back', async () => {
  await vault('vault')
  const id = await running(cloud.ec2)
  const [root] = await attached(id)
  write(root!, 1, 'kept')
  const job = await backUp(instanceArn(id), 'vault')
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
  const restored = await soon(() => restore('vault', job.RecoveryPointArn!))
  expect(restored.Status, restored.StatusMessage).toBe('COMPLETED')
  const [made] = await attached(restored.CreatedResourceArn!.split('/')[1]!)
  expect(read(made!, 1)).toBe('kept')
})

test('a guest whose files came to rest is backed up application consistent, and the job says so', async () => {
  await vault('vault')
  const id = await running(cloud.ec2)
  const BackupOptions = { WindowsVSS: 'enabled' }
  const asked = await soon(() => backUp(instanceArn(id), 'vault', { BackupOptions }))
  expect(asked).toMatchObject({ BackupOptions, StatusMessage: 'Application consistent' })
  expect((await backUp(instanceArn(id), 'vault')).StatusMessage).toBeUndefined()
})

test('a token starts one backup, and one restore', async () => {
  await vault('vault')
  const id = await volume()
  const options = { IdempotencyToken: 'a-token' }
  const [one, two] = [
    await start(volumeArn(id), 'vault', options),
    await start(volumeArn(id), 'vault', options),
  ]
  expect(two).toMatchObject({
    BackupJobId: one.BackupJobId,
    RecoveryPointArn: one.RecoveryPointArn,
  })
  const job = await jobEnd(one.BackupJobId!)
  const Metadata = await metadata('vault', job.RecoveryPointArn!)
  const own = { RecoveryPointArn: job.RecoveryPointArn!, Metadata, IamRoleArn: ROLE }
  const request = { ...own, IdempotencyToken: 'b' }
  const first = await client().send(new StartRestoreJobCommand(request))
  const second = await client().send(new StartRestoreJobCommand(request))
  expect(second.RestoreJobId).toBe(first.RestoreJobId)
  await kit.restoreEnd(first.RestoreJobId!)
  expect((await client().send(new ListRestoreJobsCommand({}))).RestoreJobs).toHaveLength(1)
})

test('one resource is backed up once at a time, and who waits for that says so', async () => {
  await vault('vault')
  const id = await volume()
  const { backup } = cloud.agent
  const progressNow = backup.workProgress
  const nothing = { doneBytes: 0, totalBytes: null, outcome: null }
  backup.workProgress = async (workId) => ({ workId, ...nothing })
  const one = (await start(volumeArn(id), 'vault')).BackupJobId!
  const shown = (BackupJobId: string) =>
    client().send(new DescribeBackupJobCommand({ BackupJobId }))
  await soon(async () => expect((await shown(one)).State).toBe('RUNNING'))
  const two = (await start(volumeArn(id), 'vault')).BackupJobId!
  const message = 'It waits for another backup of the resource to end'
  await soon(async () => {
    expect(await shown(two)).toMatchObject({ State: 'CREATED', StatusMessage: message })
  })
  backup.workProgress = progressNow
  cloud.app.activate('backupJobs')
  expect((await jobEnd(one)).State).toBe('COMPLETED')
  const second = await jobEnd(two)
  expect([second.State, second.StatusMessage]).toEqual(['COMPLETED', undefined])
})

test('a job that waits for its resource is stopped, or expires when its window is over', async () => {
  await vault('vault')
  const [id] = await launch(cloud.ec2)
  cloud.agent.storage.failFreeze('the host is busy')
  await soon(() => running(cloud.ec2))
  const stoppedJob = await start(instanceArn(id!), 'vault')
  const BackupJobId = stoppedJob.BackupJobId!
  await soon(async () => {
    const job = await client().send(new DescribeBackupJobCommand({ BackupJobId }))
    expect(job.StatusMessage).toBe('the host is busy')
  })
  await client().send(new StopBackupJobCommand({ BackupJobId }))
  expect((await jobEnd(BackupJobId)).State).toBe('ABORTED')
  const again = client().send(new StopBackupJobCommand({ BackupJobId }))
  await again
  const late = await start(instanceArn(id!), 'vault', { StartWindowMinutes: 60 })
  nowOffset = 61 * 60_000
  cloud.app.activate('backupJobs')
  expect((await jobEnd(late.BackupJobId!)).State).toBe('EXPIRED')
  expect(
    await codeOf(client().send(new StopBackupJobCommand({ BackupJobId: late.BackupJobId }))),
  ).toBe('InvalidRequestException')
  expect(await points('vault')).toEqual([])
  await soonCount(0)
})

test('what is not done within its completion window leaves a point that is PARTIAL, and goes like others', async () => {
  const kms = cloud.kmsOf()
  const { KeyId, Arn: EncryptionKeyArn } = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!
  await vault('vault', { EncryptionKeyArn })
  const id = await volume()
  // Nothing is written into the vault without its key.
  await kms.send(new DisableKeyCommand({ KeyId }))
  const { BackupJobId } = await start(volumeArn(id), 'vault', {
    ...{ StartWindowMinutes: 60, CompleteWindowMinutes: 120 },
  })
  const state = async () =>
    (await client().send(new DescribeBackupJobCommand({ BackupJobId }))).State
  await soon(async () => expect(await state()).toBe('RUNNING'))
  nowOffset = 3 * 3_600_000
  const job = await soon(() => jobEnd(BackupJobId!))
  expect([job.State, job.StatusMessage]).toEqual([
    'ABORTED',
    'The job did not complete within its completion window',
  ])
  await kms.send(new EnableKeyCommand({ KeyId }))
  const [point] = await points('vault')
  expect(point).toMatchObject({ Status: 'PARTIAL', RecoveryPointArn: job.RecoveryPointArn })
  const { RecoveryPointArn } = point!
  const of = { BackupVaultName: 'vault', RecoveryPointArn }
  const Lifecycle = { DeleteAfterDays: 30 }
  await client().send(new UpdateRecoveryPointLifecycleCommand({ ...of, Lifecycle }))
  expect((await points('vault'))[0]).toMatchObject({ Status: 'PARTIAL' })
  const Metadata = { availabilityZone: ZONE }
  const restored = client().send(
    new StartRestoreJobCommand({ RecoveryPointArn, Metadata, IamRoleArn: ROLE }),
  )
  expect(await codeOf(restored)).toBe('InvalidRequestException')
  await client().send(new DeleteRecoveryPointCommand(of))
  await soon(async () => expect(await points('vault')).toEqual([]))
})

test('lists of jobs know their filters and pages', async () => {
  await vault('vault')
  await vault('other')
  const ids = [await volume(), await volume()]
  await backUp(volumeArn(ids[0]!), 'vault')
  const last = await backUp(volumeArn(ids[1]!), 'other')
  const list = async (input: object) =>
    (await client().send(new ListBackupJobsCommand(input))).BackupJobs!
  expect(await list({})).toHaveLength(2)
  expect((await list({}))[0]!.BackupJobId).toBe(last.BackupJobId)
  expect(await list({ ByBackupVaultName: 'vault' })).toHaveLength(1)
  expect(await list({ ByResourceArn: volumeArn(ids[1]!) })).toHaveLength(1)
  expect(await list({ ByResourceType: 'EC2' })).toEqual([])
  expect(await list({ ByState: 'COMPLETED' })).toHaveLength(2)
  expect(await list({ ByState: 'FAILED' })).toEqual([])
  expect(await list({ ByAccountId: '999999999999' })).toEqual([])
  expect(await list({ ByCreatedAfter: new Date(Date.now() + 60_000) })).toEqual([])
  expect(await list({ ByCompleteBefore: new Date(Date.now() + 60_000) })).toHaveLength(2)
  const page = await client().send(new ListBackupJobsCommand({ MaxResults: 1 }))
  expect(page.BackupJobs).toHaveLength(1)
  const next = { MaxResults: 1, NextToken: page.NextToken }
  const rest = await client().send(new ListBackupJobsCommand(next))
  expect(rest.BackupJobs![0]!.BackupJobId).not.toBe(page.BackupJobs![0]!.BackupJobId)
  expect(rest.NextToken).toBeUndefined()
})

test('points are found by resource, described, and deleted with what is kept for them', async () => {
  await vault('vault')
  const id = await volume()
  await cloud.ec2.send(
    new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'team', Value: 'db' }] }),
  )
  const job = await backUp(volumeArn(id), 'vault', { RecoveryPointTags: { kind: 'nightly' } })
  const RecoveryPointArn = job.RecoveryPointArn!
  const found = await client().send(
    new ListRecoveryPointsByResourceCommand({ ResourceArn: volumeArn(id) }),
  )
  expect(found.RecoveryPoints).toMatchObject([{ RecoveryPointArn, Status: 'COMPLETED' }])
  const name = { BackupVaultName: 'vault', RecoveryPointArn }
  const point = await client().send(new DescribeRecoveryPointCommand(name))
  expect(point).toMatchObject({ StorageClass: 'WARM', IsEncrypted: true, ResourceType: 'EBS' })
  expect(point.EncryptionKeyArn).toMatch(/^arn:aws:kms:us-east-1:111122223333:key\//)
  await client().send(new DeleteRecoveryPointCommand(name))
  await soon(async () => expect(await points('vault')).toEqual([]))
  expect(await codeOf(client().send(new DescribeRecoveryPointCommand(name)))).toBe(
    'ResourceNotFoundException',
  )
  await soonCount(0)
})

test('what cannot be backed up or restored is refused', async () => {
  await vault('vault')
  const id = await volume()
  const refused = async (arn: string, name: string, input = {}) => codeOf(start(arn, name, input))
  expect(await refused(volumeArn(id), 'none')).toBe('ResourceNotFoundException')
  expect(await refused(volumeArn('vol-0123456789abcdef0'), 'vault')).toBe(
    'InvalidParameterValueException',
  )
  expect(await refused('arn:aws:s3:::bucket', 'vault')).toBe('InvalidParameterValueException')
  expect(await refused(volumeArn(id), 'vault', { StartWindowMinutes: 30 })).toBe(
    'InvalidParameterValueException',
  )
  expect(await refused(volumeArn(id), 'vault', { IamRoleArn: 'nobody' })).toBe(
    'InvalidParameterValueException',
  )
  const shortLived = { MoveToColdStorageAfterDays: 1, DeleteAfterDays: 10 }
  expect(await refused(volumeArn(id), 'vault', { Lifecycle: shortLived })).toBe(
    'InvalidParameterValueException',
  )
  const job = await backUp(volumeArn(id), 'vault')
  const restoreWith = (change: Record<string, string>) =>
    codeOf(restore('vault', job.RecoveryPointArn!, change))
  expect(await restoreWith({ colour: 'red' })).toBe('InvalidParameterValueException')
  expect(await restoreWith({ availabilityZone: 'us-east-1q' })).toBe(
    'InvalidParameterValueException',
  )
  expect(await restoreWith({ volumeType: 'floppy' })).toBe('InvalidParameterValueException')
  expect(await restoreWith({ volumeSize: 'much' })).toBe('InvalidParameterValueException')
})

test('a restore that fails says why, and leaves nothing', async () => {
  await vault('vault')
  const id = await running(cloud.ec2)
  const job = await backUp(instanceArn(id), 'vault')
  const before = (await cloud.ec2.send(new DescribeVolumesCommand({}))).Volumes!.length
  const bad = restore('vault', job.RecoveryPointArn!, { SubnetId: 'subnet-0123456789abcdef0' })
  expect(await codeOf(bad)).toBe('InvalidParameterValueException')
  const after = (await cloud.ec2.send(new DescribeVolumesCommand({}))).Volumes!.length
  expect(after).toBe(before)
  const shown = await client().send(
    new ListRestoreJobsByProtectedResourceCommand({ ResourceArn: instanceArn(id) }),
  )
  expect(shown.RestoreJobs).toEqual([])
})

test('layers kept for a volume that is deleted go', async () => {
  await vault('vault')
  const id = await volume()
  await backUp(volumeArn(id), 'vault')
  await soonCount(1)
  await cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: id }))
  await soon(async () => {
    cloud.app.activate('backupAges')
    await soonCount(0)
  })
})
