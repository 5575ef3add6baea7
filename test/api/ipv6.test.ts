/** IPv6 of VPCs, subnets, interfaces and instances, through the SDK: made, read back, changed, taken away again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { ipv6Place } from '../support/ipv6-place.ts'
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

const BLOCK = /^fd62:7275:6d[0-9a-f]{2}:[0-9a-f]{1,4}::\/56$|^fd62:7275:6d[0-9a-f]{2}::\/56$/

const place = () => ipv6Place(aws)

const subnetOf = async (SubnetId: string) =>
  (await aws.describeSubnets({ SubnetIds: [SubnetId] })).Subnets![0]!

describe('a VPC', () => {
  test('gets a block of its own, local routes, and what AWS adds to its groups and ACLs', async () => {
    const { VpcId } = await kit.vpc()
    const tables = async () => (await kit.mainTable(VpcId!)).Routes!
    const egress = async () => {
      const { SecurityGroups } = await aws.describeSecurityGroups(inVpc(VpcId!))
      return SecurityGroups!.map((group) => group.IpPermissionsEgress![0])
    }
    const changed = await aws.createSecurityGroup({ VpcId, GroupName: 'own', Description: 'x' })
    await aws.revokeSecurityGroupEgress({
      GroupId: changed.GroupId,
      IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    })
    const answer = await aws.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true })
    const block = answer.Ipv6CidrBlockAssociation!
    const shown = {
      AssociationId: expect.stringMatching(/^vpc-cidr-assoc-[0-9a-f]{17}$/),
      Ipv6CidrBlock: expect.stringMatching(BLOCK),
      Ipv6CidrBlockState: { State: 'associating' },
      NetworkBorderGroup: 'us-east-1',
      Ipv6Pool: 'Amazon',
      Ipv6AddressAttribute: 'public',
      IpSource: 'amazon',
    }
    expect(answer).toMatchObject({ VpcId, Ipv6CidrBlockAssociation: shown })
    const { Vpcs } = await aws.describeVpcs({ VpcIds: [VpcId!] })
    expect(Vpcs![0]!.Ipv6CidrBlockAssociationSet).toEqual([
      { ...block, Ipv6CidrBlockState: { State: 'associated' } },
    ])
    const Filters = [
      { Name: 'ipv6-cidr-block-association.ipv6-cidr-block', Values: [block.Ipv6CidrBlock!] },
    ]
    expect((await aws.describeVpcs({ Filters })).Vpcs!.map((vpc) => vpc.VpcId)).toEqual([VpcId])
    expect(await tables()).toContainEqual({
      DestinationIpv6CidrBlock: block.Ipv6CidrBlock,
      GatewayId: 'local',
      Origin: 'CreateRouteTable',
      State: 'active',
    })
    const [one, other] = await egress()
    const ranges = [one, other].map((permission) => permission?.Ipv6Ranges ?? [])
    expect(ranges.sort((a, b) => a.length - b.length)).toEqual([[], [{ CidrIpv6: '::/0' }]])
    const { NetworkAcls } = await aws.describeNetworkAcls(inVpc(VpcId!))
    const six = NetworkAcls![0]!.Entries!.filter((entry) => entry.Ipv6CidrBlock)
    expect(six.map((entry) => [entry.Egress, entry.RuleNumber, entry.RuleAction])).toEqual([
      [true, 101, 'allow'],
      [true, 32_768, 'deny'],
      [false, 101, 'allow'],
      [false, 32_768, 'deny'],
    ])
    // What is made from now on has both families.
    const later = await aws.createSecurityGroup({ VpcId, GroupName: 'later', Description: 'x' })
    const { SecurityGroups } = await aws.describeSecurityGroups({ GroupIds: [later.GroupId!] })
    expect(SecurityGroups![0]!.IpPermissionsEgress).toEqual([
      expect.objectContaining({
        IpProtocol: '-1',
        IpRanges: [{ CidrIp: '0.0.0.0/0' }],
        Ipv6Ranges: [{ CidrIpv6: '::/0' }],
      }),
    ])
    const acl = (await aws.createNetworkAcl({ VpcId })).NetworkAcl!
    expect(acl.Entries!.filter((entry) => entry.Ipv6CidrBlock)).toHaveLength(2)
    const { Routes } = await kit.table(VpcId!)
    expect(
      Routes!.map((route) => route.DestinationIpv6CidrBlock ?? route.DestinationCidrBlock),
    ).toEqual(['10.0.0.0/16', block.Ipv6CidrBlock])

    const { AssociationId } = block
    const ended = await aws.disassociateVpcCidrBlock({ AssociationId })
    expect(ended.Ipv6CidrBlockAssociation).toMatchObject({
      AssociationId,
      Ipv6CidrBlockState: { State: 'disassociating' },
    })
    expect((await tables()).some((route) => route.DestinationIpv6CidrBlock)).toBe(false)
    const again = aws.disassociateVpcCidrBlock({ AssociationId })
    expect(await codeOf(again)).toBe('InvalidVpcCidrBlockAssociationID.NotFound')
  })

  test('blocks of two VPCs differ; a VPC has five at most', async () => {
    const { VpcId } = await kit.vpc()
    const add = () => aws.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true })
    const blocks = new Set<string>()
    for (let n = 0; n < 5; n++) blocks.add((await add()).Ipv6CidrBlockAssociation!.Ipv6CidrBlock!)
    expect(blocks.size).toBe(5)
    expect(await codeOf(add())).toBe('CidrLimitExceeded')
  })

  test.each([
    [
      'both families',
      { CidrBlock: '10.1.0.0/16', AmazonProvidedIpv6CidrBlock: true },
      'InvalidParameterCombination',
    ],
    [
      'a block of one’s own',
      { Ipv6CidrBlock: '2001:db8::/56', Ipv6Pool: 'mine' },
      'UnsupportedOperation',
    ],
    [
      'another border group',
      { AmazonProvidedIpv6CidrBlock: true, Ipv6CidrBlockNetworkBorderGroup: 'us-east-1-lax-1' },
      'InvalidParameterValue',
    ],
  ])('%s: refused', async (_name, input, code) => {
    const { VpcId } = await kit.vpc()
    expect(await codeOf(aws.associateVpcCidrBlock({ VpcId, ...input }))).toBe(code)
    const { Vpcs } = await aws.describeVpcs({ VpcIds: [VpcId!] })
    expect(Vpcs![0]!.Ipv6CidrBlockAssociationSet).toEqual([])
  })
})

describe('a subnet', () => {
  test('gets a /64 of the VPC’s block, changes what it assigns, and gives it back', async () => {
    const { VpcId, block, part } = await place()
    const { SubnetId } = await kit.subnet(VpcId, '10.0.1.0/24')
    expect((await subnetOf(SubnetId!)).Ipv6CidrBlockAssociationSet).toEqual([])
    const add = (Ipv6CidrBlock: string) => aws.associateSubnetCidrBlock({ SubnetId, Ipv6CidrBlock })
    expect(await codeOf(add('fd00::/64'))).toBe('InvalidSubnet.Range')
    expect(await codeOf(add(part(1)))).toBe('InvalidSubnet.Conflict')
    expect(await codeOf(add(block.Ipv6CidrBlock!))).toBe('UnsupportedOperation')
    expect(await codeOf(add('fd00::'))).toBe('InvalidParameterValue')
    const assign = (Value: boolean) =>
      aws.modifySubnetAttribute({ SubnetId, AssignIpv6AddressOnCreation: { Value } })
    expect(await codeOf(assign(true))).toBe('InvalidParameterValue')
    const answer = await add(part(2))
    const association = answer.Ipv6CidrBlockAssociation!
    expect(answer).toMatchObject({
      SubnetId,
      Ipv6CidrBlockAssociation: {
        AssociationId: expect.stringMatching(/^subnet-cidr-assoc-/),
        Ipv6CidrBlock: part(2),
        Ipv6CidrBlockState: { State: 'associating' },
      },
    })
    expect(await codeOf(add(part(3)))).toBe('CidrLimitExceeded')
    await assign(true)
    expect(await subnetOf(SubnetId!)).toMatchObject({
      AssignIpv6AddressOnCreation: true,
      Ipv6Native: false,
      Ipv6CidrBlockAssociationSet: [
        { ...association, Ipv6CidrBlockState: { State: 'associated' } },
      ],
    })
    const { NetworkInterface: one } = await aws.createNetworkInterface({ SubnetId })
    expect(one!.Ipv6Addresses).toHaveLength(1)

    const { AssociationId } = association
    const remove = () => aws.disassociateSubnetCidrBlock({ AssociationId })
    expect(await codeOf(remove())).toBe('DependencyViolation')
    expect(await codeOf(aws.disassociateVpcCidrBlock({ AssociationId: block.AssociationId }))).toBe(
      'DependencyViolation',
    )
    await aws.deleteNetworkInterface({ NetworkInterfaceId: one!.NetworkInterfaceId })
    expect(await codeOf(remove())).toBe('InvalidParameterValue')
    await assign(false)
    expect((await remove()).Ipv6CidrBlockAssociation).toMatchObject({
      AssociationId,
      Ipv6CidrBlockState: { State: 'disassociating' },
    })
    expect(await codeOf(remove())).toBe('InvalidSubnetCidrBlockAssociationID.NotFound')
  })

  test('reservations keep addresses of it', async () => {
    const { SubnetId, part } = await place()
    const Cidr = part(1).replace('/64', '/80')
    const { SubnetCidrReservation } = await aws.createSubnetCidrReservation({
      SubnetId,
      Cidr,
      ReservationType: 'prefix',
    })
    const shown = await aws.getSubnetCidrReservations({ SubnetId })
    expect(shown.SubnetIpv6CidrReservations).toEqual([SubnetCidrReservation])
    expect(shown.SubnetIpv4CidrReservations).toEqual([])
    const Ipv6Addresses = [{ Ipv6Address: part(1).replace('/64', '9') }]
    const named = aws.createNetworkInterface({ SubnetId, Ipv6Addresses })
    expect(await codeOf(named)).toBe('InvalidParameterValue')
  })

  test('an IPv6-only one is refused by name', async () => {
    const { VpcId, part } = await place()
    const native = aws.createSubnet({ VpcId, Ipv6Native: true, Ipv6CidrBlock: part(4) })
    expect(await codeOf(native)).toBe('UnsupportedOperation')
  })
})

describe('an interface', () => {
  test('has addresses by name and by count, assigned and unassigned', async () => {
    const { SubnetId, part } = await place()
    const at = (n: string) => part(1).replace('::/64', `::${n}`)
    const made = await aws.createNetworkInterface({
      SubnetId,
      Ipv6Addresses: [{ Ipv6Address: at('a') }],
      ...tagged('network-interface'),
    })
    const NetworkInterfaceId = made.NetworkInterface!.NetworkInterfaceId!
    const addresses = async () => {
      const { NetworkInterfaces } = await aws.describeNetworkInterfaces({
        NetworkInterfaceIds: [NetworkInterfaceId],
      })
      return NetworkInterfaces![0]!.Ipv6Addresses!
    }
    expect(await addresses()).toEqual([{ Ipv6Address: at('a'), IsPrimaryIpv6: false }])
    const assign = (input: object) => aws.assignIpv6Addresses({ NetworkInterfaceId, ...input })
    expect((await assign({ Ipv6Addresses: [at('b')] })).AssignedIpv6Addresses).toEqual([at('b')])
    const [random] = (await assign({ Ipv6AddressCount: 1 })).AssignedIpv6Addresses!
    expect((await addresses()).map((each) => each.Ipv6Address)).toEqual([at('a'), at('b'), random])
    const Filters = [{ Name: 'ipv6-addresses.ipv6-address', Values: [random!] }]
    const found = await aws.describeNetworkInterfaces({ Filters })
    expect(found.NetworkInterfaces!.map((one) => one.NetworkInterfaceId)).toEqual([
      NetworkInterfaceId,
    ])
    expect(await codeOf(assign({}))).toBe('MissingParameter')
    expect(await codeOf(assign({ Ipv6Addresses: [at('1')] }))).toBe('InvalidParameterValue')
    expect(await codeOf(assign({ Ipv6Addresses: ['fd00::9'] }))).toBe('InvalidParameterValue')
    expect(await codeOf(assign({ Ipv6Addresses: ['10.0.0.9'] }))).toBe('InvalidParameterValue')
    expect(await codeOf(assign({ Ipv6AddressCount: 99 }))).toBe('PrivateIpAddressLimitExceeded')
    expect(await codeOf(assign({ Ipv6PrefixCount: 1 }))).toBe('UnsupportedOperation')
    expect(await codeOf(assign({ Ipv6Addresses: [at('b')] }))).toMatch(/InUse/)
    expect(await codeOf(assign({ Ipv6AddressCount: 1, Ipv6Addresses: [at('c')] }))).toBe(
      'InvalidParameterCombination',
    )

    await aws.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, EnablePrimaryIpv6: true })
    expect((await addresses())[0]).toEqual({ Ipv6Address: at('a'), IsPrimaryIpv6: true })
    const off = aws.modifyNetworkInterfaceAttribute({
      NetworkInterfaceId,
      EnablePrimaryIpv6: false,
    })
    expect(await codeOf(off)).toBe('InvalidParameterValue')
    const unassign = (Ipv6Addresses: string[]) =>
      aws.unassignIpv6Addresses({ NetworkInterfaceId, Ipv6Addresses })
    expect(await codeOf(unassign([at('a')]))).toBe('InvalidParameterValue')
    expect(await codeOf(unassign([at('9')]))).toBe('InvalidParameterValue')
    // However it is written.
    await unassign([at('b').toUpperCase(), random!])
    expect(await addresses()).toHaveLength(1)
    await aws.deleteNetworkInterface({ NetworkInterfaceId })
  })
})

describe('an egress-only internet gateway', () => {
  test('is made, routed to, deleted, and its routes lead nowhere then', async () => {
    const { VpcId } = await place()
    const input = { VpcId, ClientToken: 'one', ...tagged('egress-only-internet-gateway') }
    const made = await aws.createEgressOnlyInternetGateway(input)
    const gateway = made.EgressOnlyInternetGateway!
    expect(made.ClientToken).toBe('one')
    expect(gateway).toEqual({
      EgressOnlyInternetGatewayId: expect.stringMatching(/^eigw-[0-9a-f]{17}$/),
      Attachments: [{ State: 'attached', VpcId }],
      Tags: [{ Key: 'Name', Value: 'mine' }],
    })
    const again = await aws.createEgressOnlyInternetGateway(input)
    expect(again.EgressOnlyInternetGateway).toEqual(gateway)
    const { EgressOnlyInternetGatewayId } = gateway
    const all = await aws.describeEgressOnlyInternetGateways({
      EgressOnlyInternetGatewayIds: [EgressOnlyInternetGatewayId!],
    })
    expect(all.EgressOnlyInternetGateways).toEqual([gateway])
    const { Tags } = await aws.describeTags({
      Filters: [{ Name: 'resource-type', Values: ['egress-only-internet-gateway'] }],
    })
    expect(Tags).toEqual([
      {
        Key: 'Name',
        Value: 'mine',
        ResourceId: EgressOnlyInternetGatewayId,
        ResourceType: 'egress-only-internet-gateway',
      },
    ])
    const { RouteTableId } = await kit.table(VpcId)
    const to6 = { RouteTableId, DestinationIpv6CidrBlock: '::/0' }
    await aws.createRoute({ ...to6, EgressOnlyInternetGatewayId })
    expect(await codeOf(aws.createRoute({ ...to6, EgressOnlyInternetGatewayId }))).toBe(
      'RouteAlreadyExists',
    )
    const to4 = { RouteTableId, DestinationCidrBlock: '0.0.0.0/0' }
    expect(await codeOf(aws.createRoute({ ...to4, EgressOnlyInternetGatewayId }))).toBe(
      'InvalidParameterValue',
    )
    const route = async () => {
      const { RouteTables } = await aws.describeRouteTables({
        Filters: [
          {
            Name: 'route.egress-only-internet-gateway-id',
            Values: [EgressOnlyInternetGatewayId!],
          },
        ],
      })
      return RouteTables![0]!.Routes!.find((each) => each.EgressOnlyInternetGatewayId)
    }
    expect(await route()).toEqual({
      DestinationIpv6CidrBlock: '::/0',
      EgressOnlyInternetGatewayId,
      Origin: 'CreateRoute',
      State: 'active',
    })
    expect(await codeOf(aws.deleteVpc({ VpcId }))).toBe('DependencyViolation')
    const remove = () => aws.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId })
    expect((await remove()).ReturnCode).toBe(true)
    expect((await route())!.State).toBe('blackhole')
    expect(await codeOf(remove())).toBe('InvalidGatewayID.NotFound')
    await aws.deleteRoute(to6)
    expect(await codeOf(aws.deleteRoute(to6))).toBe('InvalidRoute.NotFound')
  })

  test.each([
    ['an unknown VPC', { VpcId: 'vpc-01234567' }, 'InvalidVpcID.NotFound'],
    ['no id', { VpcId: 'vpc' }, 'InvalidVpcID.Malformed'],
  ])('%s: refused', async (_name, input, code) => {
    expect(await codeOf(aws.createEgressOnlyInternetGateway(input))).toBe(code)
  })
})
