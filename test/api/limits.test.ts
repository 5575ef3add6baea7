/**
 * Quotas of a network, each answered by AWS's own code, with nothing made. Most records are put straight into the
 * store: what is tested is the one too many.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/domain/ids.ts'
import type { ResourceKind } from '../../src/domain/id-prefixes.ts'
import { TINY as ImageId } from '../support/app.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { createVpcKit, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit
let VpcId: string

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
  kit = createVpcKit(aws)
  VpcId = (await kit.vpc()).VpcId!
  await kit.subnet(VpcId, '10.0.0.0/24')
})
afterAll(() => cloud.close())

/** As many copies of the record that was made last as make `count` of them, each its own. */
async function fill(kind: any, count: number, own: (n: number) => object = () => ({})) {
  const { store } = cloud.app
  const all = (await store.list(kind, {})) as any[]
  const last = all.filter((one) => [undefined, null, VpcId].includes(one.vpcId)).at(-1)
  await store.transact(async (tx) => {
    for (let n = all.length; n < count + all.length; n++) {
      const id = newId(kind as ResourceKind, cloud.app.random)
      await tx.insert(kind, { ...last, id, generation: 0, ...own(n) })
    }
  })
}

const DhcpConfigurations = [{ Key: 'domain-name', Values: ['a.b'] }]
const named = (n: number) => ({ name: `name-${n}` })
const key = (KeyName: string) => aws.createKeyPair({ KeyName, KeyType: 'ed25519' })
const template = (LaunchTemplateName: string) =>
  aws.createLaunchTemplate({ LaunchTemplateName, LaunchTemplateData: { ImageId } })
const list = () =>
  aws.createManagedPrefixList({ PrefixListName: 'x', AddressFamily: 'IPv4', MaxEntries: 1 })
const group = (GroupName: string) => aws.createSecurityGroup({ VpcId, GroupName, Description: 'd' })

test.each<[string, any, number, () => Promise<unknown>, string, ((n: number) => object)?]>([
  ['subnets', 'subnet', 200, () => kit.subnet(VpcId, '10.0.1.0/24'), 'SubnetLimitExceeded'],
  ['tables', 'routeTable', 200, () => kit.table(VpcId), 'RouteTableLimitExceeded'],
  ['ACLs', 'networkAcl', 200, () => aws.createNetworkAcl({ VpcId }), 'NetworkAclLimitExceeded'],
  [
    'gateways',
    'internetGateway',
    200,
    () => aws.createInternetGateway({}),
    'InternetGatewayLimitExceeded',
    () => ({ vpcId: null }),
  ],
  [
    'egress-only gateways',
    'egressOnlyGateway',
    200,
    () => aws.createEgressOnlyInternetGateway({ VpcId }),
    'EgressOnlyInternetGatewayLimitExceeded',
  ],
  [
    'DHCP options',
    'dhcpOptions',
    200,
    () => aws.createDhcpOptions({ DhcpConfigurations }),
    'DhcpOptionsLimitExceeded',
  ],
  [
    'elastic addresses',
    'elasticAddress',
    500,
    () => aws.allocateAddress({}),
    'AddressLimitExceeded',
    (n) => ({
      publicAddress: `100.64.${200 + Math.floor(n / 200)}.${n % 200}`,
      id: `eipalloc-${n}`,
    }),
  ],
  ['lists', 'prefixList', 100, list, 'PrefixListLimitExceeded'],
  ['groups', 'securityGroup', 2_500, () => group('last'), 'SecurityGroupLimitExceeded', named],
  ['keys', 'keyPair', 5_000, () => key('last'), 'KeyPairLimitExceeded', named],
  ['templates', 'launchTemplate', 5_000, () => template('last'), 'MaxTemplateLimitExceeded', named],
  [
    'placement groups',
    'placementGroup',
    500,
    () => aws.createPlacementGroup({ GroupName: 'last', Strategy: 'cluster' }),
    'PlacementGroupLimitExceeded',
    named,
  ],
  [
    'VPCs',
    'vpc',
    200,
    () => kit.vpc('10.99.0.0/16'),
    'VpcLimitExceeded',
    (n) => ({ isDefault: false, index: 1_000 + n }),
  ],
])('%s', async (_name, kind, limit, make, code, own) => {
  const first: Partial<Record<string, () => Promise<unknown>>> = {
    keyPair: () => key('first'),
    launchTemplate: () => template('first'),
    placementGroup: () => aws.createPlacementGroup({ GroupName: 'first', Strategy: 'cluster' }),
  }
  if ((await cloud.app.store.count(kind, {})) < 1 || /^(?:vpc|internetGateway)$/.test(kind))
    await (first[kind] ?? make)()
  await fill(kind, limit, own)
  const before = await cloud.app.store.count(kind, {})
  expect(await codeOf(make())).toBe(code)
  expect(await cloud.app.store.count(kind, {})).toBe(before)
})

