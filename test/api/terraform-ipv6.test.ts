/**
 * The calls of terraform-provider-aws for what has IPv6 or came with it: aws_vpc (assign_generated_ipv6_cidr_block),
 * aws_subnet, aws_egress_only_internet_gateway, aws_route, aws_security_group_rule, aws_network_acl_rule,
 * aws_network_interface, aws_instance (ipv6_address_count), aws_nat_gateway (secondary_allocation_ids) and
 * aws_vpc_endpoint (policy): create, refresh, a second refresh that must find nothing changed, an update, destroy.
 */
import { waitUntilInstanceRunning, waitUntilInstanceTerminated } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { createVpcKit, inVpc, tagged, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
  kit = createVpcKit(aws)
})
afterAll(() => cloud.close())

const WAIT = { maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.1 }
const EVERYWHERE = '::/0'
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 'ec2:Describe*', Resource: '*' }],
})

async function network() {
  const made = await kit.vpc('10.40.0.0/16', {
    AmazonProvidedIpv6CidrBlock: true,
    ...tagged('vpc'),
  })
  const VpcId = made.VpcId!
  const association = made.Ipv6CidrBlockAssociationSet![0]!
  // The provider's waiter asks by the association.
  const name = 'ipv6-cidr-block-association.association-id'
  const { Vpcs } = await aws.describeVpcs({
    Filters: [{ Name: name, Values: [association.AssociationId!] }],
  })
  expect(Vpcs![0]!.Ipv6CidrBlockAssociationSet![0]!.Ipv6CidrBlockState!.State).toBe('associated')
  await aws.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } })
  const Ipv6CidrBlock = association.Ipv6CidrBlock!.replace('/56', '/64')
  const { SubnetId = '' } = await kit.subnet(VpcId, '10.40.1.0/24', { Ipv6CidrBlock })
  for (const change of [
    { AssignIpv6AddressOnCreation: { Value: true } },
    { EnableResourceNameDnsAAAARecordOnLaunch: { Value: true } },
    { PrivateDnsHostnameTypeOnLaunch: 'resource-name' as const },
  ]) {
    await aws.modifySubnetAttribute({ SubnetId, ...change })
  }
  return { VpcId, SubnetId, Ipv6CidrBlock }
}

