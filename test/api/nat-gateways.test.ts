/** NAT gateways through the SDK: made, routed to, shown, deleted; what the hosts are told. */
import { waitUntilNatGatewayAvailable, waitUntilNatGatewayDeleted } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import type { SubnetId } from '../../src/domain/ids.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
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

const WAIT = { maxWaitTime: 5, minDelay: 0.05, maxDelay: 0.1 }

/** A VPC whose first subnet leads to the internet, and an elastic address. */
async function ground() {
  const VpcId = (await kit.vpc()).VpcId!
  const open = (await kit.subnet(VpcId, '10.0.0.0/24')).SubnetId!
  const inner = (await kit.subnet(VpcId, '10.0.1.0/24')).SubnetId!
  const { AllocationId, PublicIp } = await aws.allocateAddress({})
  return { VpcId, open, inner, AllocationId: AllocationId!, PublicIp: PublicIp! }
}

async function routeTo(
  VpcId: string,
  SubnetId: string,
  target: { GatewayId?: string; NatGatewayId?: string },
): Promise<string> {
  const { RouteTableId } = await kit.table(VpcId)
  await aws.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', ...target })
  await aws.associateRouteTable({ RouteTableId, SubnetId })
  return RouteTableId!
}

test('from its making to its end', async () => {
  const { VpcId, open, inner, AllocationId, PublicIp } = await ground()
  const input = { SubnetId: open, AllocationId, ClientToken: 'nat-once', ...tagged('natgateway') }
  expect(await codeOf(aws.createNatGateway(input))).toBe('Gateway.NotAttached')
  const GatewayId = await kit.gateway(VpcId)
  await routeTo(VpcId, open, { GatewayId })
  const { NatGateway: made } = await aws.createNatGateway(input)
  expect(made!.State).toBe('pending')
  const NatGatewayId = made!.NatGatewayId!
  const named = { NatGatewayIds: [NatGatewayId] }
  await waitUntilNatGatewayAvailable({ client: aws, ...WAIT }, named)
  const Filter = [
    { Name: 'vpc-id', Values: [VpcId] },
    { Name: 'state', Values: ['available'] },
  ]
  const [shown] = (await aws.describeNatGateways({ Filter })).NatGateways!
  expect(shown).toEqual({ ...made, State: 'available' })
  expect(shown).toMatchObject({
    SubnetId: open,
    ConnectivityType: 'public',
    NatGatewayAddresses: [{ AllocationId, PublicIp, IsPrimary: true }],
    Tags: [{ Key: 'Name', Value: 'mine' }],
  })
  expect((await aws.createNatGateway(input)).NatGateway!.NatGatewayId).toBe(NatGatewayId)
  const taken = aws.createNatGateway({ ...input, ClientToken: 'other' })
  expect(await codeOf(taken)).toBe('Resource.AlreadyAssociated')

  const [address] = shown!.NatGatewayAddresses!
  const { NetworkInterfaceId } = address!
  const { NetworkInterfaces } = await aws.describeNetworkInterfaces(inVpc(VpcId))
  expect(NetworkInterfaces).toMatchObject([
    {
      NetworkInterfaceId,
      InterfaceType: 'nat_gateway',
      Status: 'in-use',
      RequesterManaged: true,
      Description: `Interface for NAT Gateway ${NatGatewayId}`,
      Association: { AllocationId, PublicIp },
    },
  ])
  expect(await codeOf(aws.deleteNetworkInterface({ NetworkInterfaceId }))).toBe(
    'InvalidParameterValue',
  )
  const away = aws.disassociateAddress({ AssociationId: address!.AssociationId })
  expect(await codeOf(away)).toBe('OperationNotPermitted')
  expect(await codeOf(aws.deleteSubnet({ SubnetId: open }))).toBe('DependencyViolation')

  const RouteTableId = await routeTo(VpcId, inner, { NatGatewayId })
  const routes = async () =>
    (await aws.describeRouteTables({ RouteTableIds: [RouteTableId] })).RouteTables![0]!.Routes!
  const route = { DestinationCidrBlock: '0.0.0.0/0', NatGatewayId, Origin: 'CreateRoute' }
  expect((await routes())[1]).toEqual({ ...route, State: 'active' })
  const [nic] = runRequest().interfaces
  const interfaces = [{ ...nic!, subnetId: inner as SubnetId }]
  await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest({ interfaces }))
  const told = () =>
    cloud.agent
      .networkPlans()
      .flatMap((plan) => plan.subnets)
      .find((subnet) => subnet.subnetId === inner)?.routes
  const cidr = '0.0.0.0/0'
  expect(await eventually(told, (each) => each !== undefined)).toEqual([
    { cidr, target: { type: 'nat', publicAddresses: [PublicIp] } },
  ])

  await aws.deleteNatGateway({ NatGatewayId })
  await waitUntilNatGatewayDeleted({ client: aws, ...WAIT }, named)
  const [gone] = (await aws.describeNatGateways(named)).NatGateways!
  expect(gone).toMatchObject({ State: 'deleted', DeleteTime: expect.any(Date) })
  expect((await routes())[1]).toEqual({ ...route, State: 'blackhole' })
  await eventually(told, (each) => each?.[0]?.target.type === 'nowhere')
  await aws.releaseAddress({ AllocationId })
})

