/** Encrypted volumes through the SDK: which key, what inherits it, defaults, keys that are not there any more. */
import { StartSnapshotCommand } from '@aws-sdk/client-ebs'
import {
  AttachVolumeCommand,
  CopyImageCommand,
  CopySnapshotCommand,
  CreateImageCommand,
  DeleteSnapshotCommand,
  waitUntilImageAvailable,
  waitUntilSnapshotCompleted,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DisableEbsEncryptionByDefaultCommand,
  EnableEbsEncryptionByDefaultCommand,
  GetEbsDefaultKmsKeyIdCommand,
  GetEbsEncryptionByDefaultCommand,
  ModifyEbsDefaultKmsKeyIdCommand,
  ModifySnapshotAttributeCommand,
  ResetEbsDefaultKmsKeyIdCommand,
  StartInstancesCommand,
  type CreateVolumeCommandInput,
} from '@aws-sdk/client-ec2'
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GetKeyPolicyCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms'
import { PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LayerId } from '../../src/domain/layer.ts'
import type { VolumeKeys } from '../../src/domain/machine.ts'
import { codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, document, failureOf, userMake } from '../support/iam.ts'
import { running, stop, stopped } from '../support/launch.ts'
import { soon, volumeKit, ZONE } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
const { volume, take, from, attached, write, read, waiter } = volumeKit(() => cloud)

