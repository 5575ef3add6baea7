/** The default network of an account and what can be asked and changed about it, through the SDK. */
import {
  DescribeAccountAttributesCommand,
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeDhcpOptionsCommand,
  DescribeInternetGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpcsCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  type Filter,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'

let cloud: TestCloud
let VpcId: string

beforeAll(async () => {
  cloud = await startTestCloud()
  VpcId = (await cloud.ec2.send(new DescribeVpcsCommand({}))).Vpcs![0]!.VpcId!
})
afterAll(() => cloud.close())

const filters = (table: Record<string, string>): Filter[] =>
  Object.entries(table).map(([Name, value]) => ({ Name, Values: [value] }))

describe('the default network', () => {
  test('one VPC', async () => {
    const Filters = filters({ isDefault: 'true', cidr: '172.31.0.0/16', state: 'available' })
    const { Vpcs } = await cloud.ec2.send(new DescribeVpcsCommand({ Filters }))
    expect(Vpcs).toMatchObject([
      {
        VpcId,
        OwnerId: ACCOUNT,
        CidrBlock: '172.31.0.0/16',
        IsDefault: true,
        State: 'available',
        InstanceTenancy: 'default',
        CidrBlockAssociationSet: [{ CidrBlockState: { State: 'associated' } }],
        DhcpOptionsId: expect.stringMatching(/^dopt-/),
      },
    ])
  })

  test('a subnet in each zone', async () => {
    const Filters = filters({ 'vpc-id': VpcId, 'default-for-az': 'true' })
    const { Subnets } = await cloud.ec2.send(new DescribeSubnetsCommand({ Filters }))
    const shown = Subnets!.map((subnet) => [
      subnet.AvailabilityZone,
      subnet.AvailabilityZoneId,
      subnet.CidrBlock,
      subnet.AvailableIpAddressCount,
      subnet.MapPublicIpOnLaunch,
    ])
    expect(shown.sort()).toEqual([
      ['us-east-1a', 'use1-az1', '172.31.0.0/20', 4091, true],
      ['us-east-1b', 'use1-az2', '172.31.16.0/20', 4091, true],
      ['us-east-1c', 'use1-az3', '172.31.32.0/20', 4091, true],
    ])
  })

  test('a main route table that leads to the internet', async () => {
    const { InternetGateways } = await cloud.ec2.send(
      new DescribeInternetGatewaysCommand({
        Filters: filters({ 'attachment.vpc-id': VpcId, 'attachment.state': 'available' }),
      }),
    )
    const GatewayId = InternetGateways![0]!.InternetGatewayId
    const { RouteTables } = await cloud.ec2.send(
      new DescribeRouteTablesCommand({
        Filters: filters({ 'association.main': 'true', 'route.gateway-id': GatewayId! }),
      }),
    )
    expect(RouteTables).toMatchObject([
      {
        VpcId,
        Associations: [{ Main: true, AssociationState: { State: 'associated' } }],
        Routes: [
          {
            DestinationCidrBlock: '172.31.0.0/16',
            GatewayId: 'local',
            Origin: 'CreateRouteTable',
            State: 'active',
          },
          { DestinationCidrBlock: '0.0.0.0/0', GatewayId, Origin: 'CreateRoute', State: 'active' },
        ],
        PropagatingVgws: [],
      },
    ])
  })

  test('a network ACL that lets everything through, and DHCP options', async () => {
    const { NetworkAcls } = await cloud.ec2.send(
      new DescribeNetworkAclsCommand({ Filters: filters({ default: 'true', 'vpc-id': VpcId }) }),
    )
    expect(NetworkAcls).toHaveLength(1)
    expect(NetworkAcls![0]!.Associations).toHaveLength(3)
    const entries = NetworkAcls![0]!.Entries!
    expect(entries.map((entry) => [entry.RuleNumber, entry.Egress, entry.RuleAction])).toEqual([
      [100, true, 'allow'],
      [32767, true, 'deny'],
      [100, false, 'allow'],
      [32767, false, 'deny'],
    ])
    const { DhcpOptions } = await cloud.ec2.send(
      new DescribeDhcpOptionsCommand({ Filters: filters({ value: 'AmazonProvidedDNS' }) }),
    )
    expect(DhcpOptions![0]!.DhcpConfigurations).toContainEqual({
      Key: 'domain-name',
      Values: [{ Value: 'ec2.internal' }],
    })
  })

  test('is another one in each region and account', async () => {
    const far = cloud.ec2Of({ region: 'eu-central-1' })
    const { Vpcs } = await far.send(new DescribeVpcsCommand({}))
    expect(Vpcs).toHaveLength(1)
    expect(Vpcs![0]!.VpcId).not.toBe(VpcId)
    expect(await codeOf(far.send(new DescribeVpcsCommand({ VpcIds: [VpcId] })))).toBe(
      'InvalidVpcID.NotFound',
    )
    const { AvailabilityZones } = await far.send(new DescribeAvailabilityZonesCommand({}))
    expect(AvailabilityZones!.map((zone) => zone.ZoneId)).toEqual([
      'euc1-az1',
      'euc1-az2',
      'euc1-az3',
    ])
  })
})

test('a launch takes an address from its subnet', async () => {
  const free = async () => {
    const Filters = filters({ availabilityZone: 'us-east-1a' })
    const { Subnets } = await cloud.ec2.send(new DescribeSubnetsCommand({ Filters }))
    return Subnets![0]!.AvailableIpAddressCount!
  }
  const before = await free()
  await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest({ minCount: 3, maxCount: 3 }))
  expect(await free()).toBe(before - 3)
})

