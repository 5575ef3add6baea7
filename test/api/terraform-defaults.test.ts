/**
 * The calls by which terraform-provider-aws adopts what an account has by itself (aws_default_vpc, _subnet,
 * _security_group, _network_acl, _route_table, _vpc_dhcp_options), and by which its data sources look things up.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { createVpcKit, tagged } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
})
afterAll(() => cloud.close())

const by = (names: Record<string, string>) => ({
  Filters: Object.entries(names).map(([Name, value]) => ({ Name, Values: [value] })),
})

async function theVpc(): Promise<string> {
  const { Vpcs } = await aws.describeVpcs(by({ isDefault: 'true' }))
  expect(Vpcs).toHaveLength(1)
  return Vpcs![0]!.VpcId!
}

test('the default VPC and its subnets, found by the older names of filters', async () => {
  const VpcId = await theVpc()
  await aws.createTags({ Resources: [VpcId], Tags: [{ Key: 'Name', Value: 'mine' }] })
  const where = { availabilityZone: 'us-east-1b', defaultForAz: 'true' }
  const { Subnets } = await aws.describeSubnets(by(where))
  expect(Subnets).toMatchObject([{ VpcId, MapPublicIpOnLaunch: true }])
  const { SubnetId } = Subnets![0]!
  await aws.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: false } })
  await aws.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: true } })
  expect((await aws.describeSubnets({ SubnetIds: [SubnetId!] })).Subnets).toEqual(Subnets)
  // With force_destroy it goes, and comes again at the next apply.
  await aws.deleteSubnet({ SubnetId })
  expect((await aws.describeSubnets(by(where))).Subnets).toEqual([])
  const again = await aws.createDefaultSubnet({ AvailabilityZone: 'us-east-1b' })
  expect((await aws.describeSubnets(by(where))).Subnets).toEqual([again.Subnet])
  const twice = aws.createDefaultSubnet({ AvailabilityZone: 'us-east-1b' })
  expect(await codeOf(twice)).toBe('DefaultSubnetAlreadyExistsInAvailabilityZone')
})

test('the default group is emptied and filled', async () => {
  const VpcId = await theVpc()
  const query = by({ 'group-name': 'default', 'vpc-id': VpcId })
  const read = async () => (await aws.describeSecurityGroups(query)).SecurityGroups![0]!
  const { GroupId, IpPermissions, IpPermissionsEgress } = await read()
  await aws.revokeSecurityGroupIngress({ GroupId, IpPermissions })
  await aws.revokeSecurityGroupEgress({ GroupId, IpPermissions: IpPermissionsEgress })
  expect(await read()).toMatchObject({ IpPermissions: [], IpPermissionsEgress: [] })
  await aws.authorizeSecurityGroupIngress({ GroupId, IpPermissions })
  await aws.authorizeSecurityGroupEgress({ GroupId, IpPermissions: IpPermissionsEgress })
  expect(await read()).toMatchObject({ IpPermissions, IpPermissionsEgress })
  expect(await codeOf(aws.deleteSecurityGroup({ GroupId }))).toBe('CannotDelete')
})

test('the default ACL is emptied and filled', async () => {
  const VpcId = await theVpc()
  const query = by({ default: 'true', 'vpc-id': VpcId })
  const read = async () => (await aws.describeNetworkAcls(query)).NetworkAcls![0]!
  const before = await read()
  const { NetworkAclId } = before
  const own = before.Entries!.filter(({ RuleNumber }) => RuleNumber! < 32_767)
  for (const { RuleNumber, Egress } of own) {
    await aws.deleteNetworkAclEntry({ NetworkAclId, RuleNumber, Egress })
  }
  expect((await read()).Entries).toHaveLength(2)
  for (const entry of own) await aws.createNetworkAclEntry({ NetworkAclId, ...entry } as never)
  expect(await read()).toEqual(before)
})

test('the main table is emptied and filled', async () => {
  const VpcId = await theVpc()
  const query = by({ 'association.main': 'true', 'vpc-id': VpcId })
  const read = async () => (await aws.describeRouteTables(query)).RouteTables![0]!
  const before = await read()
  const { RouteTableId } = before
  const own = before.Routes!.filter(({ GatewayId }) => GatewayId !== 'local')
  expect(own).toHaveLength(1)
  for (const { DestinationCidrBlock } of own) {
    await aws.deleteRoute({ RouteTableId, DestinationCidrBlock })
  }
  expect((await read()).Routes).toHaveLength(1)
  for (const { DestinationCidrBlock, GatewayId } of own) {
    await aws.createRoute({ RouteTableId, DestinationCidrBlock, GatewayId })
  }
  expect(await read()).toEqual(before)
})

test('the default DHCP options, by two keys and two values at once', async () => {
  const pair = (key: string, value: string) => [
    { Name: 'key', Values: [key] },
    { Name: 'value', Values: [value] },
  ]
  const Filters = [
    ...pair('domain-name', 'ec2.internal'),
    ...pair('domain-name-servers', 'AmazonProvidedDNS'),
  ]
  const { DhcpOptions } = await aws.describeDhcpOptions({ Filters })
  const { Vpcs } = await aws.describeVpcs(by({ isDefault: 'true' }))
  expect(DhcpOptions!.map((one) => one.DhcpOptionsId)).toEqual([Vpcs![0]!.DhcpOptionsId])
  const none = [...pair('domain-name', 'ec2.internal'), ...pair('ntp-servers', '10.0.0.1')]
  expect((await aws.describeDhcpOptions({ Filters: none })).DhcpOptions).toEqual([])
})

test('data sources: each by what its arguments become', async () => {
  const kit = createVpcKit(aws)
  const VpcId = (await kit.vpc('10.40.0.0/16', tagged('vpc'))).VpcId!
  const zone = { AvailabilityZone: 'us-east-1a' }
  const subnet = await kit.subnet(VpcId, '10.40.1.0/24', { ...zone, ...tagged('subnet') })
  const InternetGatewayId = await kit.gateway(VpcId)
  const mine = { 'tag:Name': 'mine' }
  const found = {
    vpc: (await aws.describeVpcs(by({ cidr: '10.40.0.0/16', state: 'available', ...mine }))).Vpcs,
    subnet: (
      await aws.describeSubnets(
        by({ availabilityZone: 'us-east-1a', cidrBlock: '10.40.1.0/24', 'vpc-id': VpcId, ...mine }),
      )
    ).Subnets,
    gateway: (
      await aws.describeInternetGateways(
        by({ 'attachment.vpc-id': VpcId, 'internet-gateway-id': InternetGatewayId }),
      )
    ).InternetGateways,
    table: (await aws.describeRouteTables(by({ 'vpc-id': VpcId, 'association.main': 'true' })))
      .RouteTables,
    groups: (await aws.describeSecurityGroups(by({ 'vpc-id': VpcId, 'group-name': 'default' })))
      .SecurityGroups,
    zones: (await aws.describeAvailabilityZones(by({ 'opt-in-status': 'opt-in-not-required' })))
      .AvailabilityZones,
    region: (await aws.describeRegions(by({ 'region-name': 'us-east-1' }))).Regions,
    offerings: (
      await aws.describeInstanceTypeOfferings({
        LocationType: 'availability-zone',
        ...by({ 'instance-type': 't3.micro' }),
      })
    ).InstanceTypeOfferings,
    service: (
      await aws.describeVpcEndpointServices({
        ServiceRegions: ['us-east-1'],
        ...by({ 'service-name': 'com.amazonaws.us-east-1.ec2', 'service-type': 'Interface' }),
      })
    ).ServiceDetails,
    elsewhere: (await aws.describeVpcEndpointServices({ ServiceRegions: ['eu-west-1'] }))
      .ServiceDetails,
  }
  const counts = Object.fromEntries(
    Object.entries(found).map(([name, list]) => [name, list!.length]),
  )
  const zones = counts['zones']
  const one = { vpc: 1, subnet: 1, gateway: 1, table: 1, groups: 1, region: 1, service: 1 }
  expect(counts).toEqual({ ...one, zones, offerings: zones, elsewhere: 0 })
  expect(found.subnet![0]!.SubnetId).toBe(subnet.SubnetId)
  expect(found.service![0]).toMatchObject({ VpcEndpointPolicySupported: true })
  const quotas = (await aws.describeAccountAttributes({})).AccountAttributes!
  expect(quotas.map((each) => [each.AttributeName, each.AttributeValues!.length])).toEqual([
    ['supported-platforms', 1],
    ['default-vpc', 1],
    ['max-elastic-ips', 1],
    ['vpc-max-elastic-ips', 1],
    ['vpc-max-security-groups-per-interface', 1],
  ])
  // What is not here says so: flow logs.
  const logs = aws.createFlowLogs({ ResourceIds: [VpcId], ResourceType: 'VPC' })
  expect(await codeOf(logs)).toBe('UnsupportedOperation')
})