const keyMake = async () => (await cloud.kmsOf().send(new CreateKeyCommand({}))).KeyMetadata!
const look = async (id: string) =>
  (await cloud.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes![0]!
const keysOn = (id: string) => cloud.agent.volumes().get(id)!.keys as VolumeKeys
const make = (input: Partial<CreateVolumeCommandInput>) =>
  cloud.ec2.send(new CreateVolumeCommand({ AvailabilityZone: ZONE, Size: 1, ...input }))

test('a volume has a data key of its own under the account’s key for volumes', async () => {
  const [one, two] = [await volume({ Encrypted: true }), await volume({ Encrypted: true })]
  const { KmsKeyId, Encrypted } = await look(one)
  expect(Encrypted).toBe(true)
  const { KeyMetadata } = await cloud
    .kmsOf()
    .send(new DescribeKeyCommand({ KeyId: 'alias/aws/ebs' }))
  expect(KmsKeyId).toBe(KeyMetadata!.Arn)
  expect(KeyMetadata).toMatchObject({ KeyManager: 'AWS' })
  expect(keysOn(one).head).toHaveLength(44)
  expect(keysOn(one).head).not.toBe(keysOn(two).head)
  const stored = JSON.stringify(await cloud.app.store.get('volume', one))
  expect(stored).not.toContain(keysOn(one).head)
})

test('what is made of it is encrypted with the same, whatever the name of the key', async () => {
  const key = await keyMake()
  const id = await volume({ Encrypted: true, KmsKeyId: key.KeyId! })
  write(id, 0, 'secret')
  const snapshot = await take(id)
  const { Snapshots } = await cloud.ec2.send(
    new DescribeSnapshotsCommand({ SnapshotIds: [snapshot] }),
  )
  expect(Snapshots![0]).toMatchObject({ Encrypted: true, KmsKeyId: key.Arn })
  const copy = await from(snapshot)
  expect(await look(copy)).toMatchObject({ Encrypted: true, KmsKeyId: key.Arn })
  expect(keysOn(copy).head).toBe(keysOn(id).head)
  expect(Object.values(keysOn(copy).layers)).toEqual([keysOn(id).head])
  expect(read(copy, 0)).toBe('secret')
  const clear = make({ SnapshotId: snapshot, Encrypted: false })
  expect(await codeOf(clear)).toBe('InvalidParameterValue')
})

test('a copy keeps the encryption of its source, and no other account gets at it', async () => {
  const id = await volume({ Encrypted: true })
  const secret = await take(id)
  const copy = async (SourceSnapshotId: string, input = {}, client = cloud.ec2) => {
    const command = { SourceSnapshotId, SourceRegion: 'us-east-1', ...input }
    return (await client.send(new CopySnapshotCommand(command))).SnapshotId!
  }
  const copied = await from(await copy(secret, { Encrypted: true }))
  expect(keysOn(copied).head).toBe(keysOn(id).head)
  const friend = cloud.ec2Of({ account: '444455556666' })
  const share = { CreateVolumePermission: { Add: [{ UserId: '444455556666' }] } }
  await cloud.ec2.send(new ModifySnapshotAttributeCommand({ SnapshotId: secret, ...share }))
  expect(await codeOf(copy(secret, {}, friend))).toBe('UnsupportedOperation')
  const use = new CreateVolumeCommand({ AvailabilityZone: ZONE, SnapshotId: secret })
  expect(await codeOf(friend.send(use))).toBe('UnsupportedOperation')
})

test('a copy of a snapshot in clear, or under another key, is one of its own content', async () => {
  const id = await volume()
  write(id, 0, 'in clear')
  const clear = await take(id)
  const copy = async (SourceSnapshotId: string, KmsKeyId?: string) => {
    const command = { SourceSnapshotId, SourceRegion: 'us-east-1', Encrypted: true, KmsKeyId }
    const { SnapshotId } = await cloud.ec2.send(new CopySnapshotCommand(command))
    await waitUntilSnapshotCompleted(waiter(), { SnapshotIds: [SnapshotId!] })
    return SnapshotId!
  }
  const first = await copy(clear)
  await cloud.ec2.send(new DeleteSnapshotCommand({ SnapshotId: clear }))
  const key = await keyMake()
  const second = await copy(first, key.KeyId!)
  const command = new DescribeSnapshotsCommand({ SnapshotIds: [second] })
  const [seen] = (await cloud.ec2.send(command)).Snapshots!
  expect(seen).toMatchObject({ Encrypted: true, KmsKeyId: key.Arn, State: 'completed' })
  await cloud.ec2.send(new DeleteSnapshotCommand({ SnapshotId: first }))
  const made = await from(second)
  expect(await look(made)).toMatchObject({ Encrypted: true, KmsKeyId: key.Arn })
  expect(read(made, 0)).toBe('in clear')
  // Its layer alone is beneath, under its own key.
  expect(Object.values(keysOn(made).layers)).toEqual([keysOn(made).head])
})

test('an image copied with encryption is pending until its snapshots are there, and launches', async () => {
  const instance = await stopped(cloud.ec2)
  const [root] = await attached(instance)
  write(root!, 2, 'golden')
  const made = await cloud.ec2.send(new CreateImageCommand({ InstanceId: instance, Name: 'plain' }))
  await waitUntilImageAvailable(waiter(), { ImageIds: [made.ImageId!] })
  const { ImageId } = await cloud.ec2.send(
    new CopyImageCommand({
      Name: 'sealed',
      SourceImageId: made.ImageId,
      SourceRegion: 'us-east-1',
      Encrypted: true,
    }),
  )
  await waitUntilImageAvailable(waiter(), { ImageIds: [ImageId!] })
  const [copied] = await attached(await running(cloud.ec2, { ImageId }))
  expect(await look(copied!)).toMatchObject({ Encrypted: true })
  expect(read(copied!, 2)).toBe('golden')
})

test('of a snapshot in clear, or with another key, it is a copy that needs no layer', async () => {
  const id = await volume()
  write(id, 0, 'in clear')
  const snapshot = await take(id)
  const made = await volume({ SnapshotId: snapshot, Size: undefined, Encrypted: true })
  expect(cloud.agent.volumes().get(made)).toMatchObject({ isCopied: true, beneath: null })
  expect(read(made, 0)).toBe('in clear')
  expect((await cloud.app.store.get('volume', made))!.layerId).toBeNull()
  const other = await keyMake()
  const next = await take(made)
  const again = await volume({
    SnapshotId: next,
    Size: undefined,
    Encrypted: true,
    KmsKeyId: other.Arn!,
  })
  expect((await look(again)).KmsKeyId).toBe(other.Arn)
  expect(keysOn(again).head).not.toBe(keysOn(made).head)
  expect(read(again, 0)).toBe('in clear')
})

test('by default, for an account in a region', async () => {
  const ec2 = cloud.ec2Of({ region: 'eu-west-1' })
  const isOn = async () =>
    (await ec2.send(new GetEbsEncryptionByDefaultCommand({}))).EbsEncryptionByDefault
  expect(await isOn()).toBe(false)
  await ec2.send(new EnableEbsEncryptionByDefaultCommand({}))
  expect(await isOn()).toBe(true)
  const there = { AvailabilityZone: 'eu-west-1a', Size: 1 }
  const first = await ec2.send(new CreateVolumeCommand(there))
  expect(first.Encrypted).toBe(true)
  const kms = cloud.kmsOf({ region: 'eu-west-1' })
  const key = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!
  await ec2.send(new ModifyEbsDefaultKmsKeyIdCommand({ KmsKeyId: key.KeyId! }))
  expect((await ec2.send(new GetEbsDefaultKmsKeyIdCommand({}))).KmsKeyId).toBe(key.Arn)
  const second = await ec2.send(new CreateVolumeCommand(there))
  expect(second.KmsKeyId).toBe(key.Arn)
  const reset = await ec2.send(new ResetEbsDefaultKmsKeyIdCommand({}))
  expect(reset.KmsKeyId).toBe(first.KmsKeyId)
  const instance = await running(ec2)
  const Filters = [{ Name: 'attachment.instance-id', Values: [instance] }]
  const { Volumes } = await ec2.send(new DescribeVolumesCommand({ Filters }))
  expect(Volumes![0]).toMatchObject({ Encrypted: true, KmsKeyId: first.KmsKeyId })
  await ec2.send(new DisableEbsEncryptionByDefaultCommand({}))
  expect(await isOn()).toBe(false)
  // Elsewhere nothing changed.
  expect((await make({})).Encrypted).toBe(false)
})

test('a launch can ask for it, and an image of the instance keeps it', async () => {
  const key = await keyMake()
  const Ebs = { Encrypted: true, KmsKeyId: key.KeyId! }
  const instance = await running(cloud.ec2, {
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs }],
  })
  const [root] = await attached(instance)
  expect(await look(root!)).toMatchObject({ Encrypted: true, KmsKeyId: key.Arn })
  expect(keysOn(root!).head).toHaveLength(44)
})

