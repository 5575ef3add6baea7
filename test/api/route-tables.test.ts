/** Internet gateways, route tables and DHCP options through the SDK. */
import type { RouteTable } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import type { SubnetId } from '../../src/domain/ids.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
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

describe('an internet gateway', () => {
  test('belongs to one VPC at most', async () => {
    const VpcId = (await kit.vpc()).VpcId!
    const input = tagged('internet-gateway')
    const { InternetGateway: gateway } = await aws.createInternetGateway(input)
    expect(gateway).toMatchObject({ Attachments: [], OwnerId: ACCOUNT, Tags: [{ Key: 'Name' }] })
    const { InternetGatewayId } = gateway!
    const attach = (to: string, id = InternetGatewayId) =>
      aws.attachInternetGateway({ InternetGatewayId: id, VpcId: to })
    const detach = (from: string) => aws.detachInternetGateway({ InternetGatewayId, VpcId: from })
    expect(await codeOf(detach(VpcId))).toBe('Gateway.NotAttached')
    await attach(VpcId)
    const seen = await aws.describeInternetGateways({ InternetGatewayIds: [InternetGatewayId!] })
    expect(seen.InternetGateways![0]!.Attachments).toEqual([{ VpcId, State: 'available' }])
    expect(await codeOf(attach(VpcId))).toBe('Resource.AlreadyAssociated')
    const second = (await aws.createInternetGateway({})).InternetGateway!
    expect(await codeOf(attach(VpcId, second.InternetGatewayId))).toBe('InvalidParameterValue')
    const remove = () => aws.deleteInternetGateway({ InternetGatewayId })
    expect(await codeOf(remove())).toBe('DependencyViolation')
    await detach(VpcId)
    await remove()
    expect(await codeOf(remove())).toBe('InvalidInternetGatewayID.NotFound')
  })

  test('cannot leave a VPC with public addresses', async () => {
    const { Vpcs } = await aws.describeVpcs({ Filters: [{ Name: 'is-default', Values: ['true'] }] })
    const VpcId = Vpcs![0]!.VpcId!
    await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest())
    const { InternetGateways } = await aws.describeInternetGateways({
      Filters: [{ Name: 'attachment.vpc-id', Values: [VpcId] }],
    })
    const { InternetGatewayId } = InternetGateways![0]!
    const { code, message } = await errorOf(aws.detachInternetGateway({ InternetGatewayId, VpcId }))
    expect(code).toBe('DependencyViolation')
    expect(message).toContain('mapped public address')
  })
})

describe('a route table', () => {
  test('its routes: made, replaced, dead with their gateway, deleted', async () => {
    const VpcId = (await kit.vpc()).VpcId!
    const GatewayId = await kit.gateway(VpcId)
    const { RouteTableId } = await kit.table(VpcId)
    const route = { RouteTableId, GatewayId, DestinationCidrBlock: '0.0.0.0/0' }
    const create = (more: object = {}) => aws.createRoute({ ...route, ...more })
    expect((await create()).Return).toBe(true)
    const routes = async () => {
      const RouteTableIds = [RouteTableId!]
      const { RouteTables } = await aws.describeRouteTables({ RouteTableIds })
      return RouteTables![0]!.Routes!
    }
    const toGateway = { DestinationCidrBlock: '0.0.0.0/0', GatewayId, Origin: 'CreateRoute' }
    expect(await routes()).toEqual([
      {
        DestinationCidrBlock: '10.0.0.0/16',
        GatewayId: 'local',
        Origin: 'CreateRouteTable',
        State: 'active',
      },
      { ...toGateway, State: 'active' },
    ])
    expect(await codeOf(create())).toBe('RouteAlreadyExists')
    expect(await codeOf(create({ DestinationCidrBlock: '10.0.3.0/24' }))).toBe(
      'InvalidParameterValue',
    )
    expect(await codeOf(create({ GatewayId: 'igw-01234567' }))).toBe('InvalidGatewayID.NotFound')
    expect(await codeOf(create({ GatewayId: undefined }))).toBe('MissingParameter')
    expect(await codeOf(create({ DestinationCidrBlock: undefined }))).toBe('MissingParameter')
    expect(await codeOf(create({ TransitGatewayId: 'tgw-01234567' }))).toBe('UnsupportedOperation')
    const far = await kit.gateway((await kit.vpc()).VpcId!)
    expect(await codeOf(create({ DestinationCidrBlock: '8.0.0.0/8', GatewayId: far }))).toBe(
      'InvalidParameterValue',
    )
    await aws.replaceRoute(route)
    const absent = { ...route, DestinationCidrBlock: '9.0.0.0/8' }
    expect(await codeOf(aws.replaceRoute(absent))).toBe('InvalidParameterValue')

    await aws.detachInternetGateway({ InternetGatewayId: GatewayId, VpcId })
    expect((await routes())[1]).toEqual({ ...toGateway, State: 'blackhole' })
    const remove = (DestinationCidrBlock: string) =>
      aws.deleteRoute({ RouteTableId, DestinationCidrBlock })
    expect(await codeOf(remove('10.0.0.0/16'))).toBe('InvalidParameterValue')
    await remove('0.0.0.0/0')
    expect(await codeOf(remove('0.0.0.0/0'))).toBe('InvalidRoute.NotFound')
    expect(await routes()).toHaveLength(1)
  })

  test('associations, the main one among them', async () => {
    const VpcId = (await kit.vpc()).VpcId!
    const { SubnetId } = await kit.subnet(VpcId, '10.0.0.0/24')
    const first = await kit.table(VpcId)
    const second = await kit.table(VpcId)
    const associate = ({ RouteTableId }: RouteTable) =>
      aws.associateRouteTable({ RouteTableId, SubnetId })
    const { AssociationId } = await associate(first)
    expect((await associate(first)).AssociationId).toBe(AssociationId)
    expect(await codeOf(associate(second))).toBe('Resource.AlreadyAssociated')
    const other = await kit.table((await kit.vpc()).VpcId!)
    expect(await codeOf(associate(other))).toBe('InvalidParameterValue')
    const remove = ({ RouteTableId }: RouteTable) => aws.deleteRouteTable({ RouteTableId })
    expect(await codeOf(remove(first))).toBe('DependencyViolation')

    const replace = (association: string, { RouteTableId }: RouteTable) =>
      aws.replaceRouteTableAssociation({ AssociationId: association, RouteTableId })
    const moved = await replace(AssociationId!, second)
    expect(moved.NewAssociationId).not.toBe(AssociationId)
    expect(await codeOf(replace(AssociationId!, second))).toBe('InvalidAssociationID.NotFound')
    await remove(first)
    const main = await kit.mainTable(VpcId)
    const mainId = main.Associations![0]!.RouteTableAssociationId!
    const leave = (id: string) => aws.disassociateRouteTable({ AssociationId: id })
    expect(await codeOf(leave(mainId))).toBe('InvalidParameterValue')
    await replace(mainId, second)
    expect((await kit.mainTable(VpcId)).RouteTableId).toBe(second.RouteTableId)
    await remove(main)
    expect(await codeOf(remove(second))).toBe('DependencyViolation')
    await leave(moved.NewAssociationId!)
    await aws.deleteSubnet({ SubnetId })
    await aws.deleteVpc({ VpcId })
  })

  test('once for a client token', async () => {
    const VpcId = (await kit.vpc()).VpcId!
    const input = { VpcId, ClientToken: 'one-table' }
    const first = await aws.createRouteTable(input)
    const again = await aws.createRouteTable(input)
    expect(again.RouteTable).toEqual(first.RouteTable)
  })
})

