/**
 * The Recycle Bin: rules, over its protocol (the SDK's client is older than what it knows), and through the SDK what
 * they keep of snapshots and images.
 */
import {
  CreateImageCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  ListImagesInRecycleBinCommand,
  ListSnapshotsInRecycleBinCommand,
  RestoreImageFromRecycleBinCommand,
  RestoreSnapshotFromRecycleBinCommand,
} from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binReconcile } from '../../src/app/rbin/bin.ts'
import { exec } from '../../src/lib/exec.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const DAY_MS = 86_400_000
let nowOffset = 0
let cloud: TestCloud
beforeEach(async () => {
  nowOffset = 0
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + nowOffset } })
})
afterEach(() => cloud.close())
const { volume, take, remove, look, from, write, read } = volumeKit(() => cloud)

interface Answer {
  status: number
  error: string | null
  body: Record<string, any>
}

async function rbin(method: string, path: string, input?: object): Promise<Answer> {
  const scope = `${ACCOUNT}/20260101/us-east-1/rbin/aws4_request`
  const signature = `SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`
  const headers = {
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, ${signature}`,
    'x-amz-date': '20260101T000000Z',
    'content-type': 'application/json',
  }
  const body = input ? { body: JSON.stringify(input) } : {}
  const response = await fetch(cloud.url + path, { method, headers, ...body })
  const text = await response.text()
  const error = response.headers.get('x-amzn-errortype')
  return { status: response.status, error, body: text === '' ? {} : JSON.parse(text) }
}
const ruleMake = (input: object = {}) =>
  rbin('POST', '/rules', {
    ResourceType: 'EBS_SNAPSHOT',
    RetentionPeriod: { RetentionPeriodValue: 7, RetentionPeriodUnit: 'DAYS' },
    ...input,
  })
const bin = async () => (await cloud.ec2.send(new ListSnapshotsInRecycleBinCommand({}))).Snapshots!

test('rules are made, read, changed, tagged, listed and deleted', async () => {
  const made = await ruleMake({
    Description: 'a week',
    Tags: [{ Key: 'a', Value: '1' }],
    ResourceTags: [{ ResourceTagKey: 'keep' }],
  })
  expect(made.status).toBe(201)
  expect(made.body).toMatchObject({
    Identifier: expect.stringMatching(/^[0-9a-zA-Z]{11}$/),
    Status: 'available',
    LockState: 'unlocked',
    ResourceTags: [{ ResourceTagKey: 'keep' }],
  })
  const path = `/rules/${made.body['Identifier']}`
  const RetentionPeriod = { RetentionPeriodValue: 30, RetentionPeriodUnit: 'DAYS' }
  await rbin('PATCH', path, { RetentionPeriod, Description: 'a month' })
  expect((await rbin('GET', path)).body).toMatchObject({ RetentionPeriod, Description: 'a month' })
  const tags = `/tags/${encodeURIComponent(made.body['RuleArn'])}`
  await rbin('POST', tags, { Tags: [{ Key: 'b', Value: '2' }] })
  await rbin('DELETE', `${tags}?tagKeys=a`)
  expect((await rbin('GET', tags)).body['Tags']).toEqual([{ Key: 'b', Value: '2' }])
  const list = async (ResourceType: string) =>
    (await rbin('POST', '/list-rules', { ResourceType })).body['Rules'] as object[]
  expect(await list('EBS_SNAPSHOT')).toHaveLength(1)
  expect(await list('EC2_IMAGE')).toEqual([])
  expect((await rbin('DELETE', path)).status).toBe(204)
  expect((await rbin('GET', path)).error).toContain('ResourceNotFoundException')
})

test('the aws command line makes and lists rules', async () => {
  const aws = async (...args: string[]) => {
    const { stdout } = await exec('aws', ['rbin', ...args, '--endpoint-url', cloud.url], {
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: ACCOUNT,
        AWS_SECRET_ACCESS_KEY: 'unused',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_MAX_ATTEMPTS: '1',
      },
    })
    return JSON.parse(stdout) as Record<string, any>
  }
  const period = 'RetentionPeriodValue=7,RetentionPeriodUnit=DAYS'
  const type = ['--resource-type', 'EBS_SNAPSHOT']
  const made = await aws('create-rule', '--retention-period', period, ...type)
  const listed = await aws('list-rules', ...type)
  expect(listed['Rules']).toMatchObject([
    { Identifier: made['Identifier'], RetentionPeriod: { RetentionPeriodValue: 7 } },
  ])
})

test('a deleted snapshot is kept, comes back, and goes when its time is over', async () => {
  await ruleMake({ ExcludeResourceTags: [{ ResourceTagKey: 'rubbish' }] })
  const id = await volume()
  write(id, 0, 'precious')
  const snapshot = await take(id)
  const rubbish = await take(id, {
    TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'rubbish', Value: '' }] }],
  })
  await remove(rubbish)
  await remove(snapshot)
  expect(await codeOf(look(snapshot))).toBe('InvalidSnapshot.NotFound')
  expect(await codeOf(from(snapshot))).toBe('InvalidSnapshot.NotFound')
  const [kept, ...others] = await bin()
  expect(others).toEqual([])
  expect(kept).toMatchObject({ SnapshotId: snapshot, VolumeId: id })
  const stay = kept!.RecycleBinExitTime!.getTime() - kept!.RecycleBinEnterTime!.getTime()
  expect(stay).toBe(7 * DAY_MS)
  const restore = () =>
    cloud.ec2.send(new RestoreSnapshotFromRecycleBinCommand({ SnapshotId: snapshot }))
  expect(await restore()).toMatchObject({ SnapshotId: snapshot, State: 'completed' })
  expect(read(await from(snapshot), 0)).toBe('precious')
  expect(await codeOf(restore())).toBe('InvalidSnapshot.NotFound')
  await remove(snapshot)
  nowOffset = 8 * DAY_MS
  await binReconcile(cloud.app)
  expect(await bin()).toEqual([])
})

test('a deregistered image is kept and comes back with its name', async () => {
  await ruleMake({ ResourceType: 'EC2_IMAGE' })
  const instance = await running(cloud.ec2)
  const create = new CreateImageCommand({ InstanceId: instance, Name: 'golden', NoReboot: true })
  const ImageId = (await cloud.ec2.send(create)).ImageId!
  await cloud.ec2.send(new DeregisterImageCommand({ ImageId }))
  const images = () => cloud.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }))
  expect((await images()).Images).toEqual([])
  const kept = await cloud.ec2.send(new ListImagesInRecycleBinCommand({}))
  expect(kept.Images).toMatchObject([{ ImageId, Name: 'golden' }])
  await cloud.ec2.send(new RestoreImageFromRecycleBinCommand({ ImageId }))
  expect((await images()).Images![0]!.State).toBe('available')
  await soon(() => running(cloud.ec2, { ImageId }))
})

test.each<[string, object]>([
  ['volumes', { ResourceType: 'EBS_VOLUME' }],
  [
    'tags and tags not',
    {
      ResourceTags: [{ ResourceTagKey: 'a' }],
      ExcludeResourceTags: [{ ResourceTagKey: 'b' }],
    },
  ],
  [
    'a lock',
    { LockConfiguration: { UnlockDelay: { UnlockDelayValue: 7, UnlockDelayUnit: 'DAYS' } } },
  ],
])('no rule with %s', async (_, input) => {
  expect((await ruleMake(input)).error).toContain('ValidationException')
})