async function apply() {
  const { VpcId, SubnetId, Ipv6CidrBlock } = await network()
  const GatewayId = await kit.gateway(VpcId)
  const egress = await aws.createEgressOnlyInternetGateway({
    VpcId,
    ...tagged('egress-only-internet-gateway'),
  })
  const { EgressOnlyInternetGatewayId } = egress.EgressOnlyInternetGateway!
  const { RouteTableId } = await kit.table(VpcId)
  const to6 = { RouteTableId, DestinationIpv6CidrBlock: EVERYWHERE }
  await aws.createRoute({ ...to6, EgressOnlyInternetGatewayId })
  await aws.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId })
  const { AssociationId } = await aws.associateRouteTable({ RouteTableId, SubnetId })
  const named = { VpcId, GroupName: 'terraform', Description: 'x' }
  const { GroupId } = await aws.createSecurityGroup(named)
  const everything = { IpProtocol: '-1', Ipv6Ranges: [{ CidrIpv6: EVERYWHERE }] }
  // The provider takes both families' default rules away.
  await aws.revokeSecurityGroupEgress({ GroupId, IpPermissions: [everything] })
  await aws.authorizeSecurityGroupIngress({
    GroupId,
    IpPermissions: [
      { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, Ipv6Ranges: [{ CidrIpv6: EVERYWHERE }] },
    ],
  })
  const { NetworkAcls } = await aws.describeNetworkAcls(inVpc(VpcId))
  const entry = { NetworkAclId: NetworkAcls![0]!.NetworkAclId!, RuleNumber: 200, Egress: false }
  await aws.createNetworkAclEntry({
    ...entry,
    Protocol: '58',
    RuleAction: 'allow',
    Ipv6CidrBlock: EVERYWHERE,
    IcmpTypeCode: { Type: -1, Code: -1 },
  })
  const own = { Ipv6Address: Ipv6CidrBlock.replace('::/64', '::10') }
  const nic = await aws.createNetworkInterface({ SubnetId, Ipv6Addresses: [own] })
  const { Instances } = await aws.runInstances({
    ImageId: TINY,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
    SubnetId,
    SecurityGroupIds: [GroupId!],
    Ipv6AddressCount: 1,
  })
  const InstanceId = Instances![0]!.InstanceId!
  await waitUntilInstanceRunning({ client: aws, ...WAIT }, { InstanceIds: [InstanceId] })
  const addresses = [await aws.allocateAddress({}), await aws.allocateAddress({})]
  const [AllocationId, second] = addresses.map((each) => each.AllocationId!)
  const nat = await aws.createNatGateway({ SubnetId, AllocationId })
  const NatGatewayId = nat.NatGateway!.NatGatewayId!
  await aws.associateNatGatewayAddress({ NatGatewayId, AllocationIds: [second!] })
  const endpoint = await aws.createVpcEndpoint({
    VpcId,
    ServiceName: 'com.amazonaws.us-east-1.ec2',
    VpcEndpointType: 'Interface',
    SubnetIds: [SubnetId],
    PolicyDocument: POLICY,
  })
  return {
    ...{ VpcId, SubnetId, GatewayId, RouteTableId: RouteTableId!, InstanceId, NatGatewayId },
    ...{ GroupId: GroupId!, AssociationId: AssociationId!, Ipv6CidrBlock },
    EgressOnlyInternetGatewayId: EgressOnlyInternetGatewayId!,
    NetworkInterfaceId: nic.NetworkInterface!.NetworkInterfaceId!,
    VpcEndpointId: endpoint.VpcEndpoint!.VpcEndpointId!,
    allocationIds: [AllocationId!, second!],
  }
}

type State = Awaited<ReturnType<typeof apply>>

/** What each resource's read function calls. */
async function refresh(state: State) {
  const { VpcId, SubnetId, RouteTableId, InstanceId, GroupId } = state
  const answers = await Promise.all([
    aws.describeVpcs({ VpcIds: [VpcId] }),
    aws.describeSubnets({ SubnetIds: [SubnetId] }),
    aws.describeEgressOnlyInternetGateways({
      EgressOnlyInternetGatewayIds: [state.EgressOnlyInternetGatewayId],
    }),
    aws.describeRouteTables({ RouteTableIds: [RouteTableId] }),
    aws.describeSecurityGroups({ GroupIds: [GroupId] }),
    aws.describeNetworkAcls(inVpc(VpcId)),
    aws.describeNetworkInterfaces({ NetworkInterfaceIds: [state.NetworkInterfaceId] }),
    aws.describeInstances({ InstanceIds: [InstanceId] }),
    aws.describeNatGateways({ NatGatewayIds: [state.NatGatewayId] }),
    aws.describeVpcEndpoints({ VpcEndpointIds: [state.VpcEndpointId] }),
  ])
  const [vpc, subnet, egress, table, group, acl, nic, instance, nat, endpoint] = answers
  return {
    vpc: vpc.Vpcs![0]!,
    subnet: subnet.Subnets![0]!,
    egress: egress.EgressOnlyInternetGateways![0]!,
    table: table.RouteTables![0]!,
    group: group.SecurityGroups![0]!,
    acl: acl.NetworkAcls![0]!,
    nic: nic.NetworkInterfaces![0]!,
    instance: instance.Reservations![0]!.Instances![0]!,
    nat: nat.NatGateways![0]!,
    endpoint: endpoint.VpcEndpoints![0]!,
  }
}

