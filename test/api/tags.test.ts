/** Tags through the SDK: on every kind of resource, many at once, within AWS's limits. */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkInterfaceCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeDhcpOptionsCommand,
  DescribeInternetGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVpcsCommand,
  type Tag,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import { ctxOf, runRequest, TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'

let cloud: TestCloud
/** An id of every kind that exists in a new account with one instance, by AWS's resource type. */
const ids: Record<string, string> = {}

beforeAll(async () => {
  cloud = await startTestCloud()
  const { ec2 } = cloud
  ids.vpc = (await ec2.send(new DescribeVpcsCommand({}))).Vpcs![0]!.VpcId!
  ids.subnet = (await ec2.send(new DescribeSubnetsCommand({}))).Subnets![0]!.SubnetId!
  const tables = await ec2.send(new DescribeRouteTablesCommand({}))
  ids['route-table'] = tables.RouteTables![0]!.RouteTableId!
  const gateways = await ec2.send(new DescribeInternetGatewaysCommand({}))
  ids['internet-gateway'] = gateways.InternetGateways![0]!.InternetGatewayId!
  const acls = await ec2.send(new DescribeNetworkAclsCommand({}))
  ids['network-acl'] = acls.NetworkAcls![0]!.NetworkAclId!
  const dhcp = await ec2.send(new DescribeDhcpOptionsCommand({}))
  ids['dhcp-options'] = dhcp.DhcpOptions![0]!.DhcpOptionsId!
  const groups = await ec2.send(new DescribeSecurityGroupsCommand({}))
  const GroupId = (ids['security-group'] = groups.SecurityGroups![0]!.GroupId!)
  const input = { GroupId, IpProtocol: 'tcp', FromPort: 1, ToPort: 1, CidrIp: '10.0.0.0/8' }
  const rules = await ec2.send(new AuthorizeSecurityGroupIngressCommand(input))
  ids['security-group-rule'] = rules.SecurityGroupRules![0]!.SecurityGroupRuleId!
  const command = new CreateNetworkInterfaceCommand({ SubnetId: ids.subnet })
  ids['network-interface'] = (await ec2.send(command)).NetworkInterface!.NetworkInterfaceId!
  const ran = await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest())
  ids.instance = ran.instanceIds[0]!
  const volumes = await cloud.app.store.list('volume', { account: ACCOUNT })
  ids.volume = volumes[0]!.id
})
afterAll(() => cloud.close())

const create = (Resources: string[], ...Tags: Tag[]) =>
  cloud.ec2.send(new CreateTagsCommand({ Resources, Tags }))
const remove = (Resources: string[], Tags?: Tag[]) =>
  cloud.ec2.send(new DeleteTagsCommand({ Resources, Tags }))

async function tagsOf(id: string): Promise<Record<string, string>> {
  const command = new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] })
  const { Tags } = await cloud.ec2.send(command)
  return Object.fromEntries(Tags!.map((tag) => [tag.Key!, tag.Value!]))
}

test('every kind of resource, all in one request', async () => {
  await create(Object.values(ids), { Key: 'project', Value: 'apollo' })
  const command = new DescribeTagsCommand({
    Filters: [{ Name: 'tag:project', Values: ['apollo'] }],
  })
  const { Tags } = await cloud.ec2.send(command)
  const found = Object.fromEntries(Tags!.map((tag) => [tag.ResourceType, tag.ResourceId]))
  expect(found).toEqual(ids)
  await remove(Object.values(ids), [{ Key: 'project' }])
  expect((await cloud.ec2.send(command)).Tags).toEqual([])
})

test('a tag set again has the new value; the others stay', async () => {
  await create([ids.vpc!], { Key: 'a', Value: '1' }, { Key: 'b', Value: '2' })
  await create([ids.vpc!], { Key: 'a', Value: '3' }, { Key: 'empty', Value: '' })
  expect(await tagsOf(ids.vpc!)).toEqual({ a: '3', b: '2', empty: '' })
  const { Vpcs } = await cloud.ec2.send(new DescribeVpcsCommand({}))
  expect(Vpcs![0]!.Tags).toContainEqual({ Key: 'a', Value: '3' })
})

test('deleting: only with the same value when one is given; all when no key is', async () => {
  const id = ids.subnet!
  await create([id], { Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }, { Key: 'c', Value: '' })
  await remove([id], [{ Key: 'a', Value: '2' }, { Key: 'b' }, { Key: 'nothing' }])
  expect(await tagsOf(id)).toEqual({ a: '1', c: '' })
  await remove([id], [{ Key: 'a', Value: '' }])
  expect(await tagsOf(id)).toEqual({ a: '1', c: '' })
  await remove([id])
  expect(await tagsOf(id)).toEqual({})
})

