/** Security groups through the SDK: making and deleting them. Their rules: security-groups-rules.test.ts. */
import {
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupReferencesCommand,
  DescribeSecurityGroupsCommand,
  DescribeStaleSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  GetSecurityGroupsForVpcCommand,
  AuthorizeSecurityGroupIngressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'

let cloud: TestCloud
let count = 0

beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

async function create(name = `group-${++count}`): Promise<string> {
  const command = new CreateSecurityGroupCommand({ GroupName: name, Description: 'for a test' })
  return (await cloud.ec2.send(command)).GroupId!
}

async function describeOne(id: string) {
  const command = new DescribeSecurityGroupsCommand({ GroupIds: [id] })
  return (await cloud.ec2.send(command)).SecurityGroups![0]!
}

describe('CreateSecurityGroup', () => {
  test('a new group lets nothing in and everything out', async () => {
    const created = await cloud.ec2.send(
      new CreateSecurityGroupCommand({
        GroupName: 'web',
        Description: 'web servers',
        TagSpecifications: [
          { ResourceType: 'security-group', Tags: [{ Key: 'Name', Value: 'web' }] },
        ],
      }),
    )
    const { SecurityGroups } = await cloud.ec2.send(
      new DescribeSecurityGroupsCommand({ GroupNames: ['web'] }),
    )
    const { Vpcs } = await cloud.ec2.send(new DescribeVpcsCommand({}))
    expect(SecurityGroups).toEqual([
      {
        GroupId: created.GroupId,
        GroupName: 'web',
        Description: 'web servers',
        OwnerId: ACCOUNT,
        VpcId: Vpcs![0]!.VpcId,
        SecurityGroupArn: `arn:aws:ec2:us-east-1:${ACCOUNT}:security-group/${created.GroupId}`,
        IpPermissions: [],
        IpPermissionsEgress: [
          {
            IpProtocol: '-1',
            IpRanges: [{ CidrIp: '0.0.0.0/0' }],
            Ipv6Ranges: [],
            PrefixListIds: [],
            UserIdGroupPairs: [],
          },
        ],
        Tags: [{ Key: 'Name', Value: 'web' }],
      },
    ])
    expect(created.Tags).toEqual([{ Key: 'Name', Value: 'web' }])
    expect(created.SecurityGroupArn).toBe(SecurityGroups![0]!.SecurityGroupArn)
  })

  test.each([
    ['a name that is taken', { GroupName: 'default-ish' }, 'InvalidGroup.Duplicate'],
    ['the name of the default group', { GroupName: 'default' }, 'InvalidGroup.Reserved'],
    ['a name like an id', { GroupName: 'sg-12345678' }, 'InvalidParameterValue'],
    ['a name with other characters', { GroupName: 'gruppe-ä' }, 'InvalidParameterValue'],
    ['a name too long', { GroupName: 'x'.repeat(256) }, 'InvalidParameterValue'],
    ['a description with a newline', { Description: 'a\nb' }, 'InvalidParameterValue'],
    ['a VPC that is not there', { VpcId: 'vpc-0123456789abcdef0' }, 'InvalidVpcID.NotFound'],
    ['no VPC id', { VpcId: 'subnet-1' }, 'InvalidVpcID.Malformed'],
  ])('%s is refused', async (_name, change, code) => {
    await create('default-ish').catch(() => {})
    const input = { GroupName: `group-${++count}`, Description: 'd', ...change }
    expect(await codeOf(cloud.ec2.send(new CreateSecurityGroupCommand(input)))).toBe(code)
  })

  test('a dry run checks and makes nothing', async () => {
    const input = { GroupName: 'dry', Description: 'd', DryRun: true }
    expect(await codeOf(cloud.ec2.send(new CreateSecurityGroupCommand(input)))).toBe(
      'DryRunOperation',
    )
    const find = new DescribeSecurityGroupsCommand({ GroupNames: ['dry'] })
    expect(await codeOf(cloud.ec2.send(find))).toBe('InvalidGroup.NotFound')
  })

  test('tags of another type are refused', async () => {
    const TagSpecifications = [{ ResourceType: 'vpc' as const, Tags: [{ Key: 'a', Value: 'b' }] }]
    const input = { GroupName: 'tagged', Description: 'd', TagSpecifications }
    const error = await errorOf(cloud.ec2.send(new CreateSecurityGroupCommand(input)))
    expect(error.code).toBe('InvalidParameterValue')
    expect(error.message).toContain("'vpc' is not a valid taggable resource type")
  })
})

describe('DeleteSecurityGroup', () => {
  const remove = (GroupId: string) => cloud.ec2.send(new DeleteSecurityGroupCommand({ GroupId }))

  test('removes a group that nothing needs', async () => {
    const id = await create()
    expect((await remove(id)).GroupId).toBe(id)
    expect(await codeOf(describeOne(id))).toBe('InvalidGroup.NotFound')
    expect(await codeOf(remove(id))).toBe('InvalidGroup.NotFound')
  })

  test('removes by name in the default VPC', async () => {
    const id = await create('by-name')
    const command = new DeleteSecurityGroupCommand({ GroupName: 'by-name' })
    expect((await cloud.ec2.send(command)).GroupId).toBe(id)
  })

  test('the default group stays', async () => {
    const { SecurityGroups } = await cloud.ec2.send(
      new DescribeSecurityGroupsCommand({ GroupNames: ['default'] }),
    )
    expect(await codeOf(remove(SecurityGroups![0]!.GroupId!))).toBe('CannotDelete')
  })

  test('a group that an interface has stays until the interface is gone', async () => {
    const id = await create()
    const { Subnets } = await cloud.ec2.send(new DescribeSubnetsCommand({}))
    const { NetworkInterface } = await cloud.ec2.send(
      new CreateNetworkInterfaceCommand({ SubnetId: Subnets![0]!.SubnetId, Groups: [id] }),
    )
    const { NetworkInterfaceId } = NetworkInterface!
    expect(await codeOf(remove(id))).toBe('DependencyViolation')
    await cloud.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))
    await remove(id)
  })

  test('a group that another names stays; one that names itself goes', async () => {
    const [named, naming] = [await create(), await create()]
    const permit = (GroupId: string, peer: string) => ({
      GroupId,
      IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: peer }] }],
    })
    await cloud.ec2.send(new AuthorizeSecurityGroupIngressCommand(permit(naming, named)))
    await cloud.ec2.send(new AuthorizeSecurityGroupIngressCommand(permit(named, named)))
    expect(await codeOf(remove(named))).toBe('DependencyViolation')
    await cloud.ec2.send(new RevokeSecurityGroupIngressCommand(permit(naming, named)))
    await remove(named)
  })
})

