/** Network interfaces through the SDK: those of instances and those of their own. */
import {
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  DeleteNetworkInterfaceCommand,
  DescribeNetworkInterfaceAttributeCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  ModifyNetworkInterfaceAttributeCommand,
  ResetNetworkInterfaceAttributeCommand,
  type NetworkInterface,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { launch } from '../support/launch.ts'

let cloud: TestCloud
let SubnetId: string
let instanceId: string

beforeAll(async () => {
  cloud = await startTestCloud()
  const Filters = [{ Name: 'availability-zone', Values: ['us-east-1a'] }]
  const { Subnets } = await cloud.ec2.send(new DescribeSubnetsCommand({ Filters }))
  SubnetId = Subnets![0]!.SubnetId!
  const ran = await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest())
  instanceId = ran.instanceIds[0]!
})
afterAll(() => cloud.close())

async function create(input: object = {}): Promise<NetworkInterface> {
  const command = new CreateNetworkInterfaceCommand({ SubnetId, ...input })
  return (await cloud.ec2.send(command)).NetworkInterface!
}

async function find(Name: string, ...Values: string[]): Promise<NetworkInterface[]> {
  const command = new DescribeNetworkInterfacesCommand({ Filters: [{ Name, Values }] })
  return (await cloud.ec2.send(command)).NetworkInterfaces!
}

const modify = (NetworkInterfaceId: string, input: object) =>
  cloud.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, ...input }))

describe('an interface of an instance', () => {
  test('is shown with its addresses, names, group and attachment', async () => {
    const [one, ...others] = await find('attachment.instance-id', instanceId)
    expect(others).toEqual([])
    const { PrivateIpAddress: address, Association: association } = one!
    const name = `ip-${address!.replaceAll('.', '-')}.ec2.internal`
    expect(one).toMatchObject({
      OwnerId: ACCOUNT,
      SubnetId,
      Status: 'in-use',
      SourceDestCheck: true,
      InterfaceType: 'interface',
      MacAddress: expect.stringMatching(/^02(:[0-9a-f]{2}){5}$/),
      PrivateDnsName: name,
      PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: address, PrivateDnsName: name }],
      Groups: [{ GroupName: 'default' }],
      Attachment: { InstanceId: instanceId, DeviceIndex: 0, DeleteOnTermination: true },
    })
    const publicIp = association!.PublicIp!
    expect(association).toEqual({
      IpOwnerId: 'amazon',
      PublicIp: publicIp,
      PublicDnsName: `ec2-${publicIp.replaceAll('.', '-')}.compute-1.amazonaws.com`,
    })
    expect(await find('association.public-ip', publicIp)).toHaveLength(1)
    expect(await find('addresses.private-ip-address', address!)).toHaveLength(1)
  })

  test('cannot be deleted', async () => {
    const [one] = await find('attachment.instance-id', instanceId)
    const { NetworkInterfaceId } = one!
    const command = new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })
    const { code, message } = await errorOf(cloud.ec2.send(command))
    expect(code).toBe('InvalidParameterValue')
    expect(message).toContain(`Network interface '${NetworkInterfaceId}' is currently in use.`)
  })

  test('its groups and its source check reach the host', async () => {
    const [one] = await find('attachment.instance-id', instanceId)
    const id = one!.NetworkInterfaceId!
    const input = { GroupName: 'another', Description: 'd' }
    const { GroupId } = await cloud.ec2.send(new CreateSecurityGroupCommand(input))
    await modify(id, { Groups: [GroupId] })
    await modify(id, { SourceDestCheck: { Value: false } })
    const planned = () =>
      cloud.agent
        .networkPlans()
        .flatMap((plan) => plan.interfaces)
        .find((each) => each.interfaceId === id)
    const plan = await eventually(planned, (each) => each?.isSourceDestChecked === false)
    expect(plan!.groupIds).toEqual([GroupId])
    expect(await find('group-id', GroupId!)).toHaveLength(1)
    await cloud.ec2.send(
      new ResetNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, SourceDestCheck: '' }),
    )
    await eventually(planned, (each) => each?.isSourceDestChecked === true)
  })

  test('may outlive the instance', async () => {
    const [one] = await find('attachment.instance-id', instanceId)
    const { NetworkInterfaceId: id, Attachment } = one!
    const wish = (AttachmentId: string) =>
      modify(id!, { Attachment: { AttachmentId, DeleteOnTermination: false } })
    await wish(Attachment!.AttachmentId!)
    const kept = await find('attachment.delete-on-termination', 'false')
    expect(kept.map((each) => each.NetworkInterfaceId)).toEqual([id])
    expect(await codeOf(wish('eni-attach-0123456789abcdef0'))).toBe('InvalidAttachmentID.NotFound')
  })
})

