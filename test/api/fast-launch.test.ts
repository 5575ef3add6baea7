/** Fast launch through the SDK: states as EC2's, and what a host is told of a launch from a template. */
import {
  CreateTagsCommand,
  DescribeFastLaunchImagesCommand,
  DisableFastLaunchCommand,
  EnableFastLaunchCommand,
  paginateDescribeFastLaunchImages,
  type DescribeFastLaunchImagesRequest,
  type EC2,
  type EnableFastLaunchRequest,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AMAZON_ACCOUNT,
  imagesRegister,
  type ImageToRegister,
} from '../../src/app/images/register.ts'
import { templatesList } from '../../src/app/images/fast-launch.ts'
import type { ImageManifest } from '../../src/domain/image-manifest.ts'
import { TINY } from '../support/app.ts'
import {
  ACCOUNT,
  codeOf,
  errorOf,
  REGION,
  startTestCloud,
  type TestCloud,
} from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { running, stop } from '../support/launch.ts'

const FRIEND = '444455556666'

let cloud: TestCloud
let friend: EC2
/** Public ones, and one of `ACCOUNT` alone. */
let quick: string
let other: string
let own: string

const imageNamed = (name: string, change: Partial<ImageToRegister> = {}): ImageToRegister => {
  const manifest: ImageManifest = {
    format: 1,
    name,
    version: '20261116-00000000',
    contentHash: name,
    description: name,
    architecture: 'x86_64',
    disk: { file: 'disk.qcow2', format: 'qcow2', virtualSizeBytes: 1024 ** 3 },
    boot: {},
    rootDeviceName: '/dev/xvda',
    defaultUser: 'ec2-user',
    launchPort: { version: 1, hostKeys: 'dropbear' },
    files: [],
    sources: [],
  }
  const owner = { type: 'amazon' } as const
  return { manifest, imageFolder: `${name}/20261116-00000000`, owner, ...change }
}

beforeAll(async () => {
  cloud = await startTestCloud()
  friend = cloud.ec2Of({ account: FRIEND })
  const owner = { type: 'account', account: ACCOUNT, region: REGION } as const
  const ids = await imagesRegister(cloud.app, [
    imageNamed('quick'),
    imageNamed('other'),
    imageNamed('own', { owner }),
  ])
  ;[quick, other, own] = [ids[0]!, ids[1]!, ids[2]!]
})
afterAll(() => cloud.close())

const described = async (input: DescribeFastLaunchImagesRequest = {}, client = cloud.ec2) =>
  (await client.send(new DescribeFastLaunchImagesCommand(input))).FastLaunchImages!
const idsOf = async (input: DescribeFastLaunchImagesRequest = {}, client = cloud.ec2) =>
  (await described(input, client)).map((image) => image.ImageId)
const filtered = (Name: string, ...Values: string[]) => idsOf({ Filters: [{ Name, Values }] })
const enable = (
  ImageId: string,
  input: Partial<EnableFastLaunchRequest> = {},
  client = cloud.ec2,
) => client.send(new EnableFastLaunchCommand({ ImageId, ...input }))
const disable = (ImageId: string, client = cloud.ec2) =>
  client.send(new DisableFastLaunchCommand({ ImageId }))
const enabled = (id: string) =>
  eventually(
    async () => (await described({ ImageIds: [id] }))[0],
    (image) => image?.State === 'enabled',
  )
const gone = (id: string) =>
  eventually(
    () => idsOf({ ImageIds: [id] }),
    (ids) => ids.length === 0,
  )
const templated = async () => (await templatesList(cloud.app)).map(({ imageId }) => imageId)

