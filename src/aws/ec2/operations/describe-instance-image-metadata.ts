/** DescribeInstanceImageMetadata: of each instance, the image that it was launched from. */
import type { InstanceImageMetadata } from '@aws-sdk/client-ec2'
import { imageAllowance } from '../../../app/images/allowed.ts'
import { instanceViews, type InstanceView } from '../../../app/instances/list.ts'
import { imageStateOf, type Image } from '../../../domain/image.ts'
import { instanceStateOf } from '../../../domain/instance.ts'
import { zoneIdOf } from '../../../domain/zones.ts'
import { operation } from '../../operation.ts'
import { presentState } from '../present/instance.ts'
import { idsOf } from '../present/state-change.ts'
import { tagList, tagsOfAnswer } from '../tags.ts'

export default operation<'ec2', 'DescribeInstanceImageMetadata', InstanceImageMetadata>({
  filters: {
    'availability-zone': (one) => one.AvailabilityZone,
    'image-allowed': (one) => one.ImageMetadata?.ImageAllowed,
    'instance-id': (one) => one.InstanceId,
    'instance-state-name': (one) => one.State?.Name,
    'instance-type': (one) => one.InstanceType,
    'launch-time': (one) => one.LaunchTime,
    'owner-alias': (one) => one.ImageMetadata?.ImageOwnerAlias,
    'owner-id': (one) => one.OwnerId,
    'zone-id': (one) => one.ZoneId,
  },
  tagsOf: (one) => tagsOfAnswer(one.Tags),
  handle: async (ctx, input, call) => {
    const views = await instanceViews(ctx, idsOf(input.InstanceIds))
    const { isAllowed } = await imageAllowance(ctx)
    const page = call.page(call.filter(views.map((view) => presentOne(view, isAllowed))), {
      key: (one) => one.InstanceId!,
      defaultSize: 1_000,
    })
    return { InstanceImageMetadata: page.items, NextToken: page.nextToken }
  },
})

function presentOne(
  { instance, image }: InstanceView,
  isAllowed: (image: Image) => boolean,
): InstanceImageMetadata {
  const { spec } = instance
  return {
    AvailabilityZone: spec.zone,
    ImageMetadata: image && presentImageMetadata(image, isAllowed(image)),
    InstanceId: instance.id,
    InstanceType: spec.instanceType as InstanceImageMetadata['InstanceType'],
    LaunchTime: new Date(spec.launchedAt),
    Operator: { Managed: false },
    OwnerId: instance.account,
    State: presentState(instanceStateOf(instance)),
    Tags: tagList(instance.tags),
    ZoneId: zoneIdOf(spec.zone),
  }
}

function presentImageMetadata(image: Image, isAllowed: boolean) {
  return {
    CreationDate: new Date(image.createdAt).toISOString(),
    DeprecationTime:
      image.deprecatedAt === null ? undefined : new Date(image.deprecatedAt).toISOString(),
    ImageAllowed: isAllowed,
    ImageId: image.id,
    ImageOwnerAlias: image.ownerAlias ?? undefined,
    IsPublic: image.isPublic,
    Name: image.name,
    OwnerId: image.account,
    State: image.deregisteredAt === null ? imageStateOf(image) : ('deregistered' as const),
  }
}