test('without its key nothing starts, and the reason is told', async () => {
  const key = await keyMake()
  const instance = await stopped(cloud.ec2)
  const id = await volume({ Encrypted: true, KmsKeyId: key.Arn! })
  const attach = { VolumeId: id, InstanceId: instance, Device: '/dev/sdf' }
  await cloud.ec2.send(new AttachVolumeCommand(attach))
  const kms = cloud.kmsOf()
  await kms.send(new DisableKeyCommand({ KeyId: key.KeyId! }))
  expect(await codeOf(make({ Encrypted: true, KmsKeyId: key.Arn! }))).toBe('InvalidParameterValue')
  const InstanceIds = [instance]
  await cloud.ec2.send(new StartInstancesCommand({ InstanceIds }))
  const see = async () => {
    const { Reservations } = await cloud.ec2.send(new DescribeInstancesCommand({ InstanceIds }))
    return Reservations![0]!.Instances![0]!
  }
  await soon(async () => {
    const seen = await see()
    expect(seen.State!.Name).toBe('stopped')
    expect(seen.StateReason!.Message).toContain('is disabled')
  })
  const refused = await cloud.ec2.send(new CreateSnapshotCommand({ VolumeId: id }))
  const { Snapshots } = await cloud.ec2.send(
    new DescribeSnapshotsCommand({ SnapshotIds: [refused.SnapshotId!] }),
  )
  expect(Snapshots![0]).toMatchObject({
    State: 'error',
    StateMessage: expect.stringContaining('is disabled'),
  })
  await kms.send(new EnableKeyCommand({ KeyId: key.KeyId! }))
  await cloud.ec2.send(new StartInstancesCommand({ InstanceIds }))
  await soon(async () => expect((await see()).State!.Name).toBe('running'))
  await stop(cloud.ec2, instance)
})

test('a freeze of which nobody knows yet has its key at hand, and waits for one that is gone', async () => {
  const key = await keyMake()
  const instance = await running(cloud.ec2)
  const id = await volume({ Encrypted: true, KmsKeyId: key.Arn! })
  const attach = { VolumeId: id, InstanceId: instance, Device: '/dev/sdf' }
  await cloud.ec2.send(new AttachVolumeCommand(attach))
  const { agent, app, ec2 } = cloud
  const { volumesFreeze } = agent
  let isLost = true
  agent.volumesFreeze = async (request) => {
    const outcomes = await volumesFreeze(request)
    if (isLost) throw new Error('the connection was lost')
    return outcomes
  }
  const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId: id }))
  const { source } = (await app.store.get('snapshot', SnapshotId!))!
  const layerId = (source as { layerId: LayerId }).layerId
  // Ended and started anew before it is known what lies on what.
  await stop(ec2, instance)
  await ec2.send(new StartInstancesCommand({ InstanceIds: [instance] }))
  await soon(() => {
    const spec = agent.specOf(instance)!
    expect(spec.intent).toBe('running')
    const { head, layers } = spec.disks.find((disk) => disk.volumeId === id)!.keys as VolumeKeys
    expect(layers).toEqual({ [layerId]: head })
  })
  await cloud.kmsOf().send(new DisableKeyCommand({ KeyId: key.KeyId! }))
  isLost = false
  app.activate('snapshots')
  await app.settled()
  const stateOf = async () => (await app.store.get('snapshot', SnapshotId!))!.state
  expect(await stateOf()).toBe('pending')
  await cloud.kmsOf().send(new EnableKeyCommand({ KeyId: key.KeyId! }))
  await soon(async () => {
    app.activate('snapshots')
    expect(await stateOf()).toBe('completed')
  })
  agent.volumesFreeze = volumesFreeze
  await stop(ec2, instance)
})