describe('an image of everybody', () => {
  test('has it by itself when its guest can be frozen', async () => {
    expect(await enabled(quick)).toEqual({
      ImageId: quick,
      ResourceType: 'snapshot',
      SnapshotConfiguration: { TargetResourceCount: 5 },
      MaxParallelLaunches: 6,
      OwnerId: AMAZON_ACCOUNT,
      State: 'enabled',
      StateTransitionReason: '',
      StateTransitionTime: expect.any(Date),
    })
    expect(await templated()).toContain(quick)
    expect(await idsOf()).not.toContain(TINY)
  })

  test('loses it: disabling, then it is in no list, and its templates are gone from the host', async () => {
    await enabled(other)
    const answer = await disable(other)
    expect(answer).toMatchObject({
      ImageId: other,
      State: 'disabling',
      StateTransitionReason: 'Client.UserInitiated',
    })
    await gone(other)
    expect(await templated()).not.toContain(other)
    expect(await idsOf({}, friend)).not.toContain(other)
    expect(await errorOf(disable(other))).toMatchObject({
      code: 'InvalidAMIID.Unavailable',
      message: expect.stringContaining(other),
    })
  })

  test('gets it back, with numbers that are kept', async () => {
    const SnapshotConfiguration = { TargetResourceCount: 9 }
    const answer = await enable(other, { SnapshotConfiguration, MaxParallelLaunches: 7 })
    const kept = { SnapshotConfiguration, MaxParallelLaunches: 7 }
    expect(answer).toMatchObject({ ImageId: other, State: 'enabling', ...kept })
    expect(await enabled(other)).toMatchObject(kept)
    expect(await templated()).toContain(other)
  })

  test('that has it and is enabled again stays enabled', async () => {
    const before = await enabled(quick)
    const answer = await enable(quick, { MaxParallelLaunches: 8 })
    expect(answer).toMatchObject({ State: 'enabled', MaxParallelLaunches: 8 })
    expect(answer.StateTransitionTime).toEqual(before!.StateTransitionTime)
  })

  test('can be switched by another account, as templates are the host’s', async () => {
    await enabled(other)
    expect((await disable(other, friend)).State).toBe('disabling')
    await gone(other)
    expect((await enable(other, {}, friend)).State).toBe('enabling')
    await enabled(other)
  })
})

describe('an image of one account', () => {
  test('boots until its owner asks, and is nobody else’s business', async () => {
    expect(await idsOf({ ImageIds: [own] })).toEqual([])
    expect(await codeOf(enable(own, {}, friend))).toBe('InvalidAMIID.NotFound')
    expect((await enable(own)).State).toBe('enabling')
    expect(await enabled(own)).toMatchObject({ OwnerId: ACCOUNT })
    expect(await idsOf({ ImageIds: [own] }, friend)).toEqual([])
    expect(await codeOf(disable(own, friend))).toBe('InvalidAMIID.NotFound')
  })
})

describe('a list', () => {
  test('by id, owner, state and type', async () => {
    const all = [quick, other, own].sort()
    for (const id of all) await enabled(id)
    expect((await idsOf()).sort()).toEqual(all)
    expect((await idsOf({ ImageIds: [own, quick] })).sort()).toEqual([own, quick].sort())
    expect(await filtered('owner-id', ACCOUNT)).toEqual([own])
    expect((await filtered('state', 'enabled')).sort()).toEqual(all)
    expect(await filtered('state', 'disabling')).toEqual([])
    expect((await filtered('resource-type', 'snapshot')).sort()).toEqual(all)
    expect(await codeOf(filtered('no-such-filter', 'x'))).toBe('InvalidParameterValue')
    expect(await codeOf(idsOf({ ImageIds: ['ami-nonsense!'] }))).toBe('InvalidAMIID.Malformed')
  })

  test('page by page, each image once', async () => {
    const pages: string[][] = []
    for await (const page of paginateDescribeFastLaunchImages(
      { client: cloud.ec2, pageSize: 1 },
      {},
    )) {
      pages.push(page.FastLaunchImages!.map((image) => image.ImageId!))
    }
    expect(pages.flat()).toEqual([quick, other, own].sort())
    expect(Math.max(...pages.map((page) => page.length))).toBe(1)
  })
})

