/** Managed prefix lists through the SDK: versions, entries, and what names them. */
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

const NEW = { PrefixListName: 'offices', AddressFamily: 'IPv4', MaxEntries: 3 }
const entry = (Cidr: string, Description?: string) => ({
  Cidr,
  ...(Description && { Description }),
})

async function make(more: object = {}): Promise<string> {
  const { PrefixList } = await aws.createManagedPrefixList({ ...NEW, ...more })
  return PrefixList!.PrefixListId!
}

const entriesOf = async (PrefixListId: string, TargetVersion?: number) =>
  (await aws.getManagedPrefixListEntries({ PrefixListId, TargetVersion })).Entries

test('from its making to its end: every change is a version', async () => {
  const input = {
    ...NEW,
    Entries: [entry('10.1.2.3/16', 'one'), entry('10.2.0.0/16')],
    ClientToken: 'list-once',
    ...tagged('prefix-list'),
  }
  const { PrefixList: made } = await aws.createManagedPrefixList(input)
  const PrefixListId = made!.PrefixListId!
  expect(made!.State).toBe('create-in-progress')
  expect((await aws.createManagedPrefixList(input)).PrefixList!.PrefixListId).toBe(PrefixListId)
  const shown = async () =>
    (await aws.describeManagedPrefixLists({ PrefixListIds: [PrefixListId] })).PrefixLists![0]!
  expect(await shown()).toEqual({
    PrefixListId,
    ...NEW,
    State: 'create-complete',
    PrefixListArn: `arn:aws:ec2:${REGION}:${ACCOUNT}:prefix-list/${PrefixListId}`,
    Version: 1,
    Tags: [{ Key: 'Name', Value: 'mine' }],
    OwnerId: ACCOUNT,
  })
  expect(await entriesOf(PrefixListId)).toEqual([entry('10.1.0.0/16', 'one'), entry('10.2.0.0/16')])

  const modify = (more: object) => aws.modifyManagedPrefixList({ PrefixListId, ...more })
  const add = [entry('10.3.0.0/16'), entry('10.1.0.0/16', 'first')]
  expect(await codeOf(modify({ AddEntries: add }))).toBe('MissingParameter')
  const late = modify({ AddEntries: add, CurrentVersion: 7 })
  expect(await codeOf(late)).toBe('PrefixListVersionMismatch')
  await modify({ AddEntries: add, CurrentVersion: 1 })
  expect(await shown()).toMatchObject({ State: 'modify-complete', Version: 2 })
  const full = modify({ AddEntries: [entry('10.4.0.0/16')], CurrentVersion: 2 })
  expect(await codeOf(full)).toBe('PrefixListMaxEntriesExceeded')
  await modify({ RemoveEntries: [{ Cidr: '10.2.0.0/16' }], CurrentVersion: 2 })
  const stranger = modify({ RemoveEntries: [{ Cidr: '10.9.0.0/16' }], CurrentVersion: 3 })
  expect(await codeOf(stranger)).toBe('InvalidParameterValue')
  expect(await entriesOf(PrefixListId)).toEqual([
    entry('10.1.0.0/16', 'first'),
    entry('10.3.0.0/16'),
  ])
  expect(await entriesOf(PrefixListId, 1)).toHaveLength(2)
  await modify({ PrefixListName: 'places', MaxEntries: 5 })
  expect(await shown()).toMatchObject({ PrefixListName: 'places', MaxEntries: 5, Version: 3 })
  expect(await codeOf(modify({ MaxEntries: 1 }))).toBe('PrefixListMaxEntriesExceeded')

  await aws.restoreManagedPrefixListVersion({ PrefixListId, PreviousVersion: 1, CurrentVersion: 3 })
  expect(await shown()).toMatchObject({ State: 'restore-complete', Version: 4 })
  expect(await entriesOf(PrefixListId)).toEqual([entry('10.1.0.0/16', 'one'), entry('10.2.0.0/16')])

  const { PrefixList: gone } = await aws.deleteManagedPrefixList({ PrefixListId })
  expect(gone!.State).toBe('delete-in-progress')
  expect(await codeOf(shown())).toBe('InvalidPrefixListID.NotFound')
})

