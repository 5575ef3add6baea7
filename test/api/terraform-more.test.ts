/**
 * The calls of terraform-provider-aws for aws_launch_template, aws_ec2_managed_prefix_list, aws_vpc_peering_connection,
 * aws_vpc_endpoint, aws_nat_gateway (private), aws_placement_group, aws_ec2_subnet_cidr_reservation and
 * aws_ec2_network_insights_path: create with waits, refresh, a second refresh that must find nothing changed, an
 * update, destroy in the wrong order and in the right one.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { createVpcKit, tagged, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
  kit = createVpcKit(aws)
})
afterAll(() => cloud.close())

async function apply() {
  const one = (await kit.vpc('10.20.0.0/16')).VpcId!
  const other = (await kit.vpc('10.30.0.0/16')).VpcId!
  await aws.modifyVpcAttribute({ VpcId: one, EnableDnsHostnames: { Value: true } })
  const SubnetId = (await kit.subnet(one, '10.20.1.0/24')).SubnetId!
  const template = await aws.createLaunchTemplate({
    LaunchTemplateName: 'terraform',
    LaunchTemplateData: {
      ImageId: TINY,
      InstanceType: 't3.nano',
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, DeleteOnTermination: true }],
      MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled' },
    },
    ...tagged('launch-template'),
  })
  const list = await aws.createManagedPrefixList({
    PrefixListName: 'terraform',
    AddressFamily: 'IPv4',
    MaxEntries: 5,
    Entries: [{ Cidr: '10.30.0.0/16', Description: 'other' }],
    ...tagged('prefix-list'),
  })
  const peering = await aws.createVpcPeeringConnection({ VpcId: one, PeerVpcId: other })
  const { VpcPeeringConnectionId } = peering.VpcPeeringConnection!
  await aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
  const endpoint = await aws.createVpcEndpoint({
    VpcId: one,
    ServiceName: 'com.amazonaws.us-east-1.sts',
    VpcEndpointType: 'Interface',
    SubnetIds: [SubnetId],
    PrivateDnsEnabled: true,
  })
  const gateway = await aws.createNatGateway({ SubnetId, ConnectivityType: 'private' })
  await aws.createPlacementGroup({
    GroupName: 'terraform',
    Strategy: 'partition',
    PartitionCount: 3,
  })
  const reservation = await aws.createSubnetCidrReservation({
    SubnetId,
    Cidr: '10.20.1.128/25',
    ReservationType: 'explicit',
  })
  const { RouteTableId } = await kit.mainTable(one)
  const DestinationPrefixListId = list.PrefixList!.PrefixListId!
  await aws.createRoute({ RouteTableId, DestinationPrefixListId, VpcPeeringConnectionId })
  const path = await aws.createNetworkInsightsPath({
    Source: gateway.NatGateway!.NatGatewayAddresses![0]!.NetworkInterfaceId,
    DestinationIp: '10.30.0.9',
    Protocol: 'tcp',
    DestinationPort: 443,
    ClientToken: 'terraform',
  })
  return {
    one,
    other,
    SubnetId,
    RouteTableId: RouteTableId!,
    LaunchTemplateId: template.LaunchTemplate!.LaunchTemplateId!,
    PrefixListId: DestinationPrefixListId,
    VpcPeeringConnectionId: VpcPeeringConnectionId!,
    VpcEndpointId: endpoint.VpcEndpoint!.VpcEndpointId!,
    NatGatewayId: gateway.NatGateway!.NatGatewayId!,
    SubnetCidrReservationId: reservation.SubnetCidrReservation!.SubnetCidrReservationId!,
    NetworkInsightsPathId: path.NetworkInsightsPath!.NetworkInsightsPathId!,
  }
}

type State = Awaited<ReturnType<typeof apply>>

/** What each resource's read function calls. */
async function refresh(state: State) {
  const { LaunchTemplateId, PrefixListId, SubnetId } = state
  const calls = {
    template: aws.describeLaunchTemplates({ LaunchTemplateIds: [LaunchTemplateId] }),
    version: aws.describeLaunchTemplateVersions({ LaunchTemplateId, Versions: ['$Latest'] }),
    list: aws.describeManagedPrefixLists({ PrefixListIds: [PrefixListId] }),
    entries: aws.getManagedPrefixListEntries({ PrefixListId }),
    peering: aws.describeVpcPeeringConnections({
      VpcPeeringConnectionIds: [state.VpcPeeringConnectionId],
    }),
    endpoint: aws.describeVpcEndpoints({ VpcEndpointIds: [state.VpcEndpointId] }),
    gateway: aws.describeNatGateways({ NatGatewayIds: [state.NatGatewayId] }),
    group: aws.describePlacementGroups({ GroupNames: ['terraform'] }),
    reservations: aws.getSubnetCidrReservations({ SubnetId }),
    table: aws.describeRouteTables({ RouteTableIds: [state.RouteTableId] }),
    path: aws.describeNetworkInsightsPaths({
      NetworkInsightsPathIds: [state.NetworkInsightsPathId],
    }),
  }
  const answers = await Promise.all(
    Object.entries(calls).map(async ([name, call]) => {
      const { $metadata: _metadata, ...answer } = await call
      return [name, answer] as const
    }),
  )
  return Object.fromEntries(answers) as { [K in keyof typeof calls]: Awaited<(typeof calls)[K]> }
}

