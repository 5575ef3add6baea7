/** Rules of security groups through the SDK: added, refused, replaced, described, removed, and what hosts then get. */
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  ModifySecurityGroupRulesCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  UpdateSecurityGroupRuleDescriptionsEgressCommand,
  UpdateSecurityGroupRuleDescriptionsIngressCommand,
  type AuthorizeSecurityGroupIngressCommandInput,
  type IpPermission,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'

let cloud: TestCloud
let GroupId: string
let count = 0

beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())
beforeEach(async () => {
  const input = { GroupName: `rules-${++count}`, Description: 'for a test' }
  GroupId = (await cloud.ec2.send(new CreateSecurityGroupCommand(input))).GroupId!
})

const ssh = (...cidrs: string[]): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: 22,
  ToPort: 22,
  IpRanges: cidrs.map((CidrIp) => ({ CidrIp })),
})

const allow = (...IpPermissions: IpPermission[]) =>
  cloud.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))

const revoke = (...IpPermissions: IpPermission[]) =>
  cloud.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }))

async function group() {
  const command = new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] })
  return (await cloud.ec2.send(command)).SecurityGroups![0]!
}

describe('AuthorizeSecurityGroupIngress', () => {
  test('answers the rules it made; rules of the same traffic are shown as one permission', async () => {
    const { SecurityGroupRules } = await allow({
      ...ssh('10.0.0.0/8', '192.0.2.1/32'),
      Ipv6Ranges: [{ CidrIpv6: '2001:DB8:0:0::/32', Description: 'six' }],
      UserIdGroupPairs: [{ GroupId }],
    })
    expect(SecurityGroupRules).toHaveLength(4)
    expect(SecurityGroupRules![0]).toMatchObject({
      SecurityGroupRuleId: expect.stringMatching(/^sgr-[0-9a-f]{17}$/),
      GroupId,
      GroupOwnerId: ACCOUNT,
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      CidrIpv4: '10.0.0.0/8',
    })
    const { IpPermissions } = await group()
    expect(IpPermissions).toEqual([
      {
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        IpRanges: [{ CidrIp: '10.0.0.0/8' }, { CidrIp: '192.0.2.1/32' }],
        Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32', Description: 'six' }],
        PrefixListIds: [],
        UserIdGroupPairs: [{ GroupId, UserId: ACCOUNT }],
      },
    ])
  })

  test('host bits are cleared, so that the same block twice is a duplicate', async () => {
    const { SecurityGroupRules } = await allow(ssh('100.68.0.18/18'))
    expect(SecurityGroupRules![0]!.CidrIpv4).toBe('100.68.0.0/18')
    const error = await errorOf(allow(ssh('100.68.0.0/18')))
    expect(error).toEqual({
      code: 'InvalidPermission.Duplicate',
      message:
        'the specified rule "peer: 100.68.0.0/18, TCP, from port: 22, to port: 22, ALLOW" already exists',
    })
  })

  test('all or nothing: one duplicate and none of the request is added', async () => {
    await allow(ssh('10.1.0.0/16'))
    expect(await codeOf(allow(ssh('10.2.0.0/16', '10.1.0.0/16')))).toBe(
      'InvalidPermission.Duplicate',
    )
    expect(await codeOf(allow(ssh('10.3.0.0/16'), ssh('10.3.0.0/16')))).toBe(
      'InvalidPermission.Duplicate',
    )
    expect((await group()).IpPermissions![0]!.IpRanges).toEqual([{ CidrIp: '10.1.0.0/16' }])
  })

  test('flat parameters, and the group by its name', async () => {
    await cloud.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupName: `rules-${count}`,
        IpProtocol: '17',
        FromPort: 53,
        ToPort: 53,
        CidrIp: '10.0.0.0/8',
      }),
    )
    expect((await group()).IpPermissions).toMatchObject([
      { IpProtocol: 'udp', FromPort: 53, ToPort: 53, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
    ])
  })

  test('a source group alone means full TCP, UDP and ICMP', async () => {
    const SourceSecurityGroupName = `rules-${count}`
    const input = { GroupId, SourceSecurityGroupName }
    await cloud.ec2.send(new AuthorizeSecurityGroupIngressCommand(input))
    const { IpPermissions } = await group()
    expect(IpPermissions!.map((p) => [p.IpProtocol, p.FromPort, p.ToPort])).toEqual([
      ['tcp', 0, 65535],
      ['udp', 0, 65535],
      ['icmp', -1, -1],
    ])
  })

  test('all protocols and protocols without a name have no ports', async () => {
    const ranges = { IpRanges: [{ CidrIp: '10.0.0.0/8' }] }
    await allow({ IpProtocol: '-1', FromPort: 22, ToPort: 22, ...ranges })
    await allow({ IpProtocol: '50', FromPort: 1, ToPort: 2, ...ranges })
    const { IpPermissions } = await group()
    expect(IpPermissions!.map((p) => [p.IpProtocol, p.FromPort])).toEqual([
      ['-1', undefined],
      ['50', undefined],
    ])
  })

  const icmp = (FromPort: number, ToPort: number): IpPermission => {
    return { IpProtocol: 'icmp', FromPort, ToPort, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }
  }

  test.each<[string, Partial<AuthorizeSecurityGroupIngressCommandInput>, string]>([
    ['no permission', {}, 'MissingParameter'],
    ['a permission without a peer', { IpPermissions: [ssh()] }, 'InvalidPermission.Malformed'],
    ['a reversed range of ports', perm({ FromPort: 80, ToPort: 22 }), 'InvalidParameterValue'],
    ['a port too high', perm({ FromPort: 0, ToPort: 65536 }), 'InvalidParameterValue'],
    ['a negative port', perm({ FromPort: -1, ToPort: -1 }), 'InvalidParameterValue'],
    ['TCP without ports', perm({ FromPort: undefined }), 'InvalidParameterValue'],
    ['an unknown protocol', perm({ IpProtocol: 'tpc' }), 'InvalidParameterValue'],
    ['a protocol number too high', perm({ IpProtocol: '256' }), 'InvalidParameterValue'],
    ['no protocol', perm({ IpProtocol: undefined }), 'MissingParameter'],
    ['an ICMP type too high', { IpPermissions: [icmp(256, -1)] }, 'InvalidParameterValue'],
    ['an ICMP code of any type', { IpPermissions: [icmp(-1, 3)] }, 'InvalidParameterValue'],
    ['a broken block', { IpPermissions: [ssh('10.0.0.0/33')] }, 'InvalidParameterValue'],
    ['an address without a prefix', { IpPermissions: [ssh('10.0.0.1')] }, 'InvalidParameterValue'],
    ['a broken IPv6 block', six('2001:db8::/129'), 'InvalidParameterValue'],
    ['an unknown group', peer({ GroupId: 'sg-01234567' }), 'InvalidGroup.NotFound'],
    ['a malformed group id', peer({ GroupId: 'sg-x' }), 'InvalidGroupId.Malformed'],
    ["another account's group", peer({ GroupName: 'x', UserId: '1' }), 'InvalidGroup.NotFound'],
    ['a prefix list', perm({ PrefixListIds: [{ PrefixListId: 'pl-1' }] }), NO_LIST],
    ['a description with a tab', perm({ IpRanges: [described('\t')] }), 'InvalidParameterValue'],
    ['flat and nested', { ...perm({}), IpProtocol: 'tcp' }, 'InvalidParameterCombination'],
    ['tags of a group', { ...perm({}), ...tagsOf('security-group') }, 'InvalidParameterValue'],
    ['a dry run', { ...perm({}), DryRun: true }, 'DryRunOperation'],
  ])('%s: refused', async (_name, input, code) => {
    const command = new AuthorizeSecurityGroupIngressCommand({ GroupId, ...input })
    expect(await codeOf(cloud.ec2.send(command))).toBe(code)
    expect((await group()).IpPermissions).toEqual([])
  })

  test('sixty rules each way, IPv4 and IPv6 counted apart', async () => {
    const cidrs = Array.from({ length: 61 }, (_, n) => `10.0.${n}.0/24`)
    const six = { ...ssh(), Ipv6Ranges: [{ CidrIpv6: '::/0' }] }
    expect(await codeOf(allow(ssh(...cidrs)))).toBe('RulesPerSecurityGroupLimitExceeded')
    await allow(ssh(...cidrs.slice(1)))
    await allow(six)
    expect(await codeOf(allow(ssh(cidrs[0]!)))).toBe('RulesPerSecurityGroupLimitExceeded')
    expect(await codeOf(allow({ ...ssh(), UserIdGroupPairs: [{ GroupId }] }))).toBe(
      'RulesPerSecurityGroupLimitExceeded',
    )
  })
})