test('two rules of one group in one request', async () => {
  const { SecurityGroupRules } = await cloud.ec2.send(new DescribeSecurityGroupRulesCommand({}))
  const two = SecurityGroupRules!.slice(0, 2).map((rule) => rule.SecurityGroupRuleId!)
  await create(two, { Key: 'both', Value: 'yes' })
  for (const id of two) expect(await tagsOf(id)).toEqual({ both: 'yes' })
  const filtered = await cloud.ec2.send(
    new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'tag:both', Values: ['yes'] }] }),
  )
  expect(filtered.SecurityGroupRules).toHaveLength(2)
})

test('all or nothing: one unknown id and none is tagged', async () => {
  const wrong = create([ids.instance!, 'vol-0123456789abcdef0'], { Key: 'half', Value: 'x' })
  expect(await codeOf(wrong)).toBe('InvalidVolume.NotFound')
  expect(await tagsOf(ids.instance!)).toEqual({})
})

test.each([
  ['an unknown instance', 'i-0123456789abcdef0', 'InvalidInstanceID.NotFound'],
  ['an unknown rule', 'sgr-0123456789abcdef0', 'InvalidSecurityGroupRuleId.NotFound'],
  ['a malformed id', 'vpc-xyz', 'InvalidVpcID.Malformed'],
  ['an id of no kind', 'nonsense', 'InvalidID'],
  ['what has no tags', 'r-0123456789abcdef0', 'InvalidReservationID.NotFound'],
  ['a public image of another', TINY, 'UnsupportedOperation'],
])('%s is refused', async (_name, id, code) => {
  expect(await codeOf(create([id], { Key: 'a', Value: 'b' }))).toBe(code)
  expect(await codeOf(remove([id]))).toBe(code)
})

test.each<[string, Tag[], string]>([
  ['a reserved key', [{ Key: 'aws:mine', Value: 'x' }], 'InvalidParameterValue'],
  ['an empty key', [{ Key: '', Value: 'x' }], 'InvalidParameterValue'],
  ['a key too long', [{ Key: 'k'.repeat(129), Value: 'x' }], 'InvalidParameterValue'],
  ['a value too long', [{ Key: 'k', Value: 'x'.repeat(257) }], 'InvalidParameterValue'],
  [
    'a key twice',
    [
      { Key: 'k', Value: '1' },
      { Key: 'k', Value: '2' },
    ],
    'InvalidParameterValue',
  ],
])('%s is refused', async (_name, tags, code) => {
  expect(await codeOf(create([ids.volume!], ...tags))).toBe(code)
})

test('fifty tags fit on a resource and no more', async () => {
  const tags = Array.from({ length: 50 }, (_, n) => ({ Key: `key-${n}`, Value: 'x' }))
  await create([ids.volume!], ...tags)
  await create([ids.volume!], { Key: 'key-7', Value: 'again' })
  expect(await codeOf(create([ids.volume!], { Key: 'one-more', Value: '' }))).toBe(
    'TagLimitExceeded',
  )
  const seen: string[] = []
  let NextToken: string | undefined
  do {
    const Filters = [{ Name: 'resource-type', Values: ['volume'] }]
    const page = await cloud.ec2.send(
      new DescribeTagsCommand({ Filters, MaxResults: 20, NextToken }),
    )
    seen.push(...page.Tags!.map((tag) => tag.Key!))
    NextToken = page.NextToken
  } while (NextToken)
  expect(new Set(seen).size).toBe(50)
  expect(seen).toHaveLength(50)
})

test('keys that mean something to JavaScript are only keys', async () => {
  await create(
    [ids.instance!],
    { Key: '__proto__', Value: 'x' },
    { Key: 'constructor', Value: 'y' },
  )
  const command = new DescribeTagsCommand({
    Filters: [{ Name: 'resource-id', Values: [ids.instance!] }],
  })
  const { Tags } = await cloud.ec2.send(command)
  expect(Tags!.map((tag) => [tag.Key, tag.Value])).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  await remove([ids.instance!])
})

test('a dry run says what would happen and does nothing', async () => {
  const input = { Resources: [ids.instance!], Tags: [{ Key: 'dry', Value: '' }], DryRun: true }
  expect(await codeOf(cloud.ec2.send(new CreateTagsCommand(input)))).toBe('DryRunOperation')
  expect(await tagsOf(ids.instance!)).toEqual({})
})
