/**
 * The calls that terraform-provider-aws makes for a VPC with a public machine (aws_vpc, aws_subnet,
 * aws_internet_gateway, aws_route_table and its association, aws_security_group, aws_key_pair, aws_eip,
 * aws_instance): create with its waiters, refresh, a second refresh that must find nothing changed, destroy.
 */
import { waitUntilInstanceRunning, waitUntilInstanceTerminated } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { tagged } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
})
afterAll(() => cloud.close())

const WAIT = { maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.1 }

interface State {
  vpcId: string
  subnetId: string
  gatewayId: string
  tableId: string
  tableAssociationId: string
  groupId: string
  instanceId: string
  allocationId: string
  addressAssociationId: string
}

async function network(): Promise<Pick<State, 'vpcId' | 'subnetId' | 'gatewayId' | 'tableId'>> {
  const vpc = await aws.createVpc({ CidrBlock: '10.20.0.0/16', ...tagged('vpc') })
  const VpcId = vpc.Vpc!.VpcId!
  expect((await aws.describeVpcs({ VpcIds: [VpcId] })).Vpcs![0]!.State).toBe('available')
  await aws.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } })

  const zone = { AvailabilityZone: 'us-east-1a' }
  const input = { VpcId, CidrBlock: '10.20.1.0/24', ...zone, ...tagged('subnet') }
  const SubnetId = (await aws.createSubnet(input)).Subnet!.SubnetId!
  const { Subnets } = await aws.describeSubnets({ SubnetIds: [SubnetId] })
  expect(Subnets![0]!.State).toBe('available')
  await aws.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: true } })

  const made = await aws.createInternetGateway(tagged('internet-gateway'))
  const { InternetGatewayId } = made.InternetGateway!
  await aws.attachInternetGateway({ InternetGatewayId, VpcId })

  const table = await aws.createRouteTable({ VpcId, ...tagged('route-table') })
  const { RouteTableId } = table.RouteTable!
  const DestinationCidrBlock = '0.0.0.0/0'
  await aws.createRoute({ RouteTableId, DestinationCidrBlock, GatewayId: InternetGatewayId })
  return {
    vpcId: VpcId,
    subnetId: SubnetId,
    gatewayId: InternetGatewayId!,
    tableId: RouteTableId!,
  }
}

async function securityGroup(VpcId: string): Promise<string> {
  const { GroupId } = await aws.createSecurityGroup({
    VpcId,
    GroupName: 'web',
    Description: 'Managed by Terraform',
    ...tagged('security-group'),
  })
  const everything = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
  // The provider takes away the rule that AWS makes, and then sets those of the configuration.
  await aws.revokeSecurityGroupEgress({ GroupId, IpPermissions: [everything] })
  const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }
  await aws.authorizeSecurityGroupIngress({
    GroupId,
    IpPermissions: [{ ...ssh, IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'ssh' }] }],
  })
  await aws.authorizeSecurityGroupEgress({ GroupId, IpPermissions: [everything] })
  return GroupId!
}

async function apply(): Promise<State> {
  const made = await network()
  const { AssociationId: tableAssociationId } = await aws.associateRouteTable({
    RouteTableId: made.tableId,
    SubnetId: made.subnetId,
  })
  const groupId = await securityGroup(made.vpcId)
  await aws.createKeyPair({ KeyName: 'deployer', KeyType: 'ed25519', ...tagged('key-pair') })
  const { Instances } = await aws.runInstances({
    ImageId: TINY,
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
    KeyName: 'deployer',
    SubnetId: made.subnetId,
    SecurityGroupIds: [groupId],
    ClientToken: 'terraform-20261123',
    ...tagged('instance'),
  })
  const instanceId = Instances![0]!.InstanceId!
  await waitUntilInstanceRunning({ client: aws, ...WAIT }, { InstanceIds: [instanceId] })
  const address = await aws.allocateAddress({ Domain: 'vpc', ...tagged('elastic-ip') })
  const { AssociationId: addressAssociationId } = await aws.associateAddress({
    AllocationId: address.AllocationId,
    InstanceId: instanceId,
  })
  return {
    ...made,
    tableAssociationId: tableAssociationId!,
    groupId,
    instanceId,
    allocationId: address.AllocationId!,
    addressAssociationId: addressAssociationId!,
  }
}

