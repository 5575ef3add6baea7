/** VPC peering and private NAT gateways through the SDK; what the hosts are told of them. */
import { waitUntilVpcPeeringConnectionDeleted } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import type { SecurityGroupId, SubnetId } from '../../src/domain/ids.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
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

/** Two VPCs with a subnet each. */
async function ground() {
  const place = async (block: string) => {
    const VpcId = (await kit.vpc(`${block}.0.0/16`)).VpcId!
    const SubnetId = (await kit.subnet(VpcId, `${block}.1.0/24`)).SubnetId!
    const RouteTableId = (await kit.mainTable(VpcId)).RouteTableId!
    return { VpcId, SubnetId, RouteTableId, cidr: `${block}.0.0/16` }
  }
  return { here: await place('10.1'), there: await place('10.2') }
}

async function peered() {
  const both = await ground()
  const ids = { VpcId: both.here.VpcId, PeerVpcId: both.there.VpcId }
  const { VpcPeeringConnection } = await aws.createVpcPeeringConnection(ids)
  const VpcPeeringConnectionId = VpcPeeringConnection!.VpcPeeringConnectionId!
  await aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
  return { ...both, VpcPeeringConnectionId }
}

const launch = async (SubnetId: string, groups: string[] = []) => {
  const [nic] = runRequest().interfaces
  const groupIds = groups as SecurityGroupId[]
  const interfaces = [{ ...nic!, subnetId: SubnetId as SubnetId, groupIds }]
  return await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest({ interfaces }))
}
const told = (VpcId: string) => cloud.agent.networkPlans().find((plan) => plan.vpcId === VpcId)

test('asked for, accepted, changed, ended', async () => {
  const { here, there } = await ground()
  const input = {
    VpcId: here.VpcId,
    PeerVpcId: there.VpcId,
    ...tagged('vpc-peering-connection'),
  }
  const { VpcPeeringConnection: made } = await aws.createVpcPeeringConnection(input)
  const VpcPeeringConnectionId = made!.VpcPeeringConnectionId!
  const sideOf = ({ VpcId, cidr }: typeof here) => ({
    OwnerId: ACCOUNT,
    VpcId,
    Region: REGION,
    CidrBlock: cidr,
    CidrBlockSet: [{ CidrBlock: cidr }],
  })
  expect(made).toEqual({
    VpcPeeringConnectionId,
    RequesterVpcInfo: sideOf(here),
    AccepterVpcInfo: sideOf(there),
    Status: { Code: 'pending-acceptance', Message: `Pending Acceptance by ${ACCOUNT}` },
    ExpirationTime: expect.any(Date),
    Tags: [{ Key: 'Name', Value: 'mine' }],
  })
  const again = await aws.createVpcPeeringConnection(input)
  expect(again.VpcPeeringConnection).toEqual(made)
  const route = { RouteTableId: here.RouteTableId, DestinationCidrBlock: there.cidr }
  const toPeer = { ...route, VpcPeeringConnectionId }
  expect(await codeOf(aws.createRoute(toPeer))).toBe('InvalidStateTransition')

  await aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
  const shown = async () => {
    const Filters = [{ Name: 'requester-vpc-info.vpc-id', Values: [here.VpcId] }]
    return (await aws.describeVpcPeeringConnections({ Filters })).VpcPeeringConnections![0]!
  }
  const options = (isDns: boolean) => ({
    AllowDnsResolutionFromRemoteVpc: isDns,
    AllowEgressFromLocalClassicLinkToRemoteVpc: false,
    AllowEgressFromLocalVpcToRemoteClassicLink: false,
  })
  const active = {
    VpcPeeringConnectionId,
    RequesterVpcInfo: { ...sideOf(here), PeeringOptions: options(false) },
    AccepterVpcInfo: { ...sideOf(there), PeeringOptions: options(false) },
    Status: { Code: 'active', Message: 'Active' },
    Tags: made!.Tags,
  }
  expect(await shown()).toEqual(active)
  const accept = aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
  expect(await codeOf(accept)).toBe('InvalidStateTransition')
  const twice = aws.createVpcPeeringConnection(input)
  expect(await codeOf(twice)).toBe('VpcPeeringConnectionAlreadyExists')

  const { RequesterPeeringConnectionOptions } = await aws.modifyVpcPeeringConnectionOptions({
    VpcPeeringConnectionId,
    RequesterPeeringConnectionOptions: { AllowDnsResolutionFromRemoteVpc: true },
  })
  expect(RequesterPeeringConnectionOptions).toEqual(options(true))
  expect((await shown()).RequesterVpcInfo!.PeeringOptions).toEqual(options(true))

  await aws.createRoute(toPeer)
  const routes = async () => (await kit.mainTable(here.VpcId)).Routes!
  const dead = { ...route, VpcPeeringConnectionId, Origin: 'CreateRoute' }
  const { RouteTableId: _, ...asShown } = dead
  expect(await routes()).toContainEqual({ ...asShown, State: 'active' })
  const swallow = aws.associateVpcCidrBlock({ VpcId: there.VpcId, CidrBlock: '10.1.128.0/17' })
  expect(await codeOf(swallow)).toBe('InvalidVpc.Range')
  await aws.deleteSubnet({ SubnetId: there.SubnetId })
  expect(await codeOf(aws.deleteVpc({ VpcId: there.VpcId }))).toBe('DependencyViolation')
  await aws.deleteVpcPeeringConnection({ VpcPeeringConnectionId })
  const named = { VpcPeeringConnectionIds: [VpcPeeringConnectionId] }
  await waitUntilVpcPeeringConnectionDeleted(
    { client: aws, maxWaitTime: 5, minDelay: 0.05, maxDelay: 0.1 },
    named,
  )
  expect((await shown()).Status).toEqual({ Code: 'deleted', Message: `Deleted by ${ACCOUNT}` })
  expect(await routes()).toContainEqual({ ...asShown, State: 'blackhole' })
  await aws.deleteVpc({ VpcId: there.VpcId })
})