const NO_LIST = 'InvalidPrefixListID.NotFound'

function perm(change: Partial<IpPermission>) {
  return { IpPermissions: [{ ...ssh('10.0.0.0/8'), ...change }] }
}
function six(CidrIpv6: string) {
  return { IpPermissions: [{ ...ssh(), Ipv6Ranges: [{ CidrIpv6 }] }] }
}
function peer(pair: { GroupId?: string; GroupName?: string; UserId?: string }) {
  return { IpPermissions: [{ ...ssh(), UserIdGroupPairs: [pair] }] }
}
function described(Description: string) {
  return { CidrIp: '10.0.0.0/8', Description }
}
function tagsOf(ResourceType: 'security-group') {
  return { TagSpecifications: [{ ResourceType, Tags: [{ Key: 'a', Value: 'b' }] }] }
}

describe('RevokeSecurityGroupIngress and Egress', () => {
  test('by what a rule allows; its description does not matter', async () => {
    await allow({ ...ssh(), IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'office' }] })
    const { RevokedSecurityGroupRules, UnknownIpPermissions } = await revoke(ssh('10.0.0.0/8'))
    expect(RevokedSecurityGroupRules).toMatchObject([{ GroupId, CidrIpv4: '10.0.0.0/8' }])
    expect(UnknownIpPermissions).toEqual([])
    expect((await group()).IpPermissions).toEqual([])
  })

  test('in a default VPC what is not there is answered, the rest removed', async () => {
    await allow(ssh('10.0.0.0/8'))
    const answer = await revoke(ssh('10.0.0.0/8', '10.0.0.0/9'))
    expect(answer.RevokedSecurityGroupRules).toHaveLength(1)
    expect(answer.UnknownIpPermissions).toMatchObject([{ IpRanges: [{ CidrIp: '10.0.0.0/9' }] }])
  })

  test('by id, of its own direction only', async () => {
    const { SecurityGroupRules } = await allow(ssh('10.0.0.0/8'))
    const SecurityGroupRuleIds = [SecurityGroupRules![0]!.SecurityGroupRuleId!]
    const wrongWay = new RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds })
    expect(await codeOf(cloud.ec2.send(wrongWay))).toBe('InvalidSecurityGroupRuleId.NotFound')
    const command = new RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds })
    await cloud.ec2.send(command)
    expect(await codeOf(cloud.ec2.send(command))).toBe('InvalidSecurityGroupRuleId.NotFound')
  })

  test("a new group's way out can be closed and opened", async () => {
    const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }]
    const input = { GroupId, IpPermissions }
    const authorize = new AuthorizeSecurityGroupEgressCommand(input)
    const error = await errorOf(cloud.ec2.send(authorize))
    expect(error.message).toContain('"peer: 0.0.0.0/0, ALL, ALLOW" already exists')
    await cloud.ec2.send(new RevokeSecurityGroupEgressCommand(input))
    expect((await group()).IpPermissionsEgress).toEqual([])
    await cloud.ec2.send(authorize)
    expect((await group()).IpPermissionsEgress).toHaveLength(1)
  })
})