describe('attributes of a VPC', () => {
  const attribute = async (Attribute: 'enableDnsSupport' | 'enableDnsHostnames') => {
    const answer = await cloud.ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute }))
    return (answer.EnableDnsSupport ?? answer.EnableDnsHostnames)?.Value
  }
  const modify = (input: object) =>
    cloud.ec2.send(new ModifyVpcAttributeCommand({ VpcId, ...input }))

  test('host names need DNS', async () => {
    expect(await attribute('enableDnsHostnames')).toBe(true)
    await modify({ EnableDnsHostnames: { Value: false } })
    expect(await attribute('enableDnsHostnames')).toBe(false)
    await modify({ EnableDnsSupport: { Value: false } })
    expect(await attribute('enableDnsSupport')).toBe(false)
    expect(await codeOf(modify({ EnableDnsHostnames: { Value: true } }))).toBe(
      'InvalidParameterValue',
    )
    await modify({ EnableDnsSupport: { Value: true } })
    await modify({ EnableDnsHostnames: { Value: true } })
  })

  test('one at a time, and what is not served is refused', async () => {
    const both = { EnableDnsSupport: { Value: true }, EnableDnsHostnames: { Value: true } }
    expect(await codeOf(modify(both))).toBe('InvalidParameterCombination')
    expect(await codeOf(modify({}))).toBe('MissingParameter')
    expect(await codeOf(modify({ EnableNetworkAddressUsageMetrics: { Value: true } }))).toBe(
      'UnsupportedOperation',
    )
  })
})

test('a subnet that gives no public addresses', async () => {
  const { Subnets } = await cloud.ec2.send(
    new DescribeSubnetsCommand({ Filters: filters({ 'availability-zone': 'us-east-1b' }) }),
  )
  const { SubnetId } = Subnets![0]!
  const modify = (input: object) =>
    cloud.ec2.send(new ModifySubnetAttributeCommand({ SubnetId, ...input }))
  await modify({ MapPublicIpOnLaunch: { Value: false } })
  const Filters = filters({ 'map-public-ip-on-launch': 'false' })
  const found = await cloud.ec2.send(new DescribeSubnetsCommand({ Filters }))
  expect(found.Subnets!.map((subnet) => subnet.SubnetId)).toEqual([SubnetId])
  await modify({ EnableDns64: { Value: false } })
  expect(await codeOf(modify({ EnableDns64: { Value: true } }))).toBe('UnsupportedOperation')
  const native = modify({ AssignIpv6AddressOnCreation: { Value: true } })
  expect(await codeOf(native)).toBe('InvalidParameterValue')
})

test('zones by name, by id, and none that is not there', async () => {
  const find = (input: object) => cloud.ec2.send(new DescribeAvailabilityZonesCommand(input))
  const { AvailabilityZones } = await find({ ZoneIds: ['use1-az2'] })
  expect(AvailabilityZones).toMatchObject([
    { ZoneName: 'us-east-1b', State: 'available', RegionName: 'us-east-1', Messages: [] },
  ])
  const filtered = await find({ Filters: filters({ 'zone-name': '*c' }) })
  expect(filtered.AvailabilityZones!.map((zone) => zone.ZoneName)).toEqual(['us-east-1c'])
  expect(await codeOf(find({ ZoneNames: ['us-east-1z'] }))).toBe('InvalidParameterValue')
})

test('what nobody made is absent', async () => {
  expect((await cloud.ec2.send(new DescribeAddressesCommand({}))).Addresses).toEqual([])
  const peerings = new DescribeVpcPeeringConnectionsCommand({})
  expect((await cloud.ec2.send(peerings)).VpcPeeringConnections).toEqual([])
  const one = new DescribeVpcPeeringConnectionsCommand({
    VpcPeeringConnectionIds: ['pcx-01234567'],
  })
  expect(await codeOf(cloud.ec2.send(one))).toBe('InvalidVpcPeeringConnectionID.NotFound')
  const { AccountAttributes } = await cloud.ec2.send(
    new DescribeAccountAttributesCommand({ AttributeNames: ['default-vpc'] }),
  )
  expect(AccountAttributes).toEqual([
    { AttributeName: 'default-vpc', AttributeValues: [{ AttributeValue: VpcId }] },
  ])
})