async function destroy(state: State): Promise<void> {
  const { VpcId, SubnetId, RouteTableId, InstanceId, GatewayId } = state
  expect(await codeOf(aws.deleteSubnet({ SubnetId }))).toBe('DependencyViolation')
  await aws.terminateInstances({ InstanceIds: [InstanceId] })
  await waitUntilInstanceTerminated({ client: aws, ...WAIT }, { InstanceIds: [InstanceId] })
  await aws.deleteVpcEndpoints({ VpcEndpointIds: [state.VpcEndpointId] })
  await aws.deleteNatGateway({ NatGatewayId: state.NatGatewayId })
  for (const AllocationId of state.allocationIds) await aws.releaseAddress({ AllocationId })
  await aws.deleteNetworkInterface({ NetworkInterfaceId: state.NetworkInterfaceId })
  await aws.disassociateRouteTable({ AssociationId: state.AssociationId })
  await aws.deleteRoute({ RouteTableId, DestinationIpv6CidrBlock: EVERYWHERE })
  await aws.deleteRouteTable({ RouteTableId })
  const { EgressOnlyInternetGatewayId } = state
  await aws.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId })
  await aws.detachInternetGateway({ InternetGatewayId: GatewayId, VpcId })
  await aws.deleteInternetGateway({ InternetGatewayId: GatewayId })
  await aws.deleteSecurityGroup({ GroupId: state.GroupId })
  await aws.deleteSubnet({ SubnetId })
  await aws.deleteVpc({ VpcId })
  expect(await codeOf(aws.describeVpcs({ VpcIds: [VpcId] }))).toBe('InvalidVpcID.NotFound')
}

test('apply, a second plan without changes, an update, destroy', async () => {
  const state = await apply()
  const before = await refresh(state)
  expect(before.subnet).toMatchObject({
    AssignIpv6AddressOnCreation: true,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: 'resource-name',
      EnableResourceNameDnsAAAARecord: true,
    },
  })
  expect(before.table.Routes).toContainEqual({
    DestinationIpv6CidrBlock: EVERYWHERE,
    EgressOnlyInternetGatewayId: state.EgressOnlyInternetGatewayId,
    Origin: 'CreateRoute',
    State: 'active',
  })
  expect(before.instance.NetworkInterfaces![0]!.Ipv6Addresses).toHaveLength(1)
  expect(before.nat.NatGatewayAddresses!.map((each) => each.Status)).toEqual([
    'succeeded',
    'succeeded',
  ])
  expect(before.endpoint.PolicyDocument).toBe(POLICY)
  expect(await refresh(state)).toEqual(before)

  const { NetworkInterfaceId, NatGatewayId, RouteTableId, VpcEndpointId } = state
  const [old] = before.nic.Ipv6Addresses!.map((each) => each.Ipv6Address!)
  const next = state.Ipv6CidrBlock.replace('::/64', '::20')
  await aws.unassignIpv6Addresses({ NetworkInterfaceId, Ipv6Addresses: [old!] })
  await aws.assignIpv6Addresses({ NetworkInterfaceId, Ipv6Addresses: [next] })
  const AssociationIds = [before.nat.NatGatewayAddresses![1]!.AssociationId!]
  await aws.disassociateNatGatewayAddress({ NatGatewayId, AssociationIds })
  const GatewayId = state.GatewayId
  await aws.replaceRoute({ RouteTableId, DestinationIpv6CidrBlock: EVERYWHERE, GatewayId })
  await aws.modifyVpcEndpoint({ VpcEndpointId, ResetPolicy: true })
  const after = await refresh(state)
  expect(after.nic.Ipv6Addresses).toEqual([{ Ipv6Address: next, IsPrimaryIpv6: false }])
  expect(after.nat.NatGatewayAddresses).toEqual([before.nat.NatGatewayAddresses![0]])
  expect(after.table.Routes).toContainEqual({
    DestinationIpv6CidrBlock: EVERYWHERE,
    GatewayId,
    Origin: 'CreateRoute',
    State: 'active',
  })
  expect(after.endpoint.PolicyDocument).toContain('"Action":"*"')
  expect({ ...after, nic: 0, nat: 0, table: 0, endpoint: 0 }).toEqual({
    ...before,
    ...{ nic: 0, nat: 0, table: 0, endpoint: 0 },
    // That of the gateway's second address.
    subnet: {
      ...before.subnet,
      AvailableIpAddressCount: before.subnet.AvailableIpAddressCount! + 1,
    },
  })
  await destroy(state)
})