test('between accounts: only who was asked may accept or reject', async () => {
  const other = cloud.ec2Of({ account: '444455556666' })
  const VpcId = (await kit.vpc('10.1.0.0/16')).VpcId!
  const PeerVpcId = (await createVpcKit(other).vpc('10.3.0.0/16')).VpcId!
  const input = { VpcId, PeerVpcId, PeerOwnerId: '444455556666' }
  const ask = async () => {
    const { VpcPeeringConnection } = await aws.createVpcPeeringConnection(input)
    return { VpcPeeringConnectionId: VpcPeeringConnection!.VpcPeeringConnectionId! }
  }
  const first = await ask()
  expect(await codeOf(aws.acceptVpcPeeringConnection(first))).toBe('OperationNotPermitted')
  await other.rejectVpcPeeringConnection(first)
  const seen = await other.describeVpcPeeringConnections({
    VpcPeeringConnectionIds: [first.VpcPeeringConnectionId],
  })
  expect(seen.VpcPeeringConnections![0]!.Status!.Code).toBe('rejected')
  const second = await ask()
  const { VpcPeeringConnection } = await other.acceptVpcPeeringConnection(second)
  expect(VpcPeeringConnection!.Status!.Code).toBe('active')
  const foreign = aws.modifyVpcPeeringConnectionOptions({
    ...second,
    AccepterPeeringConnectionOptions: { AllowDnsResolutionFromRemoteVpc: true },
  })
  expect(await codeOf(foreign)).toBe('OperationNotPermitted')
  const stranger = cloud.ec2Of({ account: '777788889999' })
  expect(await codeOf(stranger.deleteVpcPeeringConnection(second))).toBe(
    'InvalidVpcPeeringConnectionID.NotFound',
  )
  await other.deleteVpcPeeringConnection(second)
})

test("another account's blocks are told by its yes, not by asking", async () => {
  const other = cloud.ec2Of({ account: '444455556666' })
  const { Vpcs } = await other.describeVpcs({})
  const peer = { PeerVpcId: Vpcs![0]!.VpcId!, PeerOwnerId: '444455556666' }
  for (const [block, status] of [
    ['10.44.0.0/16', 'pending-acceptance'],
    [Vpcs![0]!.CidrBlock!, 'failed'],
  ] as const) {
    const VpcId = (await kit.vpc(block)).VpcId!
    const { VpcPeeringConnection } = await aws.createVpcPeeringConnection({ VpcId, ...peer })
    expect(VpcPeeringConnection).toMatchObject({
      Status: { Code: status },
      RequesterVpcInfo: { CidrBlock: block },
    })
    expect(Object.keys(VpcPeeringConnection!.AccepterVpcInfo!).sort()).toEqual([
      'OwnerId',
      'Region',
      'VpcId',
    ])
    if (status === 'failed') continue
    const id = { VpcPeeringConnectionId: VpcPeeringConnection!.VpcPeeringConnectionId! }
    await other.acceptVpcPeeringConnection(id)
    const ids = { VpcPeeringConnectionIds: [id.VpcPeeringConnectionId] }
    const { VpcPeeringConnections } = await aws.describeVpcPeeringConnections(ids)
    expect(VpcPeeringConnections![0]!.AccepterVpcInfo!.CidrBlock).toBe(Vpcs![0]!.CidrBlock)
    await other.deleteVpcPeeringConnection(id)
  }
})

