/**
 * What else a network is made of, from its making to its end: created, read back, each single update and read back
 * whole, deleted while something needs it, deleted, gone.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { lives, tagging, type Update } from '../support/life.ts'
import { createVpcKit, tagged, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit
let VpcId: string
let SubnetId: string
let group: string

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 32, memoryMiB: 128 * 1024 } })
  aws = cloud.ec2
  kit = createVpcKit(aws)
  VpcId = (await kit.vpc('10.7.0.0/16')).VpcId!
  SubnetId = (await kit.subnet(VpcId, '10.7.1.0/24')).SubnetId!
  await kit.gateway(VpcId)
  const named = { VpcId, GroupName: 'lives', Description: 'd' }
  group = (await aws.createSecurityGroup(named)).GroupId!
})
afterAll(() => cloud.close())

test('an elastic address', async () => {
  const { AllocationId, PublicIp } = await aws.allocateAddress(tagged('elastic-ip'))
  const ids = { AllocationIds: [AllocationId!] }
  const shown = async () => (await aws.describeAddresses(ids)).Addresses![0]!
  const { NetworkInterface } = await aws.createNetworkInterface({ SubnetId })
  const { NetworkInterfaceId, PrivateIpAddress } = NetworkInterface!
  let AssociationId = ''
  const associate = async () => {
    const input = { AllocationId, NetworkInterfaceId }
    AssociationId = (await aws.associateAddress(input)).AssociationId!
  }
  const leave = () => aws.disassociateAddress({ AssociationId })
  const bare = await shown()
  await lives<any>({
    shown,
    made: {
      AllocationId,
      PublicIp,
      PublicIpv4Pool: 'amazon',
      NetworkBorderGroup: 'us-east-1',
      Domain: 'vpc',
      Tags: [{ Key: 'Name', Value: 'mine' }],
    },
    updates: [
      [
        'associated',
        associate,
        (before) => ({
          ...before,
          AssociationId,
          NetworkInterfaceId,
          NetworkInterfaceOwnerId: ACCOUNT,
          PrivateIpAddress,
        }),
      ],
      ['disassociated', leave, () => bare],
      ...tagging<any>(aws, () => AllocationId!),
    ],
    inUse: { begin: associate, code: 'InvalidIPAddress.InUse', end: leave },
    remove: () => aws.releaseAddress({ AllocationId }),
    gone: { ask: shown, code: 'InvalidAllocationID.NotFound' },
  })
})

test.each(['public', 'private'] as const)('a %s NAT gateway', async (ConnectivityType) => {
  const isPublic = ConnectivityType === 'public'
  const { AllocationId } = isPublic ? await aws.allocateAddress({}) : {}
  const { AllocationId: second } = isPublic ? await aws.allocateAddress({}) : {}
  const { NatGateway: made } = await aws.createNatGateway({
    SubnetId,
    ConnectivityType,
    ...(AllocationId && { AllocationId }),
    ...tagged('natgateway'),
  })
  const NatGatewayId = made!.NatGatewayId!
  const shown = async () =>
    (await aws.describeNatGateways({ NatGatewayIds: [NatGatewayId] })).NatGateways![0]!
  const [first] = made!.NatGatewayAddresses!
  const more = async (): Promise<void> => {
    if (second) await aws.associateNatGatewayAddress({ NatGatewayId, AllocationIds: [second] })
    else await aws.assignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddressCount: 1 })
  }
  const fewer = async (): Promise<void> => {
    const other = (await shown()).NatGatewayAddresses!.find((one) => !one.IsPrimary)!
    if (second) {
      const AssociationIds = [other.AssociationId!]
      await aws.disassociateNatGatewayAddress({ NatGatewayId, AssociationIds })
    } else {
      const PrivateIpAddresses = [other.PrivateIp!]
      await aws.unassignPrivateNatGatewayAddress({ NatGatewayId, PrivateIpAddresses })
    }
  }
  await lives<any>({
    shown,
    made: { ...made, State: 'available' },
    updates: [
      [
        'another address',
        more,
        (before) => ({
          ...before,
          NatGatewayAddresses: [
            first,
            {
              IsPrimary: false,
              NetworkInterfaceId: first!.NetworkInterfaceId,
              PrivateIp: expect.stringMatching(/^10\.7\.1\./),
              Status: 'succeeded',
              ...(second && {
                AllocationId: second,
                AssociationId: expect.stringMatching(/^eipassoc-/),
                PublicIp: expect.stringMatching(/^100\.64\./),
              }),
            },
          ],
        }),
      ],
      ['one address', fewer, (before) => ({ ...before, NatGatewayAddresses: [first] })],
      ...tagging<any>(aws, () => NatGatewayId),
    ],
    remove: async () => {
      // What it needs is not taken from it: its subnet, its address.
      expect(await codeOf(aws.deleteSubnet({ SubnetId }))).toBe('DependencyViolation')
      if (AllocationId) {
        const early = aws.releaseAddress({ AllocationId })
        expect(await codeOf(early)).toBe('InvalidIPAddress.InUse')
      }
      await aws.deleteNatGateway({ NatGatewayId })
      await eventually(shown, (one) => one.State === 'deleted')
      for (const id of [AllocationId, second])
        if (id) await aws.releaseAddress({ AllocationId: id })
    },
    // It is shown for a while; nothing leads to it any more.
    gone: {
      ask: async () => {
        const { RouteTableId } = await kit.mainTable(VpcId)
        const DestinationCidrBlock = '10.99.0.0/16'
        await aws.createRoute({ RouteTableId, DestinationCidrBlock, NatGatewayId })
      },
      code: 'InvalidNatGatewayID.NotFound',
    },
  })
})

test('a managed prefix list', async () => {
  const { PrefixList } = await aws.createManagedPrefixList({
    PrefixListName: 'offices',
    AddressFamily: 'IPv4',
    MaxEntries: 3,
    Entries: [{ Cidr: '10.1.0.0/16', Description: 'one' }],
    ...tagged('prefix-list'),
  })
  const PrefixListId = PrefixList!.PrefixListId!
  const shown = async () => ({
    ...(await aws.describeManagedPrefixLists({ PrefixListIds: [PrefixListId] })).PrefixLists![0]!,
    entries: (await aws.getManagedPrefixListEntries({ PrefixListId })).Entries,
  })
  const modified = (name: string, change: object, after: object): Update<any> => [
    name,
    () => aws.modifyManagedPrefixList({ PrefixListId, ...change }),
    (before) => ({ ...before, State: 'modify-complete', ...after }),
  ]
  const one = { Cidr: '10.1.0.0/16', Description: 'one' }
  const two = { Cidr: '10.2.0.0/16' }
  const rule = {
    GroupId: group,
    IpPermissions: [{ IpProtocol: '-1', PrefixListIds: [{ PrefixListId }] }],
  }
  await lives<any>({
    shown,
    made: { ...PrefixList, State: 'create-complete', entries: [one] },
    updates: [
      modified('a name', { PrefixListName: 'sites' }, { PrefixListName: 'sites' }),
      modified('a size', { MaxEntries: 5 }, { MaxEntries: 5 }),
      modified(
        'an entry',
        { CurrentVersion: 1, AddEntries: [two] },
        { Version: 2, entries: [one, two] },
      ),
      modified(
        'an entry less',
        { CurrentVersion: 2, RemoveEntries: [{ Cidr: one.Cidr }] },
        { Version: 3, entries: [two] },
      ),
      [
        'an earlier version',
        () =>
          aws.restoreManagedPrefixListVersion({
            PrefixListId,
            PreviousVersion: 2,
            CurrentVersion: 3,
          }),
        (before) => ({ ...before, State: 'restore-complete', Version: 4, entries: [one, two] }),
      ],
      ...tagging<any>(aws, () => PrefixListId),
    ],
    inUse: {
      begin: () => aws.authorizeSecurityGroupIngress(rule),
      code: 'DependencyViolation',
      end: () => aws.revokeSecurityGroupIngress(rule),
    },
    remove: () => aws.deleteManagedPrefixList({ PrefixListId }),
    gone: { ask: shown, code: 'InvalidPrefixListID.NotFound' },
  })
})

test('a peering', async () => {
  const other = await kit.vpc('10.17.0.0/16')
  const { VpcPeeringConnection: made } = await aws.createVpcPeeringConnection({
    VpcId,
    PeerVpcId: other.VpcId,
    ...tagged('vpc-peering-connection'),
  })
  const VpcPeeringConnectionId = made!.VpcPeeringConnectionId!
  const ids = { VpcPeeringConnectionIds: [VpcPeeringConnectionId] }
  const shown = async () =>
    (await aws.describeVpcPeeringConnections(ids)).VpcPeeringConnections![0]!
  const options = (AllowDnsResolutionFromRemoteVpc: boolean) => ({
    AllowDnsResolutionFromRemoteVpc,
    AllowEgressFromLocalClassicLinkToRemoteVpc: false,
    AllowEgressFromLocalVpcToRemoteClassicLink: false,
  })
  const asked = (side: 'Requester' | 'Accepter', isDns: boolean): Update<any> => [
    `${side} ${isDns}`,
    () =>
      aws.modifyVpcPeeringConnectionOptions({
        VpcPeeringConnectionId,
        [`${side}PeeringConnectionOptions`]: { AllowDnsResolutionFromRemoteVpc: isDns },
      }),
    (before) => ({
      ...before,
      [`${side}VpcInfo`]: { ...before[`${side}VpcInfo`], PeeringOptions: options(isDns) },
    }),
  ]
  for (const id of [VpcId, other.VpcId]) {
    await aws.modifyVpcAttribute({ VpcId: id, EnableDnsHostnames: { Value: true } })
  }
  await lives<any>({
    shown,
    made,
    updates: [
      [
        'accepted',
        () => aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId }),
        ({ ExpirationTime: _ended, ...before }) => ({
          ...before,
          Status: { Code: 'active', Message: 'Active' },
          RequesterVpcInfo: { ...before.RequesterVpcInfo, PeeringOptions: options(false) },
          AccepterVpcInfo: { ...before.AccepterVpcInfo, PeeringOptions: options(false) },
        }),
      ],
      asked('Requester', true),
      asked('Accepter', true),
      asked('Requester', false),
      asked('Accepter', false),
      ...tagging<any>(aws, () => VpcPeeringConnectionId),
    ],
    remove: async () => {
      expect(await codeOf(aws.deleteVpc({ VpcId: other.VpcId }))).toBe('DependencyViolation')
      await aws.deleteVpcPeeringConnection({ VpcPeeringConnectionId })
      await aws.deleteVpc({ VpcId: other.VpcId })
    },
    gone: {
      ask: () => aws.acceptVpcPeeringConnection({ VpcPeeringConnectionId }),
      code: 'InvalidStateTransition',
    },
  })
})

test('an endpoint', async () => {
  await aws.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } })
  const zone = { AvailabilityZone: 'us-east-1c' }
  const other = (await kit.subnet(VpcId, '10.7.2.0/24', zone)).SubnetId!
  const { VpcEndpoint: made } = await aws.createVpcEndpoint({
    VpcId,
    ServiceName: 'com.amazonaws.us-east-1.sts',
    VpcEndpointType: 'Interface',
    SubnetIds: [SubnetId],
    PrivateDnsEnabled: false,
    ...tagged('vpc-endpoint'),
  })
  const VpcEndpointId = made!.VpcEndpointId!
  const shown = async () =>
    (await aws.describeVpcEndpoints({ VpcEndpointIds: [VpcEndpointId] })).VpcEndpoints![0]!
  const modified = (change: object, after: (before: any) => object): Update<any> => [
    Object.keys(change)[0]!,
    () => aws.modifyVpcEndpoint({ VpcEndpointId, ...change }),
    (before) => ({ ...before, ...after(before) }),
  ]
  const PolicyDocument = JSON.stringify({
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sts:*', Resource: '*' }],
  })
  const own = { GroupId: group, GroupName: 'lives' }
  await lives<any>({
    shown,
    made: { ...made, State: 'available' },
    updates: [
      modified({ AddSecurityGroupIds: [group] }, ({ Groups }) => ({ Groups: [...Groups, own] })),
      modified({ RemoveSecurityGroupIds: [made!.Groups![0]!.GroupId!] }, () => ({ Groups: [own] })),
      modified({ PrivateDnsEnabled: true }, ({ DnsEntries }) => ({
        PrivateDnsEnabled: true,
        DnsEntries: [...DnsEntries, { DnsName: 'sts.us-east-1.amazonaws.com' }],
      })),
      modified({ PolicyDocument }, () => ({ PolicyDocument })),
      modified({ ResetPolicy: true }, () => ({ PolicyDocument: made!.PolicyDocument })),
      modified({ AddSubnetIds: [other] }, ({ SubnetIds, NetworkInterfaceIds, DnsEntries }) => ({
        SubnetIds: expect.arrayContaining([...SubnetIds, other]),
        NetworkInterfaceIds: expect.arrayContaining(NetworkInterfaceIds),
        DnsEntries: expect.arrayContaining(DnsEntries),
      })),
      ...tagging<any>(aws, () => VpcEndpointId),
    ],
    remove: async () => {
      expect(await codeOf(aws.deleteSubnet({ SubnetId: other }))).toBe('DependencyViolation')
      await aws.deleteVpcEndpoints({ VpcEndpointIds: [VpcEndpointId] })
      await aws.deleteSubnet({ SubnetId: other })
    },
    gone: { ask: shown, code: 'InvalidVpcEndpointId.NotFound' },
  })
})

test('a CIDR reservation', async () => {
  const { SubnetCidrReservation: made } = await aws.createSubnetCidrReservation({
    SubnetId,
    Cidr: '10.7.1.64/28',
    ReservationType: 'explicit',
    Description: 'for appliances',
    ...tagged('subnet-cidr-reservation'),
  })
  const SubnetCidrReservationId = made!.SubnetCidrReservationId!
  const shown = async () =>
    (await aws.getSubnetCidrReservations({ SubnetId })).SubnetIpv4CidrReservations![0]
  await lives<any>({
    shown,
    made,
    updates: tagging<any>(aws, () => SubnetCidrReservationId),
    remove: () => aws.deleteSubnetCidrReservation({ SubnetCidrReservationId }),
    gone: 'not shown',
  })
})
