/**
 * Every resource of a VPC from its making to its end: created, read back, each single update and read back whole,
 * deleted while something needs it, deleted, gone. What else each does is told by the tests of its own.
 */
import type { RouteTable } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { lives, tagging, type Update } from '../support/life.ts'
import { createVpcKit, tagged, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit
let VpcId: string
let SubnetId: string

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 32, memoryMiB: 128 * 1024 } })
  aws = cloud.ec2
  kit = createVpcKit(aws)
  VpcId = (await kit.vpc('10.7.0.0/16')).VpcId!
  SubnetId = (await kit.subnet(VpcId, '10.7.1.0/24')).SubnetId!
})
afterAll(() => cloud.close())

const attributesOf = async (id: string) => {
  const ask = (Attribute: 'enableDnsSupport' | 'enableDnsHostnames') =>
    aws.describeVpcAttribute({ VpcId: id, Attribute })
  const { EnableDnsSupport } = await ask('enableDnsSupport')
  const { EnableDnsHostnames } = await ask('enableDnsHostnames')
  return [EnableDnsSupport!.Value, EnableDnsHostnames!.Value]
}

test('a VPC', async () => {
  const made = await kit.vpc('10.8.0.0/16', { InstanceTenancy: 'dedicated', ...tagged('vpc') })
  const id = made.VpcId!
  const shown = async () => ({
    ...(await aws.describeVpcs({ VpcIds: [id] })).Vpcs![0]!,
    attributes: await attributesOf(id),
  })
  const options = async () =>
    (await aws.createDhcpOptions({ DhcpConfigurations: [{ Key: 'domain-name', Values: ['a.b'] }] }))
      .DhcpOptions!.DhcpOptionsId!
  const DhcpOptionsId = await options()
  const switched = (change: object, attributes: boolean[]): Update<any> => [
    Object.keys(change)[0]!,
    () => aws.modifyVpcAttribute({ VpcId: id, ...change }),
    (before) => ({ ...before, attributes }),
  ]
  let subnet = ''
  let six = ''
  await lives<any>({
    shown,
    made: { ...made, attributes: [true, false] },
    updates: [
      switched({ EnableDnsHostnames: { Value: true } }, [true, true]),
      switched({ EnableDnsHostnames: { Value: false } }, [true, false]),
      switched({ EnableDnsSupport: { Value: false } }, [false, false]),
      switched({ EnableDnsSupport: { Value: true } }, [true, false]),
      [
        'tenancy',
        () => aws.modifyVpcTenancy({ VpcId: id, InstanceTenancy: 'default' }),
        (before) => ({ ...before, InstanceTenancy: 'default' }),
      ],
      [
        'DHCP options',
        () => aws.associateDhcpOptions({ VpcId: id, DhcpOptionsId }),
        (before) => ({ ...before, DhcpOptionsId }),
      ],
      [
        'an IPv6 block',
        async () => {
          const input = { VpcId: id, AmazonProvidedIpv6CidrBlock: true }
          const { Ipv6CidrBlockAssociation } = await aws.associateVpcCidrBlock(input)
          six = Ipv6CidrBlockAssociation!.AssociationId!
        },
        (before) => ({
          ...before,
          Ipv6CidrBlockAssociationSet: [
            {
              AssociationId: six,
              Ipv6CidrBlock: expect.stringMatching(/^fd62:.*::\/56$/),
              Ipv6CidrBlockState: { State: 'associated' },
              NetworkBorderGroup: 'us-east-1',
              Ipv6Pool: 'Amazon',
              Ipv6AddressAttribute: 'public',
              IpSource: 'amazon',
            },
          ],
        }),
      ],
      [
        'no IPv6 block',
        () => aws.disassociateVpcCidrBlock({ AssociationId: six }),
        (before) => ({ ...before, Ipv6CidrBlockAssociationSet: [] }),
      ],
      ...tagging<any>(aws, () => id),
    ],
    inUse: {
      begin: async () => void (subnet = (await kit.subnet(id, '10.8.0.0/24')).SubnetId!),
      code: 'DependencyViolation',
      end: () => aws.deleteSubnet({ SubnetId: subnet }),
    },
    remove: () => aws.deleteVpc({ VpcId: id }),
    gone: { ask: shown, code: 'InvalidVpcID.NotFound' },
  })
})