test('entries of an ACL, in each direction', async () => {
  const { NetworkAcls } = await aws.describeNetworkAcls({
    Filters: [{ Name: 'default', Values: ['true'] }],
  })
  const { NetworkAclId } = NetworkAcls![0]!
  const add = (RuleNumber: number, Egress: boolean) =>
    aws.createNetworkAclEntry({
      NetworkAclId,
      RuleNumber,
      Egress,
      Protocol: '-1',
      RuleAction: 'allow',
      CidrBlock: '10.0.0.0/8',
    })
  // One is there from the beginning, and the last one, without a number, does not count.
  for (let n = 1; n < 40; n++) await add(1_000 + n, false)
  expect(await codeOf(add(2_000, false))).toBe('NetworkAclEntryLimitExceeded')
  await add(2_000, true)
})

test('entries of a list, and its size', async () => {
  const far = cloud.ec2Of({ region: 'eu-west-1' })
  const list = { PrefixListName: 'few', AddressFamily: 'IPv4', MaxEntries: 1 }
  const entries = (...cidrs: string[]) => cidrs.map((Cidr) => ({ Cidr }))
  const many = { ...list, Entries: entries('10.0.0.0/8', '11.0.0.0/8') }
  expect(await codeOf(far.createManagedPrefixList(many))).toBe('PrefixListMaxEntriesExceeded')
  const { PrefixList } = await far.createManagedPrefixList({
    ...list,
    Entries: entries('10.0.0.0/8'),
  })
  const { PrefixListId } = PrefixList!
  const more = { PrefixListId, CurrentVersion: 1, AddEntries: entries('11.0.0.0/8') }
  expect(await codeOf(far.modifyManagedPrefixList(more))).toBe('PrefixListMaxEntriesExceeded')
})

test('groups of an interface, at its making, at a launch, later', async () => {
  const far = cloud.ec2Of({ region: 'eu-west-1' })
  const ids: string[] = []
  for (let n = 0; n < 6; n++) {
    const { GroupId } = await far.createSecurityGroup({ GroupName: `g${n}`, Description: 'd' })
    ids.push(GroupId!)
  }
  const { Subnets } = await far.describeSubnets({})
  const subnet = Subnets![0]!.SubnetId!
  const code = 'SecurityGroupsPerInterfaceLimitExceeded'
  const input = { SubnetId: subnet, Groups: ids }
  expect(await codeOf(far.createNetworkInterface(input))).toBe(code)
  const run = { ImageId, InstanceType: 't3.nano' as const, MinCount: 1, MaxCount: 1 }
  expect(await codeOf(far.runInstances({ ...run, SecurityGroupIds: ids }))).toBe(code)
  const { NetworkInterface } = await far.createNetworkInterface({ SubnetId: subnet })
  const { NetworkInterfaceId } = NetworkInterface!
  const change = far.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, Groups: ids })
  expect(await codeOf(change)).toBe(code)
})

test('peerings that nobody has answered', async () => {
  const far = cloud.ec2Of({ region: 'eu-west-1' })
  const make = async (CidrBlock: string) => (await far.createVpc({ CidrBlock })).Vpc!.VpcId!
  const hub = await make('10.0.0.0/16')
  const ask = async (n: number) =>
    far.createVpcPeeringConnection({ VpcId: hub, PeerVpcId: await make(`10.${n}.0.0/16`) })
  for (let n = 1; n <= 25; n++) await ask(n)
  expect(await codeOf(ask(26))).toBe('OutstandingVpcPeeringConnectionLimitExceeded')
})
