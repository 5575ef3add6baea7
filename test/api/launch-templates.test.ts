/** Launch templates through the SDK: versions, defaults, and launches from them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchInputOf } from '../../src/aws/ec2/launch-template-data.ts'
import { runRequestOf } from '../../src/aws/ec2/run-request.ts'
import { ctxOf, TINY as IMAGE_ID } from '../support/app.ts'
import { ACCOUNT, codeOf, REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, deny, userMake } from '../support/iam.ts'
import { tagged } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 16, memoryMiB: 64 * 1024 } })
  aws = cloud.ec2
})
afterAll(() => cloud.close())

const DATA = {
  ImageId: IMAGE_ID,
  InstanceType: 't3.micro' as const,
  UserData: Buffer.from('#!/bin/sh').toString('base64'),
  MetadataOptions: { HttpTokens: 'required' as const, HttpPutResponseHopLimit: 3 },
  BlockDeviceMappings: [
    { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 9, DeleteOnTermination: false } },
    { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 2 } },
  ],
  TagSpecifications: [
    {
      ResourceType: 'instance' as const,
      Tags: [
        { Key: 'Name', Value: 'from-template' },
        { Key: 'stage', Value: 'test' },
      ],
    },
  ],
  DisableApiTermination: true,
  Monitoring: { Enabled: true },
}

let names = 0
async function make(data: object = DATA, more: object = {}) {
  const LaunchTemplateName = `template-${++names}`
  const input = { LaunchTemplateName, LaunchTemplateData: data, ...more }
  return (await aws.createLaunchTemplate(input)).LaunchTemplate!
}

const versionsOf = async (query: object) =>
  (await aws.describeLaunchTemplateVersions(query)).LaunchTemplateVersions!

test('from its making to its end', async () => {
  const input = {
    LaunchTemplateName: 'web',
    LaunchTemplateData: DATA,
    VersionDescription: 'first',
    ClientToken: 'template-once',
    ...tagged('launch-template'),
  }
  const { LaunchTemplate: made } = await aws.createLaunchTemplate(input)
  const LaunchTemplateId = made!.LaunchTemplateId!
  expect((await aws.createLaunchTemplate(input)).LaunchTemplate).toEqual(made)
  expect(made).toEqual({
    LaunchTemplateId,
    LaunchTemplateName: 'web',
    CreateTime: expect.any(Date),
    CreatedBy: `arn:aws:iam::${ACCOUNT}:root`,
    DefaultVersionNumber: 1,
    LatestVersionNumber: 1,
    Tags: [{ Key: 'Name', Value: 'mine' }],
  })
  const again = aws.createLaunchTemplate({ ...input, ClientToken: 'other' })
  expect(await codeOf(again)).toBe('InvalidLaunchTemplateName.AlreadyExistsException')
  const first = {
    LaunchTemplateId,
    LaunchTemplateName: 'web',
    VersionNumber: 1,
    VersionDescription: 'first',
    CreateTime: expect.any(Date),
    CreatedBy: `arn:aws:iam::${ACCOUNT}:root`,
    DefaultVersion: true,
    LaunchTemplateData: DATA,
  }
  expect(await versionsOf({ LaunchTemplateId })).toEqual([first])

  const { LaunchTemplateVersion: second } = await aws.createLaunchTemplateVersion({
    LaunchTemplateName: 'web',
    SourceVersion: '1',
    LaunchTemplateData: {
      InstanceType: 't3.small',
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 12 } }],
    },
  })
  const changed = {
    ...DATA,
    InstanceType: 't3.small',
    BlockDeviceMappings: [
      { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 12, DeleteOnTermination: false } },
      DATA.BlockDeviceMappings[1],
    ],
  }
  expect(second).toMatchObject({ VersionNumber: 2, DefaultVersion: false })
  expect(second!.LaunchTemplateData).toEqual(changed)
  const third = { LaunchTemplateId, LaunchTemplateData: { InstanceType: 't3.nano' as const } }
  await aws.createLaunchTemplateVersion(third)
  const numbers = async (query: object) =>
    (await versionsOf({ LaunchTemplateId, ...query })).map((each) => each.VersionNumber)
  expect(await numbers({})).toEqual([3, 2, 1])
  expect(await numbers({ Versions: ['1', '$Latest'] })).toEqual([3, 1])
  expect(await numbers({ MinVersion: '2', MaxVersion: '2' })).toEqual([2])
  const filter = { Name: 'instance-type', Values: ['t3.small'] }
  expect(await numbers({ Filters: [filter] })).toEqual([2])
  expect(await codeOf(numbers({ Versions: ['9'] }))).toBe('InvalidLaunchTemplateId.VersionNotFound')
  const everywhere = await versionsOf({ Versions: ['$Latest'] })
  expect(everywhere.map((each) => each.VersionNumber)).toEqual([3])

  const { LaunchTemplate } = await aws.modifyLaunchTemplate({
    LaunchTemplateId,
    DefaultVersion: '2',
  })
  expect(LaunchTemplate).toMatchObject({ DefaultVersionNumber: 2, LatestVersionNumber: 3 })
  const deletion = await aws.deleteLaunchTemplateVersions({
    LaunchTemplateId,
    Versions: ['1', '2', '9'],
  })
  const named = { LaunchTemplateId, LaunchTemplateName: 'web' }
  expect(deletion.SuccessfullyDeletedLaunchTemplateVersions).toEqual([
    { ...named, VersionNumber: 1 },
  ])
  expect(deletion.UnsuccessfullyDeletedLaunchTemplateVersions).toMatchObject([
    { VersionNumber: 2 },
    { VersionNumber: 9, ResponseError: { Code: 'launchTemplateVersionDoesNotExist' } },
  ])
  expect(await numbers({})).toEqual([3, 2])
  await aws.deleteLaunchTemplate({ LaunchTemplateName: 'web' })
  expect(await codeOf(versionsOf({ LaunchTemplateId }))).toBe('InvalidLaunchTemplateId.NotFound')
  const byName = versionsOf({ LaunchTemplateName: 'web' })
  expect(await codeOf(byName)).toBe('InvalidLaunchTemplateName.NotFoundException')
})

test('a launch takes everything from it that the request does not say', async () => {
  const { LaunchTemplateId } = await make()
  const { Instances } = await aws.runInstances({
    LaunchTemplate: { LaunchTemplateId },
    MinCount: 1,
    MaxCount: 1,
    InstanceType: 't3.nano',
    MetadataOptions: { HttpPutResponseHopLimit: 5 },
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'own' }] }],
  })
  const [instance] = Instances!
  expect(instance).toMatchObject({
    ImageId: IMAGE_ID,
    InstanceType: 't3.nano',
    Monitoring: { State: 'enabled' },
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 5 },
  })
  const tags = Object.fromEntries(instance!.Tags!.map(({ Key, Value }) => [Key, Value]))
  expect(tags).toEqual({
    'aws:ec2launchtemplate:id': LaunchTemplateId,
    'aws:ec2launchtemplate:version': '1',
    Name: 'own',
    stage: 'test',
  })
  const attribute = async (Attribute: 'userData' | 'disableApiTermination') =>
    await aws.describeInstanceAttribute({ InstanceId: instance!.InstanceId, Attribute })
  expect((await attribute('userData')).UserData!.Value).toBe(DATA.UserData)
  expect((await attribute('disableApiTermination')).DisableApiTermination!.Value).toBe(true)
  const { Volumes } = await aws.describeVolumes({
    Filters: [{ Name: 'attachment.instance-id', Values: [instance!.InstanceId!] }],
  })
  const sizes = Object.fromEntries(
    Volumes!.map(({ Size, Attachments }) => [Attachments![0]!.Device, Size]),
  )
  expect(sizes).toEqual({ '/dev/xvda': 9, '/dev/sdf': 2 })

  const { LaunchTemplateData: again } = await aws.getLaunchTemplateData({
    InstanceId: instance!.InstanceId,
  })
  expect(again).toMatchObject({
    ImageId: IMAGE_ID,
    InstanceType: 't3.nano',
    UserData: DATA.UserData,
    DisableApiTermination: true,
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 5 },
    NetworkInterfaces: [{ DeviceIndex: 0, DeleteOnTermination: true }],
    Placement: { Tenancy: 'default' },
  })
  // What it answers makes an instance like it.
  const { LaunchTemplateName } = await make(again)
  const copy = await aws.runInstances({
    LaunchTemplate: { LaunchTemplateName },
    MinCount: 1,
    MaxCount: 1,
  })
  expect(copy.Instances![0]).toMatchObject({
    ImageId: IMAGE_ID,
    InstanceType: 't3.nano',
    SubnetId: instance!.SubnetId,
  })
})

test('versions of a launch: the default, the latest, a number', async () => {
  const { LaunchTemplateId } = await make({ ImageId: IMAGE_ID, InstanceType: 't3.nano' })
  const LaunchTemplateData = { ImageId: IMAGE_ID, InstanceType: 't3.micro' as const }
  await aws.createLaunchTemplateVersion({ LaunchTemplateId, LaunchTemplateData })
  const launch = async (Version?: string) => {
    const LaunchTemplate = { LaunchTemplateId, Version }
    const input = { LaunchTemplate, MinCount: 1, MaxCount: 1 }
    return (await aws.runInstances(input)).Instances![0]!.InstanceType
  }
  expect(await launch()).toBe('t3.nano')
  expect(await launch('$Latest')).toBe('t3.micro')
  expect(await launch('1')).toBe('t3.nano')
  expect(await codeOf(launch('3'))).toBe('InvalidLaunchTemplateId.VersionNotFound')
  expect(await codeOf(launch('newest'))).toBe('InvalidParameterValue')
})

test('bad input', async () => {
  expect(await codeOf(make({}))).toBe('MissingParameter')
  const { LaunchTemplateId, LaunchTemplateName } = await make()
  const both = aws.deleteLaunchTemplate({ LaunchTemplateId, LaunchTemplateName })
  expect(await codeOf(both)).toBe('InvalidParameterCombination')
  const malformed = aws.deleteLaunchTemplate({ LaunchTemplateId: 'lt-xyz' })
  expect(await codeOf(malformed)).toBe('InvalidLaunchTemplateId.Malformed')
  expect(await codeOf(aws.deleteLaunchTemplate({}))).toBe('MissingParameter')
  expect(await codeOf(versionsOf({ Versions: ['1'] }))).toBe('MissingParameter')
  const clash = aws.runInstances({
    LaunchTemplate: {
      LaunchTemplateId: (await make({ ...DATA, KeyName: 'nobody' })).LaunchTemplateId,
    },
    MinCount: 1,
    MaxCount: 1,
  })
  expect(await codeOf(clash)).toBe('InvalidKeyPair.NotFound')
})

test('a policy judges a launch with what its template says', async () => {
  await using strict = await startTestCloud({ mode: 'strict' })
  const { LaunchTemplate } = await strict.ec2.createLaunchTemplate({
    LaunchTemplateName: 'big',
    LaunchTemplateData: { ImageId: IMAGE_ID, InstanceType: 't3.small' },
  })
  const iam = strict.iamOf()
  const small = { StringEquals: { 'ec2:InstanceType': 't3.small' } }
  const not = deny('ec2:RunInstances', 'arn:aws:ec2:*:*:instance/*', small)
  const user = strict.ec2Of({ credentials: await userMake(iam, 'ada', allow('ec2:*'), not) })
  const { LaunchTemplateId } = LaunchTemplate!
  const launch = (more: object = {}) =>
    user.runInstances({ LaunchTemplate: { LaunchTemplateId }, MinCount: 1, MaxCount: 1, ...more })
  expect(await codeOf(launch())).toBe('UnauthorizedOperation')
  await launch({ InstanceType: 't3.nano' })
})

test('what was judged is what is launched, though the template changes meanwhile', async () => {
  const { LaunchTemplateId } = await make({ ImageId: IMAGE_ID, InstanceType: 't3.nano' })
  const ctx = { ...ctxOf(cloud.app, ACCOUNT), region: REGION }
  const LaunchTemplate = { LaunchTemplateId: LaunchTemplateId!, Version: '$Latest' }
  const request = { LaunchTemplate, MinCount: 1, MaxCount: 1 }
  const judged = await launchInputOf(ctx, request)
  const LaunchTemplateData = { ImageId: IMAGE_ID, InstanceType: 't3.small' as const }
  await aws.createLaunchTemplateVersion({ LaunchTemplateId, LaunchTemplateData })
  expect((await runRequestOf(ctx, request)).instanceType).toBe(judged.input.InstanceType)
  expect((await runRequestOf(ctx, { ...request })).instanceType).toBe('t3.small')
})
