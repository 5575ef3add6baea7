/**
 * Every resource of a VPC from its making to its end: created, read back, each single update and read back whole,
 * deleted while something needs it, deleted, gone. What else each does is told by the tests of its own.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { running } from '../support/launch.ts'
import { lives, tagging, type Update } from '../support/life.ts'
import { createVpcKit, inVpc, tagged, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit
let VpcId: string
let SubnetId: string

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 32, memoryMiB: 128 * 1024 } })
  aws = cloud.ec2
  kit = createVpcKit(aws)
  VpcId = (await kit.vpc('10.7.0.0/16')).VpcId!
  SubnetId = (await kit.subnet(VpcId, '10.7.1.0/24')).SubnetId!
})
afterAll(() => cloud.close())

test('a security group, and a rule of it', async () => {
  const group = { VpcId, GroupName: 'lives', Description: 'd', ...tagged('security-group') }
  const GroupId = (await aws.createSecurityGroup(group)).GroupId!
  const other = (await aws.createSecurityGroup({ ...group, GroupName: 'other' })).GroupId!
  const shown = async () =>
    (await aws.describeSecurityGroups({ GroupIds: [GroupId] })).SecurityGroups![0]!
  const https = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }
  const range = (Description: string) => ({
    ...https,
    IpRanges: [{ CidrIp: '10.0.0.0/8', Description }],
  })
  const permission = (Description: string) => ({
    ...range(Description),
    Ipv6Ranges: [],
    PrefixListIds: [],
    UserIdGroupPairs: [],
  })
  const everything = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
  const naming = { GroupId: other, IpPermissions: [{ ...https, UserIdGroupPairs: [{ GroupId }] }] }
  await lives<any>({
    shown,
    updates: [
      [
        'a rule',
        () => aws.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [range('one')] }),
        (before) => ({ ...before, IpPermissions: [permission('one')] }),
      ],
      [
        'its description',
        () =>
          aws.updateSecurityGroupRuleDescriptionsIngress({
            GroupId,
            IpPermissions: [range('two')],
          }),
        (before) => ({ ...before, IpPermissions: [permission('two')] }),
      ],
      [
        'no rule',
        () => aws.revokeSecurityGroupIngress({ GroupId, IpPermissions: [range('two')] }),
        (before) => ({ ...before, IpPermissions: [] }),
      ],
      [
        'nothing out',
        () => aws.revokeSecurityGroupEgress({ GroupId, IpPermissions: [everything] }),
        (before) => ({ ...before, IpPermissionsEgress: [] }),
      ],
      ...tagging<any>(aws, () => GroupId),
    ],
    inUse: {
      begin: () => aws.authorizeSecurityGroupIngress(naming),
      code: 'DependencyViolation',
      end: () => aws.revokeSecurityGroupIngress(naming),
    },
    remove: async () => {
      // The rule lives as long as its group: what it is goes by its own id.
      await ruleLives(GroupId)
      await aws.deleteSecurityGroup({ GroupId })
    },
    gone: { ask: shown, code: 'InvalidGroup.NotFound' },
  })
})

async function ruleLives(GroupId: string): Promise<void> {
  const { SecurityGroupRules } = await aws.authorizeSecurityGroupIngress({
    GroupId,
    IpPermissions: [
      { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
    ],
    ...tagged('security-group-rule'),
  })
  const [made] = SecurityGroupRules!
  const SecurityGroupRuleId = made!.SecurityGroupRuleId!
  const ids = { SecurityGroupRuleIds: [SecurityGroupRuleId] }
  const shown = async () => (await aws.describeSecurityGroupRules(ids)).SecurityGroupRules![0]!
  const modified = (SecurityGroupRule: object, change: object): Update<any> => [
    JSON.stringify(SecurityGroupRule),
    () =>
      aws.modifySecurityGroupRules({
        GroupId,
        SecurityGroupRules: [{ SecurityGroupRuleId, SecurityGroupRule }],
      }),
    ({ CidrIpv4: _v4, CidrIpv6: _v6, ...before }) => ({ ...before, ...change }),
  ]
  const ports = { IpProtocol: 'udp', FromPort: 53, ToPort: 54 }
  await lives<any>({
    shown,
    made,
    updates: [
      modified({ ...ports, CidrIpv4: '10.1.0.0/16' }, { ...ports, CidrIpv4: '10.1.0.0/16' }),
      modified({ ...ports, CidrIpv6: 'fd00::/8' }, { ...ports, CidrIpv6: 'fd00::/8' }),
      modified(
        { ...ports, CidrIpv6: 'fd00::/8', Description: 'said' },
        { CidrIpv6: 'fd00::/8', Description: 'said' },
      ),
      ...tagging<any>(aws, () => SecurityGroupRuleId),
    ],
    remove: () =>
      aws.revokeSecurityGroupIngress({ GroupId, SecurityGroupRuleIds: [SecurityGroupRuleId] }),
    gone: { ask: shown, code: 'InvalidSecurityGroupRuleId.NotFound' },
  })
}

test('a network interface', async () => {
  const { NetworkInterface: made } = await aws.createNetworkInterface({
    SubnetId,
    Description: 'spare',
    ...tagged('network-interface'),
  })
  const NetworkInterfaceId = made!.NetworkInterfaceId!
  const query = { NetworkInterfaceIds: [NetworkInterfaceId] }
  const shown = async () => {
    const [one] = (await aws.describeNetworkInterfaces(query)).NetworkInterfaces!
    const { TagSet: Tags, ...rest } = one!
    return { ...rest, Tags }
  }
  const { TagSet: Tags, ...rest } = made!
  const named = { VpcId, GroupName: 'of-interface', Description: 'd' }
  const { GroupId } = await aws.createSecurityGroup(named)
  const modified = (change: object, after: object): Update<any> => [
    Object.keys(change)[0]!,
    () => aws.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, ...change }),
    (before) => ({ ...before, ...after }),
  ]
  const PrivateIpAddresses = ['10.7.1.77']
  const own = rest.PrivateIpAddresses!
  const instance = await running(aws, { SubnetId })
  let AttachmentId = ''
  await lives<any>({
    shown,
    made: { ...rest, Tags },
    updates: [
      modified({ Description: { Value: 'told' } }, { Description: 'told' }),
      modified({ SourceDestCheck: { Value: false } }, { SourceDestCheck: false }),
      [
        'the check again',
        () => aws.resetNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: '' }),
        (before) => ({ ...before, SourceDestCheck: true }),
      ],
      modified({ Groups: [GroupId] }, { Groups: [{ GroupId, GroupName: 'of-interface' }] }),
      [
        'another address',
        () => aws.assignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses }),
        (before) => ({
          ...before,
          PrivateIpAddresses: [...own, { PrivateIpAddress: '10.7.1.77', Primary: false }],
        }),
      ],
      [
        'one address',
        () => aws.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses }),
        (before) => ({ ...before, PrivateIpAddresses: own }),
      ],
      ...tagging<any>(aws, () => NetworkInterfaceId),
    ],
    inUse: {
      begin: async () => {
        const input = { NetworkInterfaceId, InstanceId: instance, DeviceIndex: 1 }
        AttachmentId = (await aws.attachNetworkInterface(input)).AttachmentId!
        await eventually(shown, (one) => one.Attachment?.Status === 'attached')
        const Attachment = { AttachmentId, DeleteOnTermination: true }
        await aws.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, Attachment })
        expect((await shown()).Attachment).toEqual({
          AttachmentId,
          AttachTime: expect.any(Date),
          DeleteOnTermination: true,
          DeviceIndex: 1,
          NetworkCardIndex: 0,
          InstanceId: instance,
          InstanceOwnerId: made!.OwnerId,
          Status: 'attached',
        })
      },
      code: 'InvalidParameterValue',
      end: async () => {
        await aws.detachNetworkInterface({ AttachmentId })
        await eventually(shown, (one) => one.Status === 'available')
      },
    },
    remove: () => aws.deleteNetworkInterface({ NetworkInterfaceId }),
    gone: { ask: shown, code: 'InvalidNetworkInterfaceID.NotFound' },
  })
})

test('an ACL', async () => {
  const { NetworkAcl: made } = await aws.createNetworkAcl({ VpcId, ...tagged('network-acl') })
  const NetworkAclId = made!.NetworkAclId!
  const shown = async () =>
    (await aws.describeNetworkAcls({ NetworkAclIds: [NetworkAclId] })).NetworkAcls![0]!
  const entry = {
    RuleNumber: 10,
    Egress: false,
    Protocol: '6',
    RuleAction: 'allow' as const,
    CidrBlock: '10.0.0.0/8',
    PortRange: { From: 80, To: 80 },
  }
  const { NetworkAcls } = await aws.describeNetworkAcls(inVpc(VpcId))
  const byDefault = NetworkAcls!.find(({ IsDefault }) => IsDefault)!
  const join = async (to: string) => {
    const { NetworkAcls: all } = await aws.describeNetworkAcls({
      Filters: [{ Name: 'association.subnet-id', Values: [SubnetId] }],
    })
    const { NetworkAclAssociationId: AssociationId } = all![0]!.Associations!.find(
      (one) => one.SubnetId === SubnetId,
    )!
    await aws.replaceNetworkAclAssociation({ AssociationId, NetworkAclId: to })
  }
  const [out, last] = made!.Entries!
  await lives<any>({
    shown,
    made,
    updates: [
      [
        'an entry',
        () => aws.createNetworkAclEntry({ NetworkAclId, ...entry }),
        (before) => ({ ...before, Entries: [out, entry, last] }),
      ],
      [
        'another one in its place',
        () => aws.replaceNetworkAclEntry({ NetworkAclId, ...entry, RuleAction: 'deny' }),
        (before) => ({ ...before, Entries: [out, { ...entry, RuleAction: 'deny' }, last] }),
      ],
      [
        'none',
        () => aws.deleteNetworkAclEntry({ NetworkAclId, RuleNumber: 10, Egress: false }),
        (before) => ({ ...before, Entries: [out, last] }),
      ],
      [
        'a subnet',
        () => join(NetworkAclId),
        (before) => ({
          ...before,
          Associations: [
            {
              NetworkAclAssociationId: expect.stringMatching(/^aclassoc-/),
              NetworkAclId,
              SubnetId,
            },
          ],
        }),
      ],
      [
        'no subnet',
        () => join(byDefault.NetworkAclId!),
        (before) => ({ ...before, Associations: [] }),
      ],
      ...tagging<any>(aws, () => NetworkAclId),
    ],
    inUse: {
      begin: () => join(NetworkAclId),
      code: 'DependencyViolation',
      end: () => join(byDefault.NetworkAclId!),
    },
    remove: () => aws.deleteNetworkAcl({ NetworkAclId }),
    gone: { ask: shown, code: 'InvalidNetworkAclID.NotFound' },
  })
})