describe('ModifySecurityGroupRules', () => {
  const modify = (SecurityGroupRuleId: string, SecurityGroupRule: object) =>
    cloud.ec2.send(
      new ModifySecurityGroupRulesCommand({
        GroupId,
        SecurityGroupRules: [{ SecurityGroupRuleId, SecurityGroupRule }],
      }),
    )

  test('a rule becomes another and keeps its id and tags', async () => {
    const { SecurityGroupRules } = await cloud.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [ssh('10.0.0.0/8')],
        TagSpecifications: [
          { ResourceType: 'security-group-rule', Tags: [{ Key: 'a', Value: 'b' }] },
        ],
      }),
    )
    const id = SecurityGroupRules![0]!.SecurityGroupRuleId!
    const rule = { IpProtocol: 'udp', FromPort: 53, ToPort: 54, CidrIpv4: '10.1.2.3/16' }
    await modify(id, { ...rule, Description: 'names' })
    const found = await cloud.ec2.send(
      new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [id] }),
    )
    expect(found.SecurityGroupRules).toEqual([
      {
        SecurityGroupRuleId: id,
        SecurityGroupRuleArn: `arn:aws:ec2:us-east-1:${ACCOUNT}:security-group-rule/${id}`,
        GroupId,
        GroupOwnerId: ACCOUNT,
        IsEgress: false,
        IpProtocol: 'udp',
        FromPort: 53,
        ToPort: 54,
        CidrIpv4: '10.1.0.0/16',
        Description: 'names',
        Tags: [{ Key: 'a', Value: 'b' }],
      },
    ])
  })

  test('not into a duplicate, not without one peer, not an unknown one', async () => {
    const { SecurityGroupRules } = await allow(ssh('10.0.0.0/8', '10.0.0.0/9'))
    const id = SecurityGroupRules![1]!.SecurityGroupRuleId!
    const rule = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }
    expect(await codeOf(modify(id, { ...rule, CidrIpv4: '10.0.0.0/8' }))).toBe(
      'InvalidPermission.Duplicate',
    )
    expect(await codeOf(modify(id, rule))).toBe('InvalidPermission.Malformed')
    const both = { ...rule, CidrIpv4: '10.0.0.0/8', CidrIpv6: '::/0' }
    expect(await codeOf(modify(id, both))).toBe('InvalidPermission.Malformed')
    expect(await codeOf(modify('sgr-01234567', rule))).toBe('InvalidSecurityGroupRuleId.NotFound')
  })
})

