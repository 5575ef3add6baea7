/** VPCs, their blocks and subnets through the SDK: made, read back, changed, deleted. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
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

describe('a VPC', () => {
  test('comes with main table, default group and ACL, and takes them with it', async () => {
    const vpc = await kit.vpc('10.1.2.3/16', tagged('vpc'))
    expect(vpc).toEqual({
      VpcId: expect.stringMatching(/^vpc-[0-9a-f]{17}$/),
      OwnerId: ACCOUNT,
      State: 'available',
      CidrBlock: '10.1.0.0/16',
      CidrBlockAssociationSet: [
        {
          AssociationId: expect.stringMatching(/^vpc-cidr-assoc-/),
          CidrBlock: '10.1.0.0/16',
          CidrBlockState: { State: 'associated' },
        },
      ],
      Ipv6CidrBlockAssociationSet: [],
      DhcpOptionsId: expect.stringMatching(/^dopt-/),
      InstanceTenancy: 'default',
      IsDefault: false,
      BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
      Tags: [{ Key: 'Name', Value: 'mine' }],
    })
    const VpcId = vpc.VpcId!
    const { Vpcs } = await aws.describeVpcs({ VpcIds: [VpcId] })
    expect(Vpcs).toEqual([vpc])
    const local = { DestinationCidrBlock: '10.1.0.0/16', GatewayId: 'local', State: 'active' }
    expect(await kit.mainTable(VpcId)).toMatchObject({
      Routes: [{ ...local, Origin: 'CreateRouteTable' }],
      Associations: [{ Main: true }],
      Tags: [],
    })
    const { SecurityGroups } = await aws.describeSecurityGroups(inVpc(VpcId))
    expect(SecurityGroups!.map((group) => group.GroupName)).toEqual(['default'])
    const { NetworkAcls } = await aws.describeNetworkAcls(inVpc(VpcId))
    expect(NetworkAcls).toMatchObject([{ IsDefault: true, Associations: [] }])

    await aws.deleteVpc({ VpcId })
    expect(await codeOf(aws.describeVpcs({ VpcIds: [VpcId] }))).toBe('InvalidVpcID.NotFound')
    expect((await aws.describeRouteTables(inVpc(VpcId))).RouteTables).toEqual([])
    expect((await aws.describeNetworkAcls(inVpc(VpcId))).NetworkAcls).toEqual([])
    const groups = await aws.describeSecurityGroups(inVpc(VpcId))
    expect(groups.SecurityGroups).toEqual([])
  })

  test.each([
    ['too big', { CidrBlock: '10.0.0.0/8' }, 'InvalidVpc.Range'],
    ['too small', { CidrBlock: '10.0.0.0/29' }, 'InvalidVpc.Range'],
    ['link-local', { CidrBlock: '169.254.0.0/16' }, 'InvalidVpc.Range'],
    ['no block', { CidrBlock: '10.0.0/16' }, 'InvalidParameterValue'],
    ['nothing', {}, 'MissingParameter'],
    ['over our public addresses', { CidrBlock: '100.64.0.0/16' }, 'UnsupportedOperation'],
    [
      'IPv6 of one’s own',
      { CidrBlock: '10.0.0.0/16', Ipv6CidrBlock: '2001:db8::/56', Ipv6Pool: 'ipv6pool-ec2-0' },
      'UnsupportedOperation',
    ],
    ['a dry run', { CidrBlock: '10.0.0.0/16', DryRun: true }, 'DryRunOperation'],
    ['a bad dry run', { CidrBlock: '10.0.0.0/8', DryRun: true }, 'InvalidVpc.Range'],
  ])('%s: refused', async (_name, input, code) => {
    const before = (await aws.describeVpcs({})).Vpcs!.length
    expect(await codeOf(aws.createVpc(input))).toBe(code)
    expect((await aws.describeVpcs({})).Vpcs).toHaveLength(before)
  })

  test('dedicated tenancy can be given up, and not be taken', async () => {
    const { VpcId } = await kit.vpc('10.0.0.0/16', { InstanceTenancy: 'dedicated' })
    const tenancy = async () =>
      (await aws.describeVpcs({ VpcIds: [VpcId!] })).Vpcs![0]!.InstanceTenancy
    expect(await tenancy()).toBe('dedicated')
    await aws.modifyVpcTenancy({ VpcId, InstanceTenancy: 'default' })
    expect(await tenancy()).toBe('default')
    await aws.deleteVpc({ VpcId })
  })

  test('cannot be deleted while something is in it', async () => {
    const VpcId = (await kit.vpc()).VpcId!
    const refused = () => codeOf(aws.deleteVpc({ VpcId }))
    const { SubnetId } = await kit.subnet(VpcId, '10.0.0.0/24')
    expect(await refused()).toBe('DependencyViolation')
    await aws.deleteSubnet({ SubnetId })
    const InternetGatewayId = await kit.gateway(VpcId)
    expect(await refused()).toBe('DependencyViolation')
    await aws.detachInternetGateway({ InternetGatewayId, VpcId })
    await aws.deleteInternetGateway({ InternetGatewayId })
    const { RouteTableId } = await kit.table(VpcId)
    expect(await refused()).toBe('DependencyViolation')
    await aws.deleteRouteTable({ RouteTableId })
    const group = { VpcId, GroupName: 'g', Description: 'd' }
    const { GroupId } = await aws.createSecurityGroup(group)
    const words = await errorOf(aws.deleteVpc({ VpcId }))
    expect(words.code).toBe('DependencyViolation')
    expect(words.message).toContain(`The vpc '${VpcId}' has dependencies and cannot be deleted`)
    await aws.deleteSecurityGroup({ GroupId })
    expect(await codeOf(aws.deleteVpc({ VpcId, DryRun: true }))).toBe('DryRunOperation')
    await aws.deleteVpc({ VpcId })
    expect(await refused()).toBe('InvalidVpcID.NotFound')
  })
})

describe('further blocks', () => {
  test('are shown, routed, give room for subnets, and leave again', async () => {
    const VpcId = (await kit.vpc('10.4.0.0/16')).VpcId!
    const add = (CidrBlock: string) => aws.associateVpcCidrBlock({ VpcId, CidrBlock })
    const { CidrBlockAssociation: block } = await add('10.5.0.0/16')
    expect(block).toMatchObject({
      CidrBlock: '10.5.0.0/16',
      CidrBlockState: { State: 'associated' },
    })
    const Filters = [{ Name: 'cidr-block-association.cidr-block', Values: ['10.5.0.0/16'] }]
    const { Vpcs } = await aws.describeVpcs({ Filters })
    expect(Vpcs![0]!.CidrBlockAssociationSet!.map((each) => each.CidrBlock)).toEqual([
      '10.4.0.0/16',
      '10.5.0.0/16',
    ])
    const destinations = async () =>
      (await kit.mainTable(VpcId)).Routes!.map((route) => route.DestinationCidrBlock)
    expect(await destinations()).toEqual(['10.4.0.0/16', '10.5.0.0/16'])
    const { SubnetId } = await kit.subnet(VpcId, '10.5.1.0/24')
    const { AssociationId } = block!
    const remove = () => aws.disassociateVpcCidrBlock({ AssociationId })
    expect(await codeOf(remove())).toBe('DependencyViolation')
    await aws.deleteSubnet({ SubnetId })
    expect((await remove()).CidrBlockAssociation!.CidrBlockState!.State).toBe('disassociated')
    expect(await destinations()).toEqual(['10.4.0.0/16'])
    expect(await codeOf(remove())).toBe('InvalidVpcCidrBlockAssociationID.NotFound')
    const primary = Vpcs![0]!.CidrBlockAssociationSet![0]!.AssociationId

    expect(await codeOf(aws.disassociateVpcCidrBlock({ AssociationId: primary }))).toBe(
      'OperationNotPermitted',
    )

    expect(await codeOf(add('10.4.128.0/20'))).toBe('InvalidVpc.Range')
    expect(await codeOf(add('192.168.0.0/24'))).toBe('InvalidVpc.Range')
    expect(await codeOf(add('198.19.0.0/24'))).toBe('InvalidVpc.Range')
    await add('100.65.0.0/16')
    await aws.deleteVpc({ VpcId })
  })
})

describe('a subnet', () => {
  test('is shown as it was made', async () => {
    const VpcId = (await kit.vpc()).VpcId!
    const zone = { AvailabilityZone: 'us-east-1b' }
    const subnet = await kit.subnet(VpcId, '10.0.7.0/28', { ...zone, ...tagged('subnet') })
    expect(subnet).toMatchObject({
      VpcId,
      CidrBlock: '10.0.7.0/28',
      AvailabilityZone: 'us-east-1b',
      AvailabilityZoneId: 'use1-az2',
      AvailableIpAddressCount: 11,
      DefaultForAz: false,
      MapPublicIpOnLaunch: false,
      State: 'available',
      Tags: [{ Key: 'Name', Value: 'mine' }],
    })
    const SubnetId = subnet.SubnetId!
    const found = await aws.describeSubnets({ SubnetIds: [SubnetId] })
    expect(found.Subnets).toEqual([subnet])
    const { NetworkAcls } = await aws.describeNetworkAcls(inVpc(VpcId))
    expect(NetworkAcls![0]!.Associations).toMatchObject([{ SubnetId }])
    const byId = await kit.subnet(VpcId, '10.0.8.0/24', { AvailabilityZoneId: 'use1-az3' })
    expect(byId.AvailabilityZone).toBe('us-east-1c')

    const { NetworkInterface: one } = await aws.createNetworkInterface({ SubnetId })
    const remove = () => aws.deleteSubnet({ SubnetId })
    expect(await codeOf(remove())).toBe('DependencyViolation')
    const { NetworkInterfaceId } = one!
    await aws.deleteNetworkInterface({ NetworkInterfaceId })
    const { RouteTableId } = await kit.table(VpcId)
    await aws.associateRouteTable({ RouteTableId, SubnetId })
    await remove()
    expect(await codeOf(remove())).toBe('InvalidSubnetID.NotFound')
    await aws.deleteRouteTable({ RouteTableId })
    await aws.deleteSubnet({ SubnetId: byId.SubnetId })
    await aws.deleteVpc({ VpcId })
  })

  test('must fit', async () => {
    const VpcId = (await kit.vpc()).VpcId!
    await kit.subnet(VpcId, '10.0.0.0/24')
    const make = (CidrBlock: string, more = {}) => codeOf(kit.subnet(VpcId, CidrBlock, more))
    expect(await make('10.0.0.128/25')).toBe('InvalidSubnet.Conflict')
    expect(await make('10.1.0.0/24')).toBe('InvalidSubnet.Range')
    expect(await make('10.0.1.0/29')).toBe('InvalidSubnet.Range')
    expect(await make('10.0.0.0/8')).toBe('InvalidSubnet.Range')
    expect(await make('10.0.1.0')).toBe('InvalidParameterValue')
    expect(await make('10.0.1.0/24', { AvailabilityZone: 'us-east-1z' })).toBe(
      'InvalidParameterValue',
    )
    expect(await make('10.0.1.0/24', { DryRun: true })).toBe('DryRunOperation')
    expect((await aws.describeSubnets(inVpc(VpcId))).Subnets).toHaveLength(1)
    const nowhere = kit.subnet('vpc-01234567', '10.0.1.0/24')
    expect(await codeOf(nowhere)).toBe('InvalidVpcID.NotFound')
  })
})

describe('the default VPC', () => {
  test('deleted, it stays deleted until it is asked for', async () => {
    const far = cloud.ec2Of({ region: 'eu-west-1' })
    const { Vpcs } = await far.describeVpcs({})
    const VpcId = Vpcs![0]!.VpcId!
    expect(await codeOf(far.createDefaultVpc({}))).toBe('DefaultVpcAlreadyExists')
    const subnets = (await far.describeSubnets({})).Subnets!
    const zone = { AvailabilityZone: subnets[0]!.AvailabilityZone }
    expect(await codeOf(far.createDefaultSubnet(zone))).toBe(
      'DefaultSubnetAlreadyExistsInAvailabilityZone',
    )
    for (const { SubnetId } of subnets) await far.deleteSubnet({ SubnetId })
    const { Subnet: again } = await far.createDefaultSubnet(zone)
    expect(again).toMatchObject({ DefaultForAz: true, MapPublicIpOnLaunch: true })
    await far.deleteSubnet({ SubnetId: again!.SubnetId })
    const { InternetGateways } = await far.describeInternetGateways({})
    const { InternetGatewayId } = InternetGateways![0]!
    await far.detachInternetGateway({ InternetGatewayId, VpcId })
    await far.deleteVpc({ VpcId })
    expect((await far.describeVpcs({})).Vpcs).toEqual([])
    expect(await codeOf(far.createDefaultSubnet(zone))).toBe('DefaultVpcDoesNotExist')
    const { Vpc: vpc } = await far.createDefaultVpc({})
    expect(vpc).toMatchObject({ IsDefault: true, CidrBlock: '172.31.0.0/16' })
    expect((await far.describeSubnets({})).Subnets).toHaveLength(3)
    far.destroy()
  })
})