test('overlapping blocks fail; what is not there is not found', async () => {
  const VpcId = (await kit.vpc('10.1.0.0/16')).VpcId!
  const PeerVpcId = (await kit.vpc('10.1.128.0/17')).VpcId!
  const { VpcPeeringConnection } = await aws.createVpcPeeringConnection({ VpcId, PeerVpcId })
  expect(VpcPeeringConnection!.Status!.Code).toBe('failed')
  const { VpcPeeringConnectionId } = VpcPeeringConnection!
  const accept = aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId })
  expect(await codeOf(accept)).toBe('InvalidStateTransition')
  const nobody = aws.createVpcPeeringConnection({ VpcId, PeerVpcId: 'vpc-01234567' })
  expect(await codeOf(nobody)).toBe('InvalidVpcID.NotFound')
})

test('the hosts are told both sides, and the groups that rules name across', async () => {
  const { here, there, VpcPeeringConnectionId } = await peered()
  const group = async (VpcId: string) =>
    (await aws.createSecurityGroup({ VpcId, GroupName: 'app', Description: 'x' })).GroupId!
  const [mine, theirs] = [await group(here.VpcId), await group(there.VpcId)]
  const rule = {
    GroupId: mine,
    IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: theirs, UserId: ACCOUNT }] }],
  }
  const { SecurityGroupRules } = await aws.authorizeSecurityGroupIngress(rule)
  expect(SecurityGroupRules![0]!.ReferencedGroupInfo).toEqual({
    GroupId: theirs,
    UserId: ACCOUNT,
    VpcId: there.VpcId,
    VpcPeeringConnectionId,
  })
  const references = await aws.describeSecurityGroupReferences({ GroupId: [theirs] })
  expect(references.SecurityGroupReferenceSet).toEqual([
    { GroupId: theirs, ReferencingVpcId: here.VpcId, VpcPeeringConnectionId },
  ])
  await aws.createRoute({
    RouteTableId: here.RouteTableId,
    DestinationCidrBlock: there.cidr,
    VpcPeeringConnectionId,
  })
  await launch(here.SubnetId, [mine])
  await eventually(
    () => told(here.VpcId),
    (plan) => plan !== undefined,
  )
  // Nobody is there yet: the route leads nowhere.
  expect(told(here.VpcId)!.subnets[0]!.routes).toEqual([
    { cidr: there.cidr, target: { type: 'nowhere' } },
  ])
  await launch(there.SubnetId, [theirs])
  const plan = await eventually(
    () => told(here.VpcId)!,
    (each) => each.peers !== undefined,
  )
  const { index, interfaces } = told(there.VpcId)!
  expect(plan.subnets[0]!.routes).toEqual([{ cidr: there.cidr, target: { type: 'peer', index } }])
  const members = [{ groupId: theirs, memberAddresses: interfaces[0]!.privateAddresses }]
  expect(plan.peers).toEqual([{ vpcId: there.VpcId, index, cidrs: [there.cidr], groups: members }])
  expect(told(there.VpcId)!.peers).toMatchObject([{ vpcId: here.VpcId, groups: [] }])

  // A public name of the other side leads to its private address once its owner allows it.
  const named = () => told(here.VpcId)!.dns.publicNames
  expect(named()).toBeUndefined()
  const { AllocationId, PublicIp } = await aws.allocateAddress({})
  const nic = told(there.VpcId)!.interfaces[0]!
  await kit.gateway(there.VpcId)
  await aws.associateAddress({ AllocationId, NetworkInterfaceId: nic.interfaceId })
  await aws.modifyVpcAttribute({ VpcId: there.VpcId, EnableDnsHostnames: { Value: true } })
  const own = [
    {
      name: `ec2-${PublicIp!.replaceAll('.', '-')}.compute-1.amazonaws.com`,
      address: nic.privateAddresses[0]!,
    },
  ]
  expect(told(there.VpcId)!.dns.publicNames).toEqual(own)
  expect(named()).toBeUndefined()
  await aws.modifyVpcPeeringConnectionOptions({
    VpcPeeringConnectionId,
    AccepterPeeringConnectionOptions: { AllowDnsResolutionFromRemoteVpc: true },
  })
  expect(named()).toEqual(own)

  const stale = async () =>
    (await aws.describeStaleSecurityGroups({ VpcId: here.VpcId })).StaleSecurityGroupSet
  expect(await stale()).toEqual([])
  await aws.deleteVpcPeeringConnection({ VpcPeeringConnectionId })
  expect(await stale()).toMatchObject([
    { GroupId: mine, StaleIpPermissions: [{ UserIdGroupPairs: [{ GroupId: theirs }] }] },
  ])
  expect(told(here.VpcId)!.peers).toBeUndefined()
})