describe('UpdateSecurityGroupRuleDescriptions', () => {
  test('by what a rule allows and by id; absent clears', async () => {
    const { SecurityGroupRules } = await allow(ssh('10.0.0.0/8'))
    const id = SecurityGroupRules![0]!.SecurityGroupRuleId!
    const description = async () => (await group()).IpPermissions![0]!.IpRanges![0]!.Description
    const permission = { ...ssh(), IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'one' }] }
    const update = (input: object) =>
      cloud.ec2.send(new UpdateSecurityGroupRuleDescriptionsIngressCommand({ GroupId, ...input }))
    await update({ IpPermissions: [permission] })
    expect(await description()).toBe('one')
    const byId = (Description?: string) => ({
      SecurityGroupRuleDescriptions: [{ SecurityGroupRuleId: id, Description }],
    })
    await update(byId('two'))
    expect(await description()).toBe('two')
    await update(byId())
    expect(await description()).toBeUndefined()
    expect(await codeOf(update({ IpPermissions: [ssh('10.0.0.0/9')] }))).toBe(
      'InvalidPermission.NotFound',
    )
    const egress = new UpdateSecurityGroupRuleDescriptionsEgressCommand({ GroupId, ...byId('x') })
    expect(await codeOf(cloud.ec2.send(egress))).toBe('InvalidSecurityGroupRuleId.NotFound')
  })
})

test('DescribeSecurityGroupRules filters by group and tag', async () => {
  await allow(ssh('10.0.0.0/8'))
  const find = (Name: string, ...Values: string[]) =>
    cloud.ec2.send(new DescribeSecurityGroupRulesCommand({ Filters: [{ Name, Values }] }))
  const ofGroup = (await find('group-id', GroupId)).SecurityGroupRules!
  expect(ofGroup.map((rule) => rule.IsEgress).sort()).toEqual([false, true])
  expect((await find('tag:none', 'x')).SecurityGroupRules).toEqual([])
})

test('a change reaches the hosts of the VPC', async () => {
  await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest())
  const ports = () =>
    cloud.agent
      .networkPlans()
      .flatMap((plan) => plan.groups)
      .find((each) => each.groupId === GroupId)
      ?.ingress.map((rule) => rule.fromPort)
  await allow(ssh('10.0.0.0/8'))
  await eventually(ports, (found) => found?.join() === '22')
  await revoke(ssh('10.0.0.0/8'))
  await eventually(ports, (found) => found?.length === 0)
})