test('needs an address of the account and a subnet', async () => {
  const { VpcId, open: SubnetId, AllocationId } = await ground()
  await kit.gateway(VpcId)
  const make = (more: object) => codeOf(aws.createNatGateway({ SubnetId, ...more }))
  expect(await make({})).toBe('MissingParameter')
  expect(await make({ AllocationId: 'eipalloc-01234567' })).toBe('InvalidAllocationID.NotFound')
  expect(await make({ AvailabilityMode: 'regional' })).toBe('UnsupportedOperation')
  expect(await make({ AllocationId, SubnetId: 'subnet-01234567' })).toBe('InvalidSubnetID.NotFound')
  expect(await make({ AllocationId, DryRun: true })).toBe('DryRunOperation')
  expect(await codeOf(aws.deleteNatGateway({ NatGatewayId: 'nat-01234567' }))).toBe(
    'NatGatewayNotFound',
  )
  const { RouteTableId } = await kit.table(VpcId)
  const route = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-01234567' }
  expect(await codeOf(aws.createRoute(route))).toBe('InvalidNatGatewayID.NotFound')
})

test('a public one leaves by several elastic addresses, while it works', async () => {
  const { VpcId, open, inner, AllocationId, PublicIp } = await ground()
  await routeTo(VpcId, open, { GatewayId: await kit.gateway(VpcId) })
  const [second, third] = [await aws.allocateAddress({}), await aws.allocateAddress({})]
  const { NatGateway } = await aws.createNatGateway({
    SubnetId: open,
    AllocationId,
    SecondaryAllocationIds: [second.AllocationId!],
    SecondaryPrivateIpAddresses: ['10.0.0.50'],
  })
  const NatGatewayId = NatGateway!.NatGatewayId!
  const shown = async () =>
    (await aws.describeNatGateways({ NatGatewayIds: [NatGatewayId] })).NatGateways![0]!
      .NatGatewayAddresses!
  const at = (PrivateIp: unknown, made: { AllocationId?: string; PublicIp?: string }) => ({
    AllocationId: made.AllocationId,
    PublicIp: made.PublicIp,
    PrivateIp,
    AssociationId: expect.stringMatching(/^eipassoc-/),
    NetworkInterfaceId: NatGateway!.NatGatewayAddresses![0]!.NetworkInterfaceId,
    IsPrimary: made.AllocationId === AllocationId,
    Status: 'succeeded',
  })
  const primary = at(expect.any(String), { AllocationId, PublicIp })
  expect(await shown()).toEqual([primary, at('10.0.0.50', second)])

  const associate = (input: object) =>
    aws.associateNatGatewayAddress({ NatGatewayId, AllocationIds: [], ...input })
  const added = await associate({ AllocationIds: [third.AllocationId] })
  expect(added).toMatchObject({
    NatGatewayId,
    NatGatewayAddresses: [{ PublicIp: third.PublicIp, IsPrimary: false, Status: 'associating' }],
  })
  const before = await shown()
  expect(before).toEqual([primary, at('10.0.0.50', second), at(expect.any(String), third)])
  const { NetworkInterfaces } = await aws.describeNetworkInterfaces({
    NetworkInterfaceIds: [before[0]!.NetworkInterfaceId!],
  })
  expect(
    NetworkInterfaces![0]!.PrivateIpAddresses!.map((each) => each.Association?.PublicIp),
  ).toEqual(before.map((each) => each.PublicIp))
  await routeTo(VpcId, inner, { NatGatewayId })
  const [nic] = runRequest().interfaces
  const interfaces = [{ ...nic!, subnetId: inner as SubnetId }]
  await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest({ interfaces }))
  const told = () =>
    cloud.agent
      .networkPlans()
      .flatMap((plan) => plan.subnets)
      .find((subnet) => subnet.subnetId === inner)?.routes[0]?.target
  const publicAddresses = before.map((each) => each.PublicIp)
  expect(await eventually(told, (each) => each !== undefined)).toEqual({
    type: 'nat',
    publicAddresses,
  })

  const twice = associate({ AllocationIds: [third.AllocationId] })
  expect(await codeOf(twice)).toBe('Resource.AlreadyAssociated')
  const odd = associate({
    AllocationIds: [third.AllocationId],
    PrivateIpAddresses: ['10.0.0.8', '10.0.0.9'],
  })
  expect(await codeOf(odd)).toBe('InvalidParameterCombination')
  const six = await Promise.all(Array.from({ length: 6 }, () => aws.allocateAddress({})))
  const tooMany = associate({ AllocationIds: six.map((each) => each.AllocationId!) })
  expect(await codeOf(tooMany)).toBe('NatGatewayAddressLimitExceeded')
  const held = aws.releaseAddress({ AllocationId: second.AllocationId })
  expect(await codeOf(held)).toBe('InvalidIPAddress.InUse')
  const kind = aws.assignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddressCount: 1 })
  expect(await codeOf(kind)).toBe('InvalidParameterValue')

  const remove = (AssociationIds: string[]) =>
    aws.disassociateNatGatewayAddress({ NatGatewayId, AssociationIds })
  expect(await codeOf(remove([before[0]!.AssociationId!]))).toBe('InvalidParameterValue')
  const gone = await remove([before[1]!.AssociationId!])
  expect(gone.NatGatewayAddresses).toMatchObject([
    { PublicIp: second.PublicIp, Status: 'disassociating' },
  ])
  expect(await shown()).toEqual([before[0], before[2]])
  await eventually(told, (each) => each?.type === 'nat' && each.publicAddresses.length === 2)
  await aws.releaseAddress({ AllocationId: second.AllocationId })
  await aws.deleteNatGateway({ NatGatewayId })
  await aws.releaseAddress({ AllocationId: third.AllocationId })
  expect(await codeOf(associate({ AllocationIds: [six[0]!.AllocationId!] }))).toBe(
    'NatGatewayNotFound',
  )
})

