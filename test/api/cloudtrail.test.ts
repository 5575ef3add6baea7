/** The event history through the real SDK and `aws`: who changed what, what was refused, and no secrets. */
import {
  CloudTrailClient,
  LookupEventsCommand,
  paginateLookupEvents,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail'
import {
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { createTrail } from '../../src/app/trail.ts'
import { silentLog } from '../../src/lib/log.ts'
import { openTrailStore } from '../../src/store/trail-store.ts'
import type { TrailEvent } from '../../src/domain/trail.ts'
import { ACCOUNT, REGION, ROOT_KEY, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'

let cloud: TestCloud
let trail: CloudTrailClient

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
  const { url: endpoint } = cloud
  trail = new CloudTrailClient({ endpoint, region: REGION, credentials: ROOT_KEY, maxAttempts: 1 })
})
afterAll(async () => {
  trail.destroy()
  await cloud.close()
})

async function lookup(input: LookupEventsCommandInput = {}) {
  const { Events = [] } = await trail.send(new LookupEventsCommand(input))
  return Events.map((event) => ({ ...event, record: JSON.parse(event.CloudTrailEvent!) }))
}
const by = (AttributeKey: 'EventName' | 'Username' | 'ResourceName', AttributeValue: string) => ({
  LookupAttributes: [{ AttributeKey, AttributeValue }],
})

test('a change is noted with who, from where, what and about which resources; a look is not', async () => {
  const { Images } = await cloud.ec2.describeImages({})
  const { Instances } = await cloud.ec2.runInstances({
    ImageId: Images![0]!.ImageId!,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
    UserData: Buffer.from('a password in it').toString('base64'),
  })
  const id = Instances![0]!.InstanceId!
  const [event, ...others] = await lookup(by('ResourceName', id))
  expect(others).toEqual([])
  expect(event).toMatchObject({
    EventName: 'RunInstances',
    EventSource: 'ec2.amazonaws.com',
    ReadOnly: 'false',
    Username: 'root',
    AccessKeyId: ROOT_KEY.accessKeyId,
    record: {
      eventVersion: '1.11',
      awsRegion: REGION,
      sourceIPAddress: '127.0.0.1',
      userIdentity: { type: 'Root', accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root` },
      requestParameters: { instanceType: 't3.nano', userData: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
      readOnly: false,
      recipientAccountId: ACCOUNT,
    },
  })
  expect(event!.EventTime!.getTime()).toBeGreaterThan(Date.now() - 60_000)
  expect(event!.Resources).toContainEqual({ ResourceType: 'AWS::EC2::Instance', ResourceName: id })
  expect(event!.record.responseElements.instances[0].instanceId).toBe(id)
  expect(await lookup(by('EventName', 'DescribeImages'))).toEqual([])
})

test('what failed has its code, what was refused too, also where it only reads', async () => {
  const missing = 'vol-00000000000000000'
  await nameOf(cloud.ec2.deleteVolume({ VolumeId: missing }))
  const [failed] = await lookup(by('ResourceName', missing))
  expect(failed!.record).toMatchObject({ errorCode: 'Client.InvalidVolume.NotFound' })
  expect(failed!.record.responseElements).toBeNull()
  const iam = cloud.iamOf()
  await iam.send(new CreateUserCommand({ UserName: 'eve' }))
  const made = await iam.send(new CreateAccessKeyCommand({ UserName: 'eve' }))
  const { AccessKeyId = '', SecretAccessKey = '' } = made.AccessKey!
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey }
  const eve = cloud.ec2Of({ credentials })
  expect(await nameOf(eve.describeInstances({}))).toBe('UnauthorizedOperation')
  const [refused] = await lookup(by('Username', 'eve'))
  expect(refused).toMatchObject({
    EventName: 'DescribeInstances',
    AccessKeyId,
    ReadOnly: 'true',
    record: {
      errorCode: 'Client.UnauthorizedOperation',
      userIdentity: { type: 'IAMUser', userName: 'eve' },
    },
  })
})

test('secrets of requests and answers are in no record', async () => {
  const iam = cloud.iamOf()
  await iam.send(new CreateUserCommand({ UserName: 'mallory' }))
  const Password = 'Correct-Horse-99'
  await iam.send(new CreateLoginProfileCommand({ UserName: 'mallory', Password }))
  const key = await iam.send(new CreateAccessKeyCommand({ UserName: 'mallory' }))
  const { KeyMaterial } = await cloud.ec2.createKeyPair({ KeyName: 'hers' })
  const all = JSON.stringify(await lookup())
  for (const secret of [Password, key.AccessKey!.SecretAccessKey!, KeyMaterial!.slice(40, 80)]) {
    expect(all).not.toContain(secret)
  }
  expect(all).toContain('HIDDEN_DUE_TO_SECURITY_REASONS')
  expect(await lookup(by('ResourceName', 'hers'))).toHaveLength(1)
})

test('pages go from the youngest to the oldest; times and attributes are checked as on AWS', async () => {
  const begun = new Date()
  for (let n = 0; n < 7; n++)
    await cloud.ec2.createVpc({ CidrBlock: `10.${n}.0.0/16` }).catch(() => {})
  const blocks: string[] = []
  const input = { ...by('EventName', 'CreateVpc'), StartTime: new Date(begun.getTime() - 1_000) }
  for await (const page of paginateLookupEvents({ client: trail, pageSize: 3 }, { ...input })) {
    expect(page.Events!.length).toBeLessThanOrEqual(3)
    for (const event of page.Events!) {
      blocks.push(JSON.parse(event.CloudTrailEvent!).requestParameters.cidrBlock)
    }
  }
  expect(blocks).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `10.${n}.0.0/16`))
  const late = { ...input, StartTime: new Date(Date.now() + 60_000) }
  expect(await lookup(late)).toEqual([])
  const reversed = { StartTime: new Date(2_000), EndTime: new Date(1_000) }
  expect(await nameOf(lookup(reversed))).toBe('InvalidTimeRangeException')
  const [one] = by('EventName', 'CreateVpc').LookupAttributes
  const two = { LookupAttributes: [one!, one!] }
  expect(await nameOf(lookup(two))).toBe('InvalidLookupAttributesException')
  expect(await nameOf(lookup({ EventCategory: 'insight' }))).toBe('UnsupportedOperationException')
})

test('aws cloudtrail lookup-events reads it, and only who may', async () => {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: ROOT_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT_KEY.secretAccessKey,
    AWS_ENDPOINT_URL: cloud.url,
    AWS_DEFAULT_REGION: REGION,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
  await cloud.ec2.allocateAddress({})
  const words = 'cloudtrail lookup-events --output json --lookup-attributes'.split(' ')
  const attribute = 'AttributeKey=EventName,AttributeValue=AllocateAddress'
  const { stdout } = await exec('aws', [...words, attribute], { env })
  expect(JSON.parse(stdout).Events[0]).toMatchObject({ EventName: 'AllocateAddress' })
  const iam = cloud.iamOf()
  await iam.send(new CreateUserCommand({ UserName: 'nosy' }))
  const made = await iam.send(new CreateAccessKeyCommand({ UserName: 'nosy' }))
  const { AccessKeyId = '', SecretAccessKey = '' } = made.AccessKey!
  const nosy = new CloudTrailClient({
    endpoint: cloud.url,
    region: REGION,
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey },
  })
  expect(await nameOf(nosy.send(new LookupEventsCommand()))).toBe('AccessDeniedException')
  nosy.destroy()
})

test('the history has an end in time and in size, and outlives the daemon', () => {
  const event = (n: number, at: number): TrailEvent => ({
    id: `event-${n}`,
    account: ACCOUNT,
    region: REGION,
    at,
    name: 'CreateVpc',
    source: 'ec2.amazonaws.com',
    isReadOnly: false,
    userName: 'root',
    accessKeyId: '',
    resources: [{ type: 'AWS::EC2::VPC', name: `vpc-${n}` }],
    record: 'x'.repeat(4_000),
  })
  const day = 86_400_000
  const now = 100 * day
  const store = openTrailStore(':memory:', { bytesMax: 1_000_000 })
  const place = { account: ACCOUNT, region: REGION }
  const trailOf = createTrail(store, { now: () => now }, silentLog)
  trailOf.note(() => event(1, now - 89 * day))
  // Older, or noted while the clock was wrong: nothing else goes with it.
  trailOf.note(() => event(0, now - 91 * day))
  const ids = (): string[] => trailOf.read(trailOf.find(place, 10_000)).map(({ id }) => id)
  expect(ids()).toEqual(['event-1'])
  store.put(Array.from({ length: 1_000 }, (_, n) => event(n + 2, now)))
  for (let n = 0; n < 20; n++) store.age(now)
  expect(ids().length).toBeLessThan(300)
  expect(ids()[0]).toBe('event-1001')
  const gone = { attribute: 'ResourceName', value: 'vpc-2' } as const
  expect(store.find({ ...place, only: gone }, 10)).toEqual([])
  trailOf.close()
})