test('a private NAT gateway has no elastic address and leads where its subnet does', async () => {
  const { here, there, VpcPeeringConnectionId } = await peered()
  const inner = (await kit.subnet(here.VpcId, '10.1.2.0/24')).SubnetId!
  const { RouteTableId } = await kit.table(here.VpcId)
  await aws.associateRouteTable({ RouteTableId, SubnetId: inner })
  const input = { SubnetId: here.SubnetId, ConnectivityType: 'private' as const }
  const AllocationId = 'eipalloc-01234567'
  const both = aws.createNatGateway({ ...input, AllocationId })
  expect(await codeOf(both)).toBe('InvalidParameterCombination')
  const wanted = { ...input, PrivateIpAddress: '10.1.1.200' }
  const { NatGateway } = await aws.createNatGateway(wanted)
  const NatGatewayId = NatGateway!.NatGatewayId!
  const named = { NatGatewayIds: [NatGatewayId] }
  const [shown] = (await aws.describeNatGateways(named)).NatGateways!
  expect(shown).toMatchObject({ ConnectivityType: 'private', State: 'available' })
  expect(shown!.NatGatewayAddresses).toEqual([
    {
      NetworkInterfaceId: expect.any(String),
      PrivateIp: '10.1.1.200',
      IsPrimary: true,
      Status: 'succeeded',
    },
  ])
  const DestinationCidrBlock = '10.0.0.0/8'
  await aws.createRoute({ RouteTableId, DestinationCidrBlock, NatGatewayId })
  const onward = { RouteTableId: here.RouteTableId, DestinationCidrBlock: there.cidr }
  await aws.createRoute({ ...onward, VpcPeeringConnectionId })
  await launch(inner)
  await launch(there.SubnetId)
  const plan = await eventually(
    () => told(here.VpcId)!,
    (each) => each?.peers !== undefined,
  )
  const next = { type: 'peer', index: told(there.VpcId)!.index }
  expect(plan.subnets.find((each) => each.subnetId === inner)!.routes).toEqual([
    { cidr: there.cidr, target: { type: 'privateNat', addresses: ['10.1.1.200'], next } },
    { cidr: '10.0.0.0/8', target: { type: 'nowhere' } },
  ])
})

test('routes to an instance and to an interface', async () => {
  const { here } = await ground()
  const { instanceIds } = await launch(here.SubnetId)
  const { RouteTableId } = here
  const InstanceId = instanceIds[0]!
  const DestinationCidrBlock = '192.0.2.0/24'
  await aws.createRoute({ RouteTableId, DestinationCidrBlock, InstanceId })
  const { NetworkInterfaces } = await aws.describeNetworkInterfaces({
    Filters: [{ Name: 'attachment.instance-id', Values: [InstanceId] }],
  })
  const [{ NetworkInterfaceId, PrivateIpAddress }] = NetworkInterfaces as [
    { NetworkInterfaceId: string; PrivateIpAddress: string },
  ]
  const { Routes } = await kit.mainTable(here.VpcId)
  expect(Routes).toContainEqual({
    DestinationCidrBlock,
    InstanceId,
    InstanceOwnerId: ACCOUNT,
    NetworkInterfaceId,
    Origin: 'CreateRoute',
    State: 'active',
  })
  const plan = await eventually(
    () => told(here.VpcId),
    (each) => each !== undefined,
  )
  const target = { type: 'interface', interfaceId: NetworkInterfaceId, address: PrivateIpAddress }
  expect(plan!.subnets[0]!.routes).toEqual([{ cidr: DestinationCidrBlock, target }])
  await aws.terminateInstances({ InstanceIds: [InstanceId] })
  const state = async () =>
    (await kit.mainTable(here.VpcId)).Routes!.find((each) => each.NetworkInterfaceId)?.State
  await eventually(state, (each) => each === 'blackhole')
})