describe('what cannot be', () => {
  const UNKNOWN = 'ami-0ffffffffffffffff'
  test('an image that is not there', async () => {
    expect(await codeOf(enable(UNKNOWN))).toBe('InvalidAMIID.NotFound')
    expect(await codeOf(disable(UNKNOWN))).toBe('InvalidAMIID.NotFound')
    expect(await codeOf(enable('ami-nonsense!'))).toBe('InvalidAMIID.Malformed')
  })

  test('an image whose guest cannot be frozen', async () => {
    const { code, message } = await errorOf(enable(TINY))
    expect(code).toBe('UnsupportedOperation')
    expect(message).toContain(TINY)
    expect(await codeOf(disable(TINY))).toBe('InvalidAMIID.Unavailable')
    expect(await idsOf({ ImageIds: [TINY] })).toEqual([])
  })

  test.each<[string, Partial<EnableFastLaunchRequest>, string]>([
    ['too few launches at once', { MaxParallelLaunches: 5 }, 'InvalidParameterValue'],
    [
      'no resources',
      { SnapshotConfiguration: { TargetResourceCount: 0 } },
      'InvalidParameterValue',
    ],
    ['another type', { ResourceType: 'volume' }, 'InvalidParameterValue'],
    [
      'a launch template',
      { LaunchTemplate: { Version: '1', LaunchTemplateId: 'lt-0123456789abcdef0' } },
      'UnsupportedOperation',
    ],
  ])('%s', async (_, input, code) => {
    expect(await codeOf(enable(quick, input))).toBe(code)
  })

  test('a dry run checks and changes nothing', async () => {
    await enabled(quick)
    const DryRun = true
    const dry = (id: string) =>
      cloud.ec2.send(new DisableFastLaunchCommand({ ImageId: id, DryRun }))
    expect(await codeOf(dry(quick))).toBe('DryRunOperation')
    expect(await codeOf(enable(own, { DryRun }))).toBe('DryRunOperation')
    expect(await codeOf(enable(TINY, { DryRun }))).toBe('UnsupportedOperation')
    expect(await codeOf(dry(TINY))).toBe('InvalidAMIID.Unavailable')
    expect((await described({ ImageIds: [quick] }))[0]!.State).toBe('enabled')
  })
})

test('a template that cannot be made shows with its reason, and enabling it again tries again', async () => {
  let reason: string | undefined = 'the guest was never ready'
  await using failing = await startTestCloud({ simulated: { failTemplate: () => reason } })
  const [id] = await imagesRegister(failing.app, [imageNamed('quick')])
  const look = async () => (await described({ ImageIds: [id!] }, failing.ec2))[0]
  const failed = await eventually(look, (image) => image?.State === 'enabling-failed')
  expect(failed).toMatchObject({ StateTransitionReason: reason })
  // Its machines boot, as ever.
  await running(failing.ec2, { ImageId: id })
  reason = undefined
  expect((await enable(id!, {}, failing.ec2)).State).toBe('enabling')
  await eventually(look, (image) => image?.State === 'enabled')
})

describe('what the host is told of a launch', () => {
  const told = (id: string) => cloud.agent.specOf(id)?.launch
  const launchTag = (Value: string) => [
    { ResourceType: 'instance' as const, Tags: [{ Key: 'brume:launch', Value }] },
  ]

  test('who the machine is, as its metadata service will say it', async () => {
    const text = '#!/bin/sh\necho hi\n'
    const userData = Buffer.from(text).toString('base64')
    // As some clients send it: in lines. Its guest is told in one.
    const UserData = `${userData.slice(0, 8)}\n${userData.slice(8)}\n`
    const id = await running(cloud.ec2, { ImageId: quick, UserData })
    expect(told(id)).toEqual({
      hostName: expect.stringMatching(/^ip-172-31-\d+-\d+\.ec2\.internal$/),
      publicKey: null,
      userData,
    })
  })

  test('nothing for a launch that is tagged cold, so that it boots', async () => {
    const cold = await running(cloud.ec2, {
      ImageId: quick,
      TagSpecifications: launchTag('cold'),
    })
    expect(told(cold)).toBeNull()
    const warm = await running(cloud.ec2, {
      ImageId: quick,
      TagSpecifications: launchTag('whatever'),
    })
    expect(told(warm)).not.toBeNull()
  })

  test('nothing for a machine without a metadata service', async () => {
    const MetadataOptions = { HttpEndpoint: 'disabled' } as const
    expect(told(await running(cloud.ec2, { ImageId: quick, MetadataOptions }))).toBeNull()
  })

  test('and a stopped machine that is tagged afterwards starts as ever', async () => {
    const id = await running(cloud.ec2, { ImageId: quick })
    await stop(cloud.ec2, id)
    const Tags = [{ Key: 'brume:launch', Value: 'cold' }]
    await cloud.ec2.send(new CreateTagsCommand({ Resources: [id], Tags }))
    await cloud.ec2.startInstances({ InstanceIds: [id] })
    await eventually(
      () => told(id),
      (launch) => launch === null,
    )
  })
})