describe('DescribeSecurityGroups', () => {
  test('filters by name, rule, tag and VPC', async () => {
    const id = await create('filter-me')
    await cloud.ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: id,
        IpPermissions: [
          {
            IpProtocol: 'tcp',
            FromPort: 8443,
            ToPort: 8444,
            IpRanges: [{ CidrIp: '10.9.0.0/16' }],
            UserIdGroupPairs: [{ GroupId: id }],
          },
        ],
      }),
    )
    const find = async (Name: string, ...Values: string[]): Promise<string[]> => {
      const command = new DescribeSecurityGroupsCommand({ Filters: [{ Name, Values }] })
      return (await cloud.ec2.send(command)).SecurityGroups!.map((group) => group.GroupId!)
    }
    expect(await find('group-name', 'filter-*')).toEqual([id])
    expect(await find('ip-permission.cidr', '10.9.0.0/16')).toEqual([id])
    expect(await find('ip-permission.from-port', '8443')).toEqual([id])
    expect(await find('ip-permission.to-port', '8444')).toEqual([id])
    expect(await find('ip-permission.group-name', 'filter-me')).toEqual([id])
    expect(await find('ip-permission.protocol', '6')).toContain(id)
    expect(await find('egress.ip-permission.cidr', '0.0.0.0/0')).toContain(id)
    expect(await find('ip-permission.cidr', '10.8.0.0/16')).toEqual([])
    expect(await codeOf(find('no-such-filter', 'x'))).toBe('InvalidParameterValue')
  })

  test('pages through all of them', async () => {
    for (let n = 0; n < 7; n++) await create()
    const seen: string[] = []
    let NextToken: string | undefined
    do {
      const command = new DescribeSecurityGroupsCommand({ MaxResults: 5, NextToken })
      const page = await cloud.ec2.send(command)
      expect(page.SecurityGroups!.length).toBeLessThanOrEqual(5)
      seen.push(...page.SecurityGroups!.map((group) => group.GroupId!))
      NextToken = page.NextToken
    } while (NextToken)
    const all = await cloud.ec2.send(new DescribeSecurityGroupsCommand({}))
    expect(seen.sort()).toEqual(all.SecurityGroups!.map((group) => group.GroupId).sort())
  })

  test("another account's groups do not exist", async () => {
    const id = await create()
    const other = cloud.ec2Of({ account: '444455556666' })
    const command = new DescribeSecurityGroupsCommand({ GroupIds: [id] })
    expect(await codeOf(other.send(command))).toBe('InvalidGroup.NotFound')
    expect(await codeOf(other.send(new DeleteSecurityGroupCommand({ GroupId: id })))).toBe(
      'InvalidGroup.NotFound',
    )
  })
})

test('groups of a VPC, stale groups and references from outside', async () => {
  const id = await create()
  const { VpcId } = await describeOne(id)
  const { SecurityGroupForVpcs } = await cloud.ec2.send(
    new GetSecurityGroupsForVpcCommand({ VpcId }),
  )
  expect(SecurityGroupForVpcs!.map((group) => group.GroupId)).toContain(id)
  const stale = await cloud.ec2.send(new DescribeStaleSecurityGroupsCommand({ VpcId }))
  expect(stale.StaleSecurityGroupSet).toEqual([])
  const references = new DescribeSecurityGroupReferencesCommand({ GroupId: [id] })
  expect((await cloud.ec2.send(references)).SecurityGroupReferenceSet).toEqual([])
  const unknown = new DescribeSecurityGroupReferencesCommand({ GroupId: ['sg-01234567'] })
  expect(await codeOf(cloud.ec2.send(unknown))).toBe('InvalidGroup.NotFound')
})