describe('an interface of its own', () => {
  test('has what was asked for', async () => {
    const created = await create({
      Description: 'spare',
      PrivateIpAddress: '172.31.7.7',
      PrivateIpAddresses: [{ PrivateIpAddress: '172.31.7.8', Primary: false }],
      TagSpecifications: [
        { ResourceType: 'network-interface', Tags: [{ Key: 'Name', Value: 'spare' }] },
      ],
    })
    expect(created).toMatchObject({
      Status: 'available',
      Description: 'spare',
      PrivateIpAddress: '172.31.7.7',
      PrivateIpAddresses: [
        { PrivateIpAddress: '172.31.7.7', Primary: true },
        { PrivateIpAddress: '172.31.7.8', Primary: false },
      ],
      TagSet: [{ Key: 'Name', Value: 'spare' }],
    })
    expect(created.Attachment).toBeUndefined()
    expect(await find('tag:Name', 'spare')).toEqual([created])
    const again = create({ PrivateIpAddress: '172.31.7.8' })
    expect(await codeOf(again)).toBe('InvalidIPAddress.InUse')
    const { NetworkInterfaceId } = created
    await cloud.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))
    expect(await find('network-interface-id', NetworkInterfaceId!)).toEqual([])
  })

  test('as many further addresses as asked', async () => {
    const created = await create({ SecondaryPrivateIpAddressCount: 3 })
    const addresses = created.PrivateIpAddresses!.map((each) => each.PrivateIpAddress)
    expect(new Set(addresses).size).toBe(4)
  })

  test('once for a client token', async () => {
    const first = await create({ ClientToken: 'once', Description: 'a' })
    const again = await create({ ClientToken: 'once', Description: 'a' })
    expect(again).toEqual(first)
    const other = create({ ClientToken: 'once', Description: 'b' })
    expect(await codeOf(other)).toBe('IdempotentParameterMismatch')
  })

  test.each([
    ['an address outside', { PrivateIpAddress: '172.31.99.1' }, 'InvalidParameterValue'],
    ['a reserved address', { PrivateIpAddress: '172.31.0.1' }, 'InvalidParameterValue'],
    ['no address', { PrivateIpAddress: '172.31.0' }, 'InvalidParameterValue'],
    ['an unknown subnet', { SubnetId: 'subnet-01234567' }, 'InvalidSubnetID.NotFound'],
    ['an unknown group', { Groups: ['sg-01234567'] }, 'InvalidGroup.NotFound'],
    ['too many groups', { Groups: groupIds(6) }, 'SecurityGroupsPerInterfaceLimitExceeded'],
    ['IPv6 in a subnet without', { Ipv6AddressCount: 1 }, 'InvalidParameterValue'],
    ['IPv6 prefixes', { Ipv6PrefixCount: 1 }, 'UnsupportedOperation'],
    ['a long description', { Description: 'x'.repeat(256) }, 'InvalidParameterValue'],
    ['a dry run', { DryRun: true }, 'DryRunOperation'],
  ])('%s: refused', async (_name, input, code) => {
    expect(await codeOf(create(input))).toBe(code)
  })

  test('its attributes one by one', async () => {
    const { NetworkInterfaceId: id } = await create()
    await modify(id!, { Description: { Value: 'told' } })
    const ask = (Attribute?: 'description' | 'groupSet' | 'sourceDestCheck') =>
      cloud.ec2.send(
        new DescribeNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Attribute }),
      )
    expect((await ask('description')).Description).toEqual({ Value: 'told' })
    expect((await ask('groupSet')).Groups).toMatchObject([{ GroupName: 'default' }])
    expect((await ask('sourceDestCheck')).SourceDestCheck).toEqual({ Value: true })
    expect(await codeOf(ask())).toBe('MissingParameter')
    const two = { Description: { Value: 'x' }, SourceDestCheck: { Value: false } }
    expect(await codeOf(modify(id!, two))).toBe('InvalidParameterCombination')
    const attribute = { NetworkInterfaceId: id, Attribute: 'associatePublicIpAddress' as const }
    const has = async () =>
      (await cloud.ec2.send(new DescribeNetworkInterfaceAttributeCommand(attribute)))
        .AssociatePublicIpAddress
    expect(await has()).toBe(false)
    await modify(id!, { AssociatePublicIpAddress: true })
    expect(await has()).toBe(true)
  })

  test('the public address of a running machine goes and comes, at once', async () => {
    const [launched] = await launch(cloud.ec2, {})
    const look = async () => {
      const [one] = await find('attachment.instance-id', launched!)
      const plans = cloud.agent.networkPlans().flatMap((plan) => plan.interfaces)
      const told = plans.find((nic) => nic.interfaceId === one!.NetworkInterfaceId)
      const address = one!.Association?.PublicIp
      return { id: one!.NetworkInterfaceId!, address, told: told?.publicAddresses ?? null }
    }
    const before = await eventually(look, ({ told }) => told !== null)
    expect(before.told).toMatchObject([{ publicAddress: before.address }])
    await modify(before.id, { AssociatePublicIpAddress: false })
    expect(await look()).toEqual({ id: before.id, address: undefined, told: [] })
    await modify(before.id, { AssociatePublicIpAddress: true })
    const after = await look()
    expect(after.address).toMatch(/^100\.64\./)
    expect(after.told).toMatchObject([{ publicAddress: after.address }])
  })
})

function groupIds(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `sg-0123456${n}`)
}