test('a subnet', async () => {
  const { VpcId: vpc } = await kit.vpc('10.9.0.0/16', { AmazonProvidedIpv6CidrBlock: true })
  const { Vpcs } = await aws.describeVpcs({ VpcIds: [vpc!] })
  const block = Vpcs![0]!.Ipv6CidrBlockAssociationSet![0]!.Ipv6CidrBlock!
  const made = await kit.subnet(vpc!, '10.9.1.0/24', {
    Ipv6CidrBlock: block.replace('/56', '/64'),
    ...tagged('subnet'),
  })
  const id = made.SubnetId!
  const shown = async () => (await aws.describeSubnets({ SubnetIds: [id] })).Subnets![0]!
  const switched = (name: string, member: string | null, Value: unknown): Update<any> => [
    name,
    () => aws.modifySubnetAttribute({ SubnetId: id, [name]: Value }),
    (before) => {
      const value = (Value as { Value?: unknown }).Value ?? Value
      const names = before.PrivateDnsNameOptionsOnLaunch
      if (member === null) return { ...before, [name]: value }
      return { ...before, PrivateDnsNameOptionsOnLaunch: { ...names, [member]: value } }
    },
  ]
  const [on, off] = [{ Value: true }, { Value: false }]
  const record = 'EnableResourceNameDns'
  let nic = ''
  await lives<any>({
    shown,
    updates: [
      switched('MapPublicIpOnLaunch', null, on),
      switched('MapPublicIpOnLaunch', null, off),
      switched('AssignIpv6AddressOnCreation', null, on),
      switched('AssignIpv6AddressOnCreation', null, off),
      switched('PrivateDnsHostnameTypeOnLaunch', 'HostnameType', 'resource-name'),
      switched(`${record}ARecordOnLaunch`, `${record}ARecord`, on),
      switched(`${record}AAAARecordOnLaunch`, `${record}AAAARecord`, on),
      switched(`${record}ARecordOnLaunch`, `${record}ARecord`, off),
      switched('PrivateDnsHostnameTypeOnLaunch', 'HostnameType', 'ip-name'),
      [
        'no IPv6 block',
        async () => {
          const { AssociationId } = (await shown()).Ipv6CidrBlockAssociationSet![0]!
          await aws.disassociateSubnetCidrBlock({ AssociationId })
        },
        (before) => ({ ...before, Ipv6CidrBlockAssociationSet: [] }),
      ],
      ...tagging<any>(aws, () => id),
    ],
    inUse: {
      begin: async () => {
        const { NetworkInterface } = await aws.createNetworkInterface({ SubnetId: id })
        nic = NetworkInterface!.NetworkInterfaceId!
      },
      code: 'DependencyViolation',
      end: () => aws.deleteNetworkInterface({ NetworkInterfaceId: nic }),
    },
    remove: () => aws.deleteSubnet({ SubnetId: id }),
    gone: { ask: shown, code: 'InvalidSubnetID.NotFound' },
  })
})

describe('a gateway', () => {
  test('to the internet', async () => {
    const { InternetGateway: made } = await aws.createInternetGateway(tagged('internet-gateway'))
    const InternetGatewayId = made!.InternetGatewayId!
    const ids = { InternetGatewayIds: [InternetGatewayId] }
    const shown = async () => (await aws.describeInternetGateways(ids)).InternetGateways![0]!
    const [attach, detach] = [
      () => aws.attachInternetGateway({ InternetGatewayId, VpcId }),
      () => aws.detachInternetGateway({ InternetGatewayId, VpcId }),
    ]
    await lives<any>({
      shown,
      made,
      updates: [
        [
          'attached',
          attach,
          (before) => ({ ...before, Attachments: [{ VpcId, State: 'available' }] }),
        ],
        ['detached', detach, (before) => ({ ...before, Attachments: [] })],
        ...tagging<any>(aws, () => InternetGatewayId),
      ],
      inUse: { begin: attach, code: 'DependencyViolation', end: detach },
      remove: () => aws.deleteInternetGateway({ InternetGatewayId }),
      gone: { ask: shown, code: 'InvalidInternetGatewayID.NotFound' },
    })
  })

  test('for egress only', async () => {
    const { EgressOnlyInternetGateway: made } = await aws.createEgressOnlyInternetGateway({
      VpcId,
      ...tagged('egress-only-internet-gateway'),
    })
    const EgressOnlyInternetGatewayId = made!.EgressOnlyInternetGatewayId!
    const ids = { EgressOnlyInternetGatewayIds: [EgressOnlyInternetGatewayId] }
    const shown = async () =>
      (await aws.describeEgressOnlyInternetGateways(ids)).EgressOnlyInternetGateways![0]
    await lives<any>({
      shown,
      made,
      updates: tagging<any>(aws, () => EgressOnlyInternetGatewayId),
      remove: () => aws.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId }),
      gone: {
        ask: () => aws.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId }),
        code: 'InvalidGatewayID.NotFound',
      },
    })
  })
})