async function destroy(state: State): Promise<void> {
  const { SubnetId, PrefixListId, RouteTableId, one, other } = state
  // As a destroy that runs in parallel does and tries again.
  expect(await codeOf(aws.deleteManagedPrefixList({ PrefixListId }))).toBe('DependencyViolation')
  expect(await codeOf(aws.deleteSubnet({ SubnetId }))).toBe('DependencyViolation')
  expect(await codeOf(aws.deleteVpc({ VpcId: other }))).toBe('DependencyViolation')
  await aws.deleteNetworkInsightsPath({ NetworkInsightsPathId: state.NetworkInsightsPathId })
  await aws.deleteRoute({ RouteTableId, DestinationPrefixListId: PrefixListId })
  await aws.deleteManagedPrefixList({ PrefixListId })
  await aws.deleteVpcEndpoints({ VpcEndpointIds: [state.VpcEndpointId] })
  await aws.deleteNatGateway({ NatGatewayId: state.NatGatewayId })
  const { SubnetCidrReservationId } = state
  await aws.deleteSubnetCidrReservation({ SubnetCidrReservationId })
  await aws.deleteVpcPeeringConnection({ VpcPeeringConnectionId: state.VpcPeeringConnectionId })
  await aws.deleteLaunchTemplate({ LaunchTemplateId: state.LaunchTemplateId })
  await aws.deletePlacementGroup({ GroupName: 'terraform' })
  await aws.deleteSubnet({ SubnetId })
  for (const VpcId of [one, other]) await aws.deleteVpc({ VpcId })
}

test('apply, a second plan without changes, an update, destroy', async () => {
  const state = await apply()
  const gateway = async () =>
    (await aws.describeNatGateways({ NatGatewayIds: [state.NatGatewayId] })).NatGateways![0]!.State
  await eventually(gateway, (each) => each === 'available')
  const first = await refresh(state)
  expect(first.list.PrefixLists![0]!.State).toBe('create-complete')
  expect(first.endpoint.VpcEndpoints![0]!.State).toBe('available')
  expect(first.peering.VpcPeeringConnections![0]!.Status!.Code).toBe('active')
  expect(await refresh(state)).toEqual(first)

  const { LaunchTemplateId, PrefixListId } = state
  const LaunchTemplateData = { ImageId: TINY, InstanceType: 't3.micro' as const }
  await aws.createLaunchTemplateVersion({ LaunchTemplateId, LaunchTemplateData })
  await aws.modifyLaunchTemplate({ LaunchTemplateId, DefaultVersion: '2' })
  const AddEntries = [{ Cidr: '10.40.0.0/16' }]
  await aws.modifyManagedPrefixList({ PrefixListId, CurrentVersion: 1, AddEntries })
  const second = await refresh(state)
  expect(second.template.LaunchTemplates![0]).toMatchObject({ DefaultVersionNumber: 2 })
  expect(second.version.LaunchTemplateVersions![0]!.LaunchTemplateData).toEqual(LaunchTemplateData)
  expect(second.entries.Entries).toHaveLength(2)
  expect(await refresh(state)).toEqual(second)
  await destroy(state)
})