describe('DHCP options', () => {
  const make = (table: Record<string, string[]>) =>
    aws.createDhcpOptions({
      DhcpConfigurations: Object.entries(table).map(([Key, Values]) => ({ Key, Values })),
    })

  test('are what guests are told', async () => {
    const VpcId = (await kit.vpc()).VpcId!
    const table = {
      'domain-name': ['corp.example'],
      'domain-name-servers': ['10.0.0.9', 'fd00::9'],
      'ntp-servers': ['10.0.0.11'],
      'netbios-name-servers': ['10.0.0.12'],
      'netbios-node-type': ['2'],
      'ipv6-address-preferred-lease-time': ['600'],
    }
    const { DhcpOptions: made } = await make(table)
    const id = made!.DhcpOptionsId!
    const { DhcpOptions } = await aws.describeDhcpOptions({ DhcpOptionsIds: [id] })
    expect(DhcpOptions).toEqual([made])
    await aws.associateDhcpOptions({ VpcId, DhcpOptionsId: id })
    const { SubnetId } = await kit.subnet(VpcId, '10.0.0.0/24')
    const [nic] = runRequest().interfaces
    const interfaces = [{ ...nic!, subnetId: SubnetId as SubnetId }]
    await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest({ interfaces }))
    const told = () => cloud.agent.networkPlans().find((plan) => plan.vpcId === VpcId)?.dns
    const plan = await eventually(told, (each) => each !== undefined)
    expect(plan).toEqual({
      isServed: true,
      domain: 'corp.example',
      servers: ['10.0.0.9', 'fd00::9'],
      ntpServers: ['10.0.0.11'],
      ipv6LeaseSeconds: 600,
      netbios: { servers: ['10.0.0.12'], nodeType: 2 },
    })
    const remove = () => aws.deleteDhcpOptions({ DhcpOptionsId: id })
    expect(await codeOf(remove())).toBe('DependencyViolation')
    await aws.associateDhcpOptions({ VpcId, DhcpOptionsId: 'default' })
    const [vpc] = (await aws.describeVpcs({ VpcIds: [VpcId] })).Vpcs!
    expect(vpc!.DhcpOptionsId).toBe('default')
    await eventually(told, (each) => each?.servers?.length === 0)
    await remove()
    expect(await codeOf(remove())).toBe('InvalidDhcpOptionID.NotFound')
  })

  test.each([
    ['an unknown one', { 'time-offset': ['1'] }],
    ['no address', { 'ntp-servers': ['pool.example'] }],
    [
      'too many servers',
      { 'domain-name-servers': ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4', '5.5.5.5'] },
    ],
    ['Amazon’s and another server', { 'domain-name-servers': ['AmazonProvidedDNS', '1.1.1.1'] }],
    ['a node type', { 'netbios-node-type': ['3'] }],
    ['a lease too short', { 'ipv6-address-preferred-lease-time': ['139'] }],
    ['a lease that is no time', { 'ipv6-address-preferred-lease-time': ['long'] }],
    ['half an IPv6 address', { 'domain-name-servers': ['fd00::9::1'] }],
  ])('%s: refused', async (_name, table) => {
    expect(await codeOf(make(table as never))).toBe('InvalidParameterValue')
  })
})
