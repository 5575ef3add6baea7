/**
 * DescribeInstanceTypeOfferings: the types that a host here can really run, in the region or in each of its zones.
 * Tools choose from these (Terraform, Karpenter, eksctl), so a type that could never start is not offered, though
 * DescribeInstanceTypes describes it. There are no outposts.
 */
import type {
  InstanceTypeOffering,
  LocationType,
  _InstanceType as InstanceTypeName,
} from '@aws-sdk/client-ec2'
import { hostCapacities, whyNever } from '../../../app/capacity.ts'
import type { Ctx } from '../../../app/context.ts'
import { zoneIdOf } from '../../../domain/zones.ts'
import { operation } from '../../operation.ts'

const PAGE_SIZE = 1_000

export default operation<'ec2', 'DescribeInstanceTypeOfferings', InstanceTypeOffering>({
  filters: {
    'instance-type': (offering) => offering.InstanceType,
    location: (offering) => offering.Location,
  },
  handle: async (ctx, input, call) => {
    const { app } = ctx
    const hosts = await hostCapacities(app, app.store)
    const locationType = input.LocationType ?? 'region'
    const locations = locationsOf(ctx, locationType)
    const offerings = app.instanceTypes
      .all()
      .filter((type) => whyNever(type, hosts) === null)
      .flatMap((type) =>
        locations.map((location): InstanceTypeOffering => {
          const name = type.name as InstanceTypeName
          return { InstanceType: name, LocationType: locationType, Location: location }
        }),
      )
    const page = call.page(call.filter(offerings), {
      key: (offering) => `${offering.InstanceType} ${offering.Location}`,
      defaultSize: PAGE_SIZE,
    })
    return { InstanceTypeOfferings: page.items, NextToken: page.nextToken }
  },
})

function locationsOf({ app, region }: Ctx, type: LocationType): string[] {
  const zones = app.settings.zones.map((letter) => `${region}${letter}`)
  switch (type) {
    case 'region':
      return [region]
    case 'availability-zone':
      return zones
    case 'availability-zone-id':
      return zones.map((zone) => zoneIdOf(zone))
    case 'outpost':
      return []
  }
}
