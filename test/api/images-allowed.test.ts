/** Allowed AMIs, and where images come from and are used, through the SDK. */
import {
  CopyImageCommand,
  CreateLaunchTemplateCommand,
  DescribeImageReferencesCommand,
  DescribeImagesCommand,
  DescribeInstanceImageMetadataCommand,
  DisableAllowedImagesSettingsCommand,
  EnableAllowedImagesSettingsCommand,
  GetAllowedImagesSettingsCommand,
  GetImageAncestryCommand,
  ReplaceImageCriteriaInAllowedImagesSettingsCommand,
  waitUntilImageAvailable,
  type ImageCriterionRequest,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { launch, running, WAIT } from '../support/launch.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

const criteria = (...ImageCriteria: ImageCriterionRequest[]) =>
  cloud.ec2.send(new ReplaceImageCriteriaInAllowedImagesSettingsCommand({ ImageCriteria }))
const state = (AllowedImagesSettingsState: 'enabled' | 'audit-mode') =>
  cloud.ec2.send(new EnableAllowedImagesSettingsCommand({ AllowedImagesSettingsState }))
const settings = async () => {
  const { State, ImageCriteria, ManagedBy } = await cloud.ec2.send(
    new GetAllowedImagesSettingsCommand({}),
  )
  return { State, ImageCriteria, ManagedBy }
}

async function allowed(): Promise<boolean | undefined> {
  const { Images } = await cloud.ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }))
  return Images![0]?.ImageAllowed
}

async function copied(Name: string): Promise<string> {
  const command = new CopyImageCommand({ SourceImageId: TINY, SourceRegion: 'us-east-1', Name })
  const { ImageId } = await cloud.ec2.send(command)
  await waitUntilImageAvailable({ client: cloud.ec2, ...WAIT }, { ImageIds: [ImageId!] })
  return ImageId!
}

test('images of others are hidden and refused unless a criterion allows them; one’s own never', async () => {
  expect(await settings()).toEqual({ State: 'disabled', ImageCriteria: [], ManagedBy: 'account' })
  expect(await allowed()).toBe(true)
  const own = await copied('own')
  const machine = await running(cloud.ec2)
  await criteria({ ImageNames: ['debian-*'] }, { ImageProviders: ['123412341234'] })
  await state('audit-mode')
  expect(await settings()).toEqual({
    State: 'audit-mode',
    ImageCriteria: [{ ImageNames: ['debian-*'] }, { ImageProviders: ['123412341234'] }],
    ManagedBy: 'account',
  })
  expect(await allowed(), 'said, and no more').toBe(false)
  await running(cloud.ec2)
  await state('enabled')
  expect(await allowed(), 'not shown').toBeUndefined()
  expect(await codeOf(launch(cloud.ec2))).toBe('InvalidAMIID.NotFound')
  expect(await codeOf(copied('another'))).toBe('InvalidAMIID.NotFound')
  await running(cloud.ec2, { ImageId: own })
  const { InstanceImageMetadata } = await cloud.ec2.send(
    new DescribeInstanceImageMetadataCommand({
      Filters: [{ Name: 'image-allowed', Values: ['false'] }],
    }),
  )
  expect(InstanceImageMetadata).toContainEqual(
    expect.objectContaining({
      InstanceId: machine,
      OwnerId: ACCOUNT,
      State: { Code: 16, Name: 'running' },
      ImageMetadata: expect.objectContaining({
        ImageId: TINY,
        ImageOwnerAlias: 'amazon',
        ImageAllowed: false,
        IsPublic: true,
        State: 'available',
      }),
    }),
  )
  for (const one of [
    { ImageProviders: ['amazon'] },
    { ImageNames: ['brume-?iny*'], ImageProviders: ['amazon', '123412341234'] },
    { DeprecationTimeCondition: { MaximumDaysSinceDeprecated: 0 } },
    { CreationDateCondition: { MaximumDaysSinceCreated: 2_147_483_647 } },
  ]) {
    await criteria(one)
    expect(await allowed(), JSON.stringify(one)).toBe(true)
    expect((await settings()).ImageCriteria).toEqual([one])
  }
  await running(cloud.ec2)
  for (const one of [
    { ImageProviders: ['amazon'], ImageNames: ['brume-?ny*'] },
    { ImageProviders: ['none'] },
    { MarketplaceProductCodes: ['abcdefg1234567890'] },
    { CreationDateCondition: { MaximumDaysSinceCreated: 1 } },
  ]) {
    await criteria(one)
    expect(await allowed(), JSON.stringify(one)).toBeUndefined()
  }
  await criteria()
  expect(await allowed()).toBeUndefined()
  await cloud.ec2.send(new DisableAllowedImagesSettingsCommand({}))
  expect(await allowed()).toBe(true)
  // Another account has its own.
  const other = cloud.ec2Of({ account: '210987654321' })
  expect((await other.send(new GetAllowedImagesSettingsCommand({}))).State).toBe('disabled')
})

test('criteria that cannot be', async () => {
  expect(await codeOf(criteria({ ImageProviders: ['nobody'] }))).toBe('InvalidParameterValue')
  expect(await codeOf(criteria({ ImageNames: ['x'.repeat(129)] }))).toBe('InvalidParameterValue')
  const many = Array.from({ length: 11 }, () => ({ ImageProviders: ['amazon'] }))
  expect(await codeOf(criteria(...many))).toBe('InvalidParameterValue')
})

test('an image’s ancestors and what names it', async () => {
  const child = await copied('child')
  const { ImageAncestryEntries } = await cloud.ec2.send(
    new GetImageAncestryCommand({ ImageId: child }),
  )
  expect(ImageAncestryEntries).toEqual([
    expect.objectContaining({
      ImageId: child,
      ImageOwnerAlias: ACCOUNT,
      SourceImageId: TINY,
      SourceImageRegion: 'us-east-1',
    }),
    expect.objectContaining({ ImageId: TINY, ImageOwnerAlias: 'amazon' }),
  ])
  const unknown = new GetImageAncestryCommand({ ImageId: 'ami-0123456789abcdef1' })
  expect(await codeOf(cloud.ec2.send(unknown))).toBe('InvalidAMIID.NotFound')

  const instance = await running(cloud.ec2, { ImageId: child })
  const { LaunchTemplate } = await cloud.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'of-child',
      LaunchTemplateData: { ImageId: child },
    }),
  )
  const references = async (input: object) => {
    const command = new DescribeImageReferencesCommand({ ImageIds: [child], ...input })
    return (await cloud.ec2.send(command)).ImageReferences!.map((one) => [
      one.ResourceType,
      one.Arn!.split('/')[1],
    ])
  }
  const ofInstance = ['ec2:Instance', instance]
  const ofTemplate = ['ec2:LaunchTemplate', LaunchTemplate!.LaunchTemplateId]
  expect(await references({ IncludeAllResourceTypes: true })).toEqual([ofInstance, ofTemplate])
  const ResourceTypes = [
    {
      ResourceType: 'ec2:Instance',
      ResourceTypeOptions: [{ OptionName: 'state-name', OptionValues: ['stopped'] }],
    },
    { ResourceType: 'ec2:LaunchTemplate' },
  ]
  expect(await references({ ResourceTypes })).toEqual([ofTemplate])
  expect(await codeOf(references({}))).toBe('InvalidParameterCombination')
})