test.each<[string, Partial<CreateVolumeCommandInput>, string]>([
  ['a key that is not there', { Encrypted: true, KmsKeyId: 'alias/none' }, 'InvalidParameterValue'],
  ['a key and no encryption', { KmsKeyId: 'alias/aws/ebs' }, 'InvalidParameterDependency'],
])('not with %s', async (_, input, code) => {
  expect(await codeOf(make(input))).toBe(code)
})

test('who may not use the key cannot encrypt with it', async () => {
  await using strict = await startTestCloud({ mode: 'strict' })
  const credentials = await userMake(strict.iamOf(), 'ada')
  const PolicyDocument = document(allow('ec2:*'))
  const policy = { UserName: 'ada', PolicyName: 'ec2', PolicyDocument }
  await strict.iamOf().send(new PutUserPolicyCommand(policy))
  const { KeyMetadata } = await strict.kmsOf().send(new CreateKeyCommand({}))
  const KmsKeyId = KeyMetadata!.Arn!
  const ada = strict.ec2Of({ credentials })
  const there = { AvailabilityZone: ZONE, Size: 1, Encrypted: true }
  const refused = await errorOf(ada.send(new CreateVolumeCommand({ ...there, KmsKeyId })))
  expect(refused.code).toBe('UnauthorizedOperation')
  expect(refused.message).toContain('kms:GenerateDataKeyWithoutPlaintext')
  const both = document(allow('ec2:*'), allow('kms:GenerateDataKeyWithoutPlaintext', KmsKeyId))
  await strict.iamOf().send(new PutUserPolicyCommand({ ...policy, PolicyDocument: both }))
  expect((await ada.send(new CreateVolumeCommand({ ...there, KmsKeyId }))).KmsKeyId).toBe(KmsKeyId)
})

test('a snapshot that is written block by block asks for the key too', async () => {
  await using strict = await startTestCloud({ mode: 'strict' })
  const { KeyMetadata } = await strict.kmsOf().send(new CreateKeyCommand({}))
  const KmsKeyArn = KeyMetadata!.Arn!
  const credentials = await userMake(strict.iamOf(), 'ada', allow('ebs:*'))
  const start = () =>
    strict
      .ebsOf({ credentials })
      .send(new StartSnapshotCommand({ VolumeSize: 1, Encrypted: true, KmsKeyArn }))
  const refused = await failureOf(start())
  expect(refused.code).toBe('AccessDeniedException')
  expect(refused.message).toContain('kms:GenerateDataKeyWithoutPlaintext')
  const PolicyDocument = document(allow('ebs:*'), allow('kms:*', KmsKeyArn))
  const policy = { UserName: 'ada', PolicyName: 'own', PolicyDocument }
  await strict.iamOf().send(new PutUserPolicyCommand(policy))
  expect((await start()).KmsKeyArn).toBe(KmsKeyArn)
})

test('another account’s key only as far as its policy goes, even for root', async () => {
  const stranger = '444455556666'
  const key = await keyMake()
  const ec2 = cloud.ec2Of({ account: stranger })
  const wanted = { AvailabilityZone: ZONE, Size: 1, Encrypted: true, KmsKeyId: key.Arn! }
  const refused = await errorOf(ec2.send(new CreateVolumeCommand(wanted)))
  const missing = key.Arn!.replace(/.{4}$/, '0000')
  const absent = await errorOf(ec2.send(new CreateVolumeCommand({ ...wanted, KmsKeyId: missing })))
  expect(refused.code).toBe('InvalidParameterValue')
  expect(refused.message).toBe(absent.message.replaceAll(missing, key.Arn!))
  const asDefault = new ModifyEbsDefaultKmsKeyIdCommand({ KmsKeyId: key.Arn! })
  expect(await codeOf(ec2.send(asDefault))).toBe('InvalidParameterValue')
  const start = new StartSnapshotCommand({ VolumeSize: 1, Encrypted: true, KmsKeyArn: key.Arn! })
  await expect(cloud.ebsOf({ account: stranger }).send(start)).rejects.toThrow(/does not exist/)
  const kms = cloud.kmsOf()
  const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: key.KeyId! }))
  const shared = JSON.parse(Policy!) as { Statement: object[] }
  const [Action, AWS] = ['kms:GenerateDataKey*', `arn:aws:iam::${stranger}:root`]
  shared.Statement.push({ Effect: 'Allow', Principal: { AWS }, Action, Resource: '*' })
  const put = { KeyId: key.KeyId!, Policy: JSON.stringify(shared) }
  await kms.send(new PutKeyPolicyCommand(put))
  expect((await ec2.send(new CreateVolumeCommand(wanted))).KmsKeyId).toBe(key.Arn)
})