/** What each resource's read function asks, with what it asks by. */
async function refresh(state: State) {
  const { vpcId: VpcId, instanceId: InstanceId } = state
  const by = (Name: string, value: string) => ({ Name, Values: [value] })
  const inVpc = by('vpc-id', VpcId)
  const read = {
    vpc: aws.describeVpcs({ VpcIds: [VpcId] }),
    hostnames: aws.describeVpcAttribute({ VpcId, Attribute: 'enableDnsHostnames' }),
    support: aws.describeVpcAttribute({ VpcId, Attribute: 'enableDnsSupport' }),
    metrics: aws.describeVpcAttribute({ VpcId, Attribute: 'enableNetworkAddressUsageMetrics' }),
    defaultAcl: aws.describeNetworkAcls({ Filters: [by('default', 'true'), inVpc] }),
    mainTable: aws.describeRouteTables({ Filters: [by('association.main', 'true'), inVpc] }),
    defaultGroup: aws.describeSecurityGroups({ Filters: [by('group-name', 'default'), inVpc] }),
    subnet: aws.describeSubnets({ SubnetIds: [state.subnetId] }),
    gateway: aws.describeInternetGateways({ InternetGatewayIds: [state.gatewayId] }),
    table: aws.describeRouteTables({ RouteTableIds: [state.tableId] }),
    association: aws.describeRouteTables({
      Filters: [by('association.route-table-association-id', state.tableAssociationId)],
    }),
    group: aws.describeSecurityGroups({ GroupIds: [state.groupId] }),
    rules: aws.describeSecurityGroupRules({ Filters: [by('group-id', state.groupId)] }),
    key: aws.describeKeyPairs({ KeyNames: ['deployer'] }),
    address: aws.describeAddresses({ AllocationIds: [state.allocationId] }),
    pointer: aws.describeAddressesAttribute({
      AllocationIds: [state.allocationId],
      Attribute: 'domain-name',
    }),
    instance: aws.describeInstances({ InstanceIds: [InstanceId] }),
    type: aws.describeInstanceTypes({ InstanceTypes: ['t3.micro'] }),
    volumes: aws.describeVolumes({ Filters: [by('attachment.instance-id', InstanceId)] }),
    credits: aws.describeInstanceCreditSpecifications({ InstanceIds: [InstanceId] }),
    stop: aws.describeInstanceAttribute({ InstanceId, Attribute: 'disableApiStop' }),
    end: aws.describeInstanceAttribute({ InstanceId, Attribute: 'disableApiTermination' }),
    behaviour: aws.describeInstanceAttribute({
      InstanceId,
      Attribute: 'instanceInitiatedShutdownBehavior',
    }),
    userData: aws.describeInstanceAttribute({ InstanceId, Attribute: 'userData' }),
  }
  const answers = await Promise.all(
    Object.entries(read).map(async ([name, call]) => {
      const { $metadata: _metadata, ...answer } = await call
      return [name, answer] as const
    }),
  )
  return Object.fromEntries(answers) as { [K in keyof typeof read]: Awaited<(typeof read)[K]> }
}

async function destroy(state: State): Promise<void> {
  const { vpcId: VpcId, gatewayId: InternetGatewayId, instanceId } = state
  // In the wrong order first, as a destroy that runs in parallel does and tries again.
  expect(await codeOf(aws.deleteSubnet({ SubnetId: state.subnetId }))).toBe('DependencyViolation')
  const early = aws.detachInternetGateway({ InternetGatewayId, VpcId })
  expect(await codeOf(early)).toBe('DependencyViolation')
  await aws.disassociateRouteTable({ AssociationId: state.tableAssociationId })
  await aws.disassociateAddress({ AssociationId: state.addressAssociationId })
  await aws.releaseAddress({ AllocationId: state.allocationId })
  await aws.terminateInstances({ InstanceIds: [instanceId] })
  await waitUntilInstanceTerminated({ client: aws, ...WAIT }, { InstanceIds: [instanceId] })
  await aws.deleteKeyPair({ KeyName: 'deployer' })
  await aws.deleteSecurityGroup({ GroupId: state.groupId })
  await aws.deleteRouteTable({ RouteTableId: state.tableId })
  await aws.detachInternetGateway({ InternetGatewayId, VpcId })
  await aws.deleteInternetGateway({ InternetGatewayId })
  await aws.deleteSubnet({ SubnetId: state.subnetId })
  await aws.deleteVpc({ VpcId })
  expect(await codeOf(aws.describeVpcs({ VpcIds: [VpcId] }))).toBe('InvalidVpcID.NotFound')
}

test('apply, a second plan without changes, destroy', async () => {
  const state = await apply()
  const first = await refresh(state)
  expect(first.hostnames.EnableDnsHostnames).toEqual({ Value: true })
  expect(first.subnet.Subnets![0]).toMatchObject({ MapPublicIpOnLaunch: true })
  expect(first.defaultAcl.NetworkAcls).toHaveLength(1)
  expect(first.mainTable.RouteTables).toHaveLength(1)
  expect(first.association.RouteTables).toHaveLength(1)
  expect(first.rules.SecurityGroupRules).toHaveLength(2)
  expect(first.volumes.Volumes).toHaveLength(1)
  const [instance] = first.instance.Reservations![0]!.Instances!
  const [address] = first.address.Addresses!
  expect(instance!.PublicIpAddress).toBe(address!.PublicIp)
  expect(address).toMatchObject({ InstanceId: state.instanceId, Tags: [{ Key: 'Name' }] })
  expect(await refresh(state)).toEqual(first)
  await destroy(state)
})