test('rules and routes name it; the hosts are told its blocks, and every change of them', async () => {
  const PrefixListId = await make({ Entries: [entry('203.0.113.0/24'), entry('198.51.100.0/24')] })
  const VpcId = (await kit.vpc()).VpcId!
  const SubnetId = (await kit.subnet(VpcId, '10.0.0.0/24')).SubnetId!
  const GatewayId = await kit.gateway(VpcId)
  const { RouteTableId } = await kit.mainTable(VpcId)
  const route = { RouteTableId, DestinationPrefixListId: PrefixListId }
  await aws.createRoute({ ...route, GatewayId })
  expect(await codeOf(aws.createRoute({ ...route, GatewayId }))).toBe('RouteAlreadyExists')
  const filter = { Name: 'route.destination-prefix-list-id', Values: [PrefixListId] }
  const { RouteTables } = await aws.describeRouteTables({ Filters: [filter] })
  expect(RouteTables![0]!.Routes).toContainEqual({
    DestinationPrefixListId: PrefixListId,
    GatewayId,
    Origin: 'CreateRoute',
    State: 'active',
  })
  const { GroupId } = await aws.createSecurityGroup({ VpcId, GroupName: 'web', Description: 'x' })
  const PrefixListIds = [{ PrefixListId, Description: 'offices' }]
  const permission = { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, PrefixListIds }
  const rule = { GroupId, IpPermissions: [permission] }
  const { SecurityGroupRules } = await aws.authorizeSecurityGroupIngress(rule)
  expect(SecurityGroupRules).toMatchObject([{ PrefixListId, Description: 'offices' }])
  const again = aws.authorizeSecurityGroupIngress(rule)
  expect(await codeOf(again)).toBe('InvalidPermission.Duplicate')
  const { SecurityGroups } = await aws.describeSecurityGroups({
    Filters: [{ Name: 'ip-permission.prefix-list-id', Values: [PrefixListId] }],
  })
  expect(SecurityGroups![0]!.IpPermissions).toMatchObject([permission])
  const { PrefixListAssociations } = await aws.getManagedPrefixListAssociations({ PrefixListId })
  expect(PrefixListAssociations!.map((each) => each.ResourceId).sort()).toEqual(
    [RouteTableId, GroupId].sort(),
  )

  const groupIds = [GroupId as SecurityGroupId]
  const [nic] = runRequest().interfaces
  const interfaces = [{ ...nic!, subnetId: SubnetId as SubnetId, groupIds }]
  await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest({ interfaces }))
  const told = () => {
    const plan = cloud.agent.networkPlans().find((each) => each.vpcId === VpcId)
    return {
      routes: plan?.subnets[0]!.routes.map((each) => each.cidr),
      peers: plan?.groups
        .find((each) => each.groupId === GroupId)
        ?.ingress.map(({ peer }) => (peer.type === 'cidr' ? peer.cidr : null)),
    }
  }
  const blocks = ['203.0.113.0/24', '198.51.100.0/24']
  const seen = await eventually(told, (each) => each.routes !== undefined)
  expect(seen).toEqual({ routes: blocks, peers: blocks })
  await aws.modifyManagedPrefixList({
    PrefixListId,
    CurrentVersion: 1,
    RemoveEntries: [{ Cidr: '198.51.100.0/24' }],
  })
  // In force when the answer is there.
  expect(told()).toEqual({ routes: ['203.0.113.0/24'], peers: ['203.0.113.0/24'] })

  const remove = () => aws.deleteManagedPrefixList({ PrefixListId })
  expect(await codeOf(remove())).toBe('DependencyViolation')
  await aws.deleteRoute(route)
  await aws.revokeSecurityGroupIngress(rule)
  await remove()
})

test('counts for as many rules as it may have entries', async () => {
  const VpcId = (await kit.vpc()).VpcId!
  const PrefixListId = await make({ MaxEntries: 60 })
  const { GroupId } = await aws.createSecurityGroup({ VpcId, GroupName: 'web', Description: 'x' })
  const allow = (more: object) =>
    aws.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [{ IpProtocol: '-1', ...more }] })
  await allow({ PrefixListIds: [{ PrefixListId }] })
  const more = allow({ IpRanges: [{ CidrIp: '10.0.0.0/8' }] })
  expect(await codeOf(more)).toBe('RulesPerSecurityGroupLimitExceeded')
  const bigger = aws.modifyManagedPrefixList({ PrefixListId, MaxEntries: 61 })
  expect(await codeOf(bigger)).toBe('RulesPerSecurityGroupLimitExceeded')
})

test('bad input', async () => {
  expect(await codeOf(make({ AddressFamily: 'IPv5' }))).toBe('InvalidParameterValue')
  expect(await codeOf(make({ MaxEntries: 0 }))).toBe('InvalidParameterValue')
  expect(await codeOf(make({ PrefixListName: 'com.amazonaws.x' }))).toBe('InvalidParameterValue')
  expect(await codeOf(make({ Entries: [entry('::/0')] }))).toBe('InvalidParameterValue')
  const twice = [entry('10.0.0.0/8'), entry('10.0.0.0/8')]
  expect(await codeOf(make({ Entries: twice }))).toBe('InvalidParameterValue')
  expect(await codeOf(aws.deleteManagedPrefixList({ PrefixListId: 'pl-01234567' }))).toBe(
    'InvalidPrefixListID.NotFound',
  )
  const { RouteTableId } = await kit.table((await kit.vpc()).VpcId!)
  const DestinationPrefixListId = 'pl-01234567'
  const route = { RouteTableId, DestinationPrefixListId, GatewayId: 'igw-01234567' }
  expect(await codeOf(aws.createRoute(route))).toBe('InvalidPrefixListID.NotFound')
  expect((await aws.describePrefixLists({})).PrefixLists).toEqual([])
})
