/** Network ACLs through the SDK: made, filled, put in another's place, deleted; what the hosts are told. */
import type { NetworkAcl } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import type { SubnetId } from '../../src/domain/ids.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { createVpcKit, inVpc, tagged, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit
let VpcId: string

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
  kit = createVpcKit(aws)
  VpcId = (await kit.vpc()).VpcId!
})
afterAll(() => cloud.close())

const make = async (): Promise<string> =>
  (await aws.createNetworkAcl({ VpcId })).NetworkAcl!.NetworkAclId!

const shown = async (id: string): Promise<NetworkAcl> =>
  (await aws.describeNetworkAcls({ NetworkAclIds: [id] })).NetworkAcls![0]!

const HTTP = {
  RuleNumber: 100,
  Egress: false,
  Protocol: '6',
  RuleAction: 'allow' as const,
  CidrBlock: '10.0.0.0/8',
  PortRange: { From: 80, To: 81 },
}
const LAST = { RuleNumber: 32767, Protocol: '-1', RuleAction: 'deny', CidrBlock: '0.0.0.0/0' }

describe('a network ACL', () => {
  test('denies everything until it has entries', async () => {
    const input = { VpcId, ...tagged('network-acl'), ClientToken: 'acl-once' }
    const { NetworkAcl: acl } = await aws.createNetworkAcl(input)
    expect(acl).toEqual({
      NetworkAclId: expect.stringMatching(/^acl-[0-9a-f]{17}$/),
      OwnerId: ACCOUNT,
      VpcId,
      IsDefault: false,
      Entries: [
        { ...LAST, Egress: true },
        { ...LAST, Egress: false },
      ],
      Associations: [],
      Tags: [{ Key: 'Name', Value: 'mine' }],
    })
    expect((await aws.createNetworkAcl(input)).NetworkAcl).toEqual(acl)
    expect(await shown(acl!.NetworkAclId!)).toEqual(acl)
    await aws.deleteNetworkAcl({ NetworkAclId: acl!.NetworkAclId })
  })

  test('its entries are read back as they were set, in order', async () => {
    const NetworkAclId = await make()
    const create = (more: object = {}) =>
      aws.createNetworkAclEntry({ NetworkAclId, ...HTTP, ...more })
    await create()
    await create({ RuleNumber: 50, Protocol: 'udp', PortRange: { From: 53, To: 53 } })
    await create({ Egress: true, Protocol: '-1', PortRange: undefined, RuleAction: 'deny' })
    const icmp = { Protocol: '1', PortRange: undefined, IcmpTypeCode: { Type: 8, Code: -1 } }
    await create({ RuleNumber: 60, ...icmp })
    const six = { Ipv6CidrBlock: '2001:DB8::/32', CidrBlock: undefined, Protocol: '-1' }
    await create({ RuleNumber: 70, ...six, PortRange: undefined })
    const { PortRange: _ports, ...bare } = HTTP
    expect((await shown(NetworkAclId)).Entries).toEqual([
      { ...bare, Egress: true, Protocol: '-1', RuleAction: 'deny' },
      { ...LAST, Egress: true },
      { ...HTTP, RuleNumber: 50, Protocol: '17', PortRange: { From: 53, To: 53 } },
      { ...bare, RuleNumber: 60, Protocol: '1', IcmpTypeCode: { Type: 8, Code: -1 } },
      {
        Egress: false,
        Protocol: '-1',
        RuleAction: 'allow',
        RuleNumber: 70,
        Ipv6CidrBlock: '2001:db8::/32',
      },
      HTTP,
      { ...LAST, Egress: false },
    ])
    const Filters = [{ Name: 'entry.port-range.from', Values: ['80'] }]
    expect((await aws.describeNetworkAcls({ Filters })).NetworkAcls).toHaveLength(1)
    expect(await codeOf(create())).toBe('NetworkAclEntryAlreadyExists')
    const replace = (more: object) => aws.replaceNetworkAclEntry({ NetworkAclId, ...HTTP, ...more })
    await replace({ PortRange: { From: 443, To: 443 } })
    expect(await codeOf(replace({ RuleNumber: 7 }))).toBe('InvalidNetworkAclEntry.NotFound')
    const remove = () => aws.deleteNetworkAclEntry({ NetworkAclId, RuleNumber: 100, Egress: false })
    expect((await shown(NetworkAclId)).Entries).toContainEqual({
      ...HTTP,
      PortRange: { From: 443, To: 443 },
    })
    await remove()
    expect(await codeOf(remove())).toBe('InvalidNetworkAclEntry.NotFound')
    await aws.deleteNetworkAcl({ NetworkAclId })
  })

  test.each([
    ['number 0', { RuleNumber: 0 }, 'InvalidParameterValue'],
    ['the last number', { RuleNumber: 32767 }, 'InvalidParameterValue'],
    ['no ports', { PortRange: undefined }, 'MissingParameter'],
    ['ports in the wrong order', { PortRange: { From: 9, To: 8 } }, 'InvalidParameterValue'],
    ['no ICMP type', { Protocol: '1' }, 'MissingParameter'],
    ['no protocol', { Protocol: 'http' }, 'InvalidParameterValue'],
    ['no block', { CidrBlock: undefined }, 'MissingParameter'],
    ['a bad block', { CidrBlock: '10.0.0.0/33' }, 'InvalidParameterValue'],
    ['an unknown ACL', { NetworkAclId: 'acl-01234567' }, 'InvalidNetworkAclID.NotFound'],
    ['a dry run', { DryRun: true }, 'DryRunOperation'],
  ])('%s: refused', async (_name, more, code) => {
    const NetworkAclId = await make()
    const input = { NetworkAclId, ...HTTP, ...more }
    expect(await codeOf(aws.createNetworkAclEntry(input))).toBe(code)
    expect((await shown(NetworkAclId)).Entries).toHaveLength(2)
    await aws.deleteNetworkAcl({ NetworkAclId })
  })

  test('takes the place of another, and the hosts are told', async () => {
    const { SubnetId } = await kit.subnet(VpcId, '10.0.0.0/24')
    const [byDefault] = (await aws.describeNetworkAcls(inVpc(VpcId))).NetworkAcls!.filter(
      (acl) => acl.IsDefault,
    )
    const { NetworkAclAssociationId: before } = byDefault!.Associations![0]!
    const NetworkAclId = await make()
    await aws.createNetworkAclEntry({ NetworkAclId, ...HTTP })
    const { NewAssociationId } = await aws.replaceNetworkAclAssociation({
      AssociationId: before,
      NetworkAclId,
    })
    expect((await shown(NetworkAclId)).Associations).toEqual([
      { NetworkAclAssociationId: NewAssociationId, NetworkAclId, SubnetId },
    ])
    expect((await shown(byDefault!.NetworkAclId!)).Associations).toEqual([])
    const [nic] = runRequest().interfaces
    const interfaces = [{ ...nic!, subnetId: SubnetId as SubnetId }]
    await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest({ interfaces }))
    const told = () =>
      cloud.agent
        .networkPlans()
        .flatMap((plan) => plan.subnets)
        .find((subnet) => subnet.subnetId === SubnetId)?.acl
    const deny = { isAllow: false, protocol: '-1', cidr: '0.0.0.0/0', ports: null, icmp: null }
    expect(await eventually(told, (acl) => acl !== undefined)).toEqual({
      ingress: [
        {
          isAllow: true,
          protocol: '6',
          cidr: '10.0.0.0/8',
          ports: { from: 80, to: 81 },
          icmp: null,
        },
        deny,
      ],
      egress: [deny],
    })
    expect(await codeOf(aws.deleteNetworkAcl({ NetworkAclId }))).toBe('DependencyViolation')
    const gone = aws.replaceNetworkAclAssociation({ AssociationId: before, NetworkAclId })
    expect(await codeOf(gone)).toBe('InvalidAssociationID.NotFound')
    const { NetworkAclId: defaultId } = byDefault!
    expect(await codeOf(aws.deleteNetworkAcl({ NetworkAclId: defaultId }))).toBe(
      'InvalidParameterValue',
    )
    const AssociationId = NewAssociationId
    await aws.replaceNetworkAclAssociation({ AssociationId, NetworkAclId: defaultId })
    await aws.deleteNetworkAcl({ NetworkAclId })
  })
})