test('a route table', async () => {
  const GatewayId = await kit.gateway(VpcId)
  const NetworkInterfaceId = (await aws.createNetworkInterface({ SubnetId })).NetworkInterface!
    .NetworkInterfaceId!
  const { RouteTable: made } = await aws.createRouteTable({ VpcId, ...tagged('route-table') })
  const RouteTableId = made!.RouteTableId!
  const shown = async () =>
    (await aws.describeRouteTables({ RouteTableIds: [RouteTableId] })).RouteTables![0]!
  const DestinationCidrBlock = '0.0.0.0/0'
  const route = (target: object) => ({
    DestinationCidrBlock,
    ...target,
    Origin: 'CreateRoute' as const,
    State: 'active' as const,
  })
  const routed = (before: RouteTable, ...more: object[]) => ({
    ...before,
    Routes: [before.Routes![0]!, ...more],
  })
  let associated = ''
  const associate = async () => {
    const { AssociationId } = await aws.associateRouteTable({ RouteTableId, SubnetId })
    associated = AssociationId!
  }
  const leave = () => aws.disassociateRouteTable({ AssociationId: associated })
  await lives<RouteTable>({
    shown,
    made: made!,
    updates: [
      [
        'a route',
        () => aws.createRoute({ RouteTableId, DestinationCidrBlock, GatewayId }),
        (before) => routed(before, route({ GatewayId })),
      ],
      [
        'another target',
        () => aws.replaceRoute({ RouteTableId, DestinationCidrBlock, NetworkInterfaceId }),
        // Attached to nothing: there is nobody to take the packets.
        (before) => routed(before, { ...route({ NetworkInterfaceId }), State: 'blackhole' }),
      ],
      [
        'no route',
        () => aws.deleteRoute({ RouteTableId, DestinationCidrBlock }),
        (before) => routed(before),
      ],
      [
        'a subnet',
        associate,
        (before) => ({
          ...before,
          Associations: [
            {
              Main: false,
              RouteTableAssociationId: associated,
              RouteTableId,
              SubnetId,
              AssociationState: { State: 'associated' },
            },
          ],
        }),
      ],
      ['no subnet', leave, (before) => ({ ...before, Associations: [] })],
      ...tagging<RouteTable>(aws, () => RouteTableId),
    ],
    inUse: { begin: associate, code: 'DependencyViolation', end: leave },
    remove: () => aws.deleteRouteTable({ RouteTableId }),
    gone: { ask: shown, code: 'InvalidRouteTableID.NotFound' },
  })
})

test('DHCP options', async () => {
  const { DhcpOptions: made } = await aws.createDhcpOptions({
    DhcpConfigurations: [
      { Key: 'domain-name', Values: ['corp.example'] },
      { Key: 'domain-name-servers', Values: ['10.7.0.9', 'AmazonProvidedDNS'].slice(0, 1) },
    ],
    ...tagged('dhcp-options'),
  })
  const DhcpOptionsId = made!.DhcpOptionsId!
  const shown = async () =>
    (await aws.describeDhcpOptions({ DhcpOptionsIds: [DhcpOptionsId] })).DhcpOptions![0]!
  await lives<any>({
    shown,
    made,
    updates: tagging<any>(aws, () => DhcpOptionsId),
    inUse: {
      begin: () => aws.associateDhcpOptions({ VpcId, DhcpOptionsId }),
      code: 'DependencyViolation',
      end: () => aws.associateDhcpOptions({ VpcId, DhcpOptionsId: 'default' }),
    },
    remove: () => aws.deleteDhcpOptions({ DhcpOptionsId }),
    gone: { ask: shown, code: 'InvalidDhcpOptionID.NotFound' },
  })
})
