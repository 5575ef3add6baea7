/** EC2's lists as collections. */
import {
  DescribeAddressesCommand,
  DescribeImagesCommand,
  DescribeInstanceTypesCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribePlacementGroupsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  type Address,
  type Image,
  type Instance,
  type InstanceTypeInfo,
  type InternetGateway,
  type KeyPairInfo,
  type LaunchTemplate,
  type NatGateway,
  type NetworkInterface,
  type PlacementGroup,
  type RouteTable,
  type SecurityGroup,
  type Snapshot,
  type Subnet,
  type Volume,
  type Vpc,
} from '@aws-sdk/client-ec2'
import { codeOf, ec2 } from './clients.ts'
import { collection, paged } from './collection.ts'
import { instancesPage } from './lean.ts'

const PAGE = 1000
const FIRST_PAGE = 100

const one = async function* <T>(ask: () => Promise<T[] | undefined>) {
  yield (await ask()) ?? []
}

const filter = (name: string, ids: readonly string[]) => [{ Name: name, Values: [...ids] }]

export const instances = collection<Instance>({
  name: 'instances',
  kinds: ['instance'],
  idOf: (item) => item.InstanceId ?? '',
  pages: () =>
    paged((NextToken) => {
      // What fits on a screen is there at once.
      const MaxResults = NextToken === undefined ? FIRST_PAGE : PAGE
      return instancesPage({ MaxResults, ...(NextToken === undefined ? {} : { NextToken }) })
    }),
  byIds: async (ids) => {
    const ask = async (input: Parameters<typeof instancesPage>[0]) =>
      (await instancesPage(input)).items
    // By their ids the cloud looks up these alone; by a filter it looks at all, and none has to be there.
    return ask({ InstanceIds: [...ids] }).catch((error: unknown) => {
      if (codeOf(error) !== 'InvalidInstanceID.NotFound') throw error
      return ask({ Filters: filter('instance-id', ids) })
    })
  },
  concerned: (kind, id, items) =>
    kind === 'networkInterface'
      ? items
          .filter((i) => i.NetworkInterfaces?.some((n) => n.NetworkInterfaceId === id))
          .map((i) => i.InstanceId ?? '')
      : [],
})

export const volumes = collection<Volume>({
  name: 'volumes',
  kinds: ['volume'],
  idOf: (item) => item.VolumeId ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await ec2().send(new DescribeVolumesCommand({ MaxResults: 500, NextToken }))
      return { items: page.Volumes, next: page.NextToken }
    }),
  byIds: async (ids) =>
    (await ec2().send(new DescribeVolumesCommand({ Filters: filter('volume-id', ids) }))).Volumes ??
    [],
})

export const snapshots = collection<Snapshot>({
  name: 'snapshots',
  kinds: ['snapshot'],
  idOf: (item) => item.SnapshotId ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await ec2().send(
        new DescribeSnapshotsCommand({ OwnerIds: ['self'], MaxResults: PAGE, NextToken }),
      )
      return { items: page.Snapshots, next: page.NextToken }
    }),
})

export const images = collection<Image>({
  name: 'images',
  kinds: ['image'],
  idOf: (item) => item.ImageId ?? '',
  pages: () => one(async () => (await ec2().send(new DescribeImagesCommand({}))).Images),
})

export const instanceTypes = collection<InstanceTypeInfo>({
  name: 'instanceTypes',
  kinds: [],
  idOf: (item) => item.InstanceType ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await ec2().send(
        new DescribeInstanceTypesCommand({ MaxResults: 100, NextToken }),
      )
      return { items: page.InstanceTypes, next: page.NextToken }
    }),
})

export const keyPairs = collection<KeyPairInfo>({
  name: 'keyPairs',
  kinds: ['keyPair'],
  idOf: (item) => item.KeyPairId ?? '',
  pages: () => one(async () => (await ec2().send(new DescribeKeyPairsCommand({}))).KeyPairs),
})

export const securityGroups = collection<SecurityGroup>({
  name: 'securityGroups',
  kinds: ['securityGroup'],
  idOf: (item) => item.GroupId ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await ec2().send(
        new DescribeSecurityGroupsCommand({ MaxResults: PAGE, NextToken }),
      )
      return { items: page.SecurityGroups, next: page.NextToken }
    }),
})

export const vpcs = collection<Vpc>({
  name: 'vpcs',
  kinds: ['vpc'],
  idOf: (item) => item.VpcId ?? '',
  pages: () => one(async () => (await ec2().send(new DescribeVpcsCommand({}))).Vpcs),
})

export const subnets = collection<Subnet>({
  name: 'subnets',
  // How many addresses are free changes with the interfaces.
  kinds: ['subnet', 'networkInterface'],
  idOf: (item) => item.SubnetId ?? '',
  pages: () => one(async () => (await ec2().send(new DescribeSubnetsCommand({}))).Subnets),
})

export const routeTables = collection<RouteTable>({
  name: 'routeTables',
  kinds: ['routeTable'],
  idOf: (item) => item.RouteTableId ?? '',
  pages: () => one(async () => (await ec2().send(new DescribeRouteTablesCommand({}))).RouteTables),
})

export const internetGateways = collection<InternetGateway>({
  name: 'internetGateways',
  kinds: ['internetGateway'],
  idOf: (item) => item.InternetGatewayId ?? '',
  pages: () =>
    one(async () => (await ec2().send(new DescribeInternetGatewaysCommand({}))).InternetGateways),
})

export const natGateways = collection<NatGateway>({
  name: 'natGateways',
  kinds: ['natGateway'],
  idOf: (item) => item.NatGatewayId ?? '',
  pages: () => one(async () => (await ec2().send(new DescribeNatGatewaysCommand({}))).NatGateways),
})

export const networkInterfaces = collection<NetworkInterface>({
  name: 'networkInterfaces',
  kinds: ['networkInterface'],
  idOf: (item) => item.NetworkInterfaceId ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await ec2().send(
        new DescribeNetworkInterfacesCommand({ MaxResults: PAGE, NextToken }),
      )
      return { items: page.NetworkInterfaces, next: page.NextToken }
    }),
})

export const addresses = collection<Address>({
  name: 'addresses',
  kinds: ['elasticAddress', 'networkInterface'],
  idOf: (item) => item.AllocationId ?? '',
  pages: () => one(async () => (await ec2().send(new DescribeAddressesCommand({}))).Addresses),
})

export const launchTemplates = collection<LaunchTemplate>({
  name: 'launchTemplates',
  kinds: ['launchTemplate'],
  idOf: (item) => item.LaunchTemplateId ?? '',
  pages: () =>
    one(async () => (await ec2().send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates),
})

export const placementGroups = collection<PlacementGroup>({
  name: 'placementGroups',
  kinds: ['placementGroup'],
  idOf: (item) => item.GroupId ?? '',
  pages: () =>
    one(async () => (await ec2().send(new DescribePlacementGroupsCommand({}))).PlacementGroups),
})