test('a private one has several private addresses', async () => {
  const { open } = await ground()
  const { NatGateway } = await aws.createNatGateway({
    SubnetId: open,
    ConnectivityType: 'private',
    PrivateIpAddress: '10.0.0.10',
    SecondaryPrivateIpAddressCount: 1,
  })
  const NatGatewayId = NatGateway!.NatGatewayId!
  const shown = async () =>
    (
      await aws.describeNatGateways({ NatGatewayIds: [NatGatewayId] })
    ).NatGateways![0]!.NatGatewayAddresses!.map((each) => each.PrivateIp)
  expect(await shown()).toHaveLength(2)
  const assign = (input: object) => aws.assignPrivateNatGatewayAddress({ NatGatewayId, ...input })
  const { NatGatewayAddresses } = await assign({ PrivateIpAddresses: ['10.0.0.12'] })
  expect(NatGatewayAddresses).toEqual([
    {
      NetworkInterfaceId: NatGateway!.NatGatewayAddresses![0]!.NetworkInterfaceId,
      PrivateIp: '10.0.0.12',
      IsPrimary: false,
      Status: 'assigning',
    },
  ])
  expect(await shown()).toEqual(['10.0.0.10', expect.any(String), '10.0.0.12'])
  expect(await codeOf(assign({}))).toBe('MissingParameter')
  expect(await codeOf(assign({ PrivateIpAddresses: ['10.0.1.12'] }))).toBe('InvalidParameterValue')
  const unassign = (...PrivateIpAddresses: string[]) =>
    aws.unassignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddresses })
  expect(await codeOf(unassign('10.0.0.10'))).toBe('InvalidParameterValue')
  await unassign('10.0.0.12')
  expect(await shown()).toHaveLength(2)
  const elastic = aws.createNatGateway({
    SubnetId: open,
    ConnectivityType: 'private',
    SecondaryAllocationIds: ['eipalloc-01234567'],
  })
  expect(await codeOf(elastic)).toBe('InvalidParameterCombination')
})
