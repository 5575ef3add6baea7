/** Instances with IPv6, and the names that their resource ids are in the DNS, through the SDK. */
import { waitUntilInstanceRunning } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reachAsk } from '../../src/app/network/reach/ask.ts'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { ipv6Place } from '../support/ipv6-place.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
})
afterAll(() => cloud.close())

const place = () => ipv6Place(aws)

const subnetOf = async (SubnetId: string) =>
  (await aws.describeSubnets({ SubnetIds: [SubnetId] })).Subnets![0]!

describe('an instance', () => {
  const shown = async (id: string) =>
    (await aws.describeInstances({ InstanceIds: [id] })).Reservations![0]!.Instances![0]!
  const run = async (input: object) => {
    const one = { ImageId: TINY, InstanceType: 't3.nano' as const, MinCount: 1, MaxCount: 1 }
    const { Instances } = await aws.runInstances({ ...one, ...input })
    return Instances![0]!.InstanceId!
  }

  test('is launched with addresses, keeps a primary one, and is found by it', async () => {
    const { SubnetId, part } = await place()
    const address = part(1).replace('::/64', '::7')
    const id = await run({
      SubnetId,
      Ipv6Addresses: [{ Ipv6Address: address }],
      EnablePrimaryIpv6: true,
    })
    const one = await shown(id)
    expect(one.Ipv6Address).toBe(address)
    expect(one.NetworkInterfaces![0]!.Ipv6Addresses).toEqual([
      { Ipv6Address: address, IsPrimaryIpv6: true },
    ])
    const Filters = [{ Name: 'network-interface.ipv6-addresses.ipv6-address', Values: [address] }]
    const found = await aws.describeInstances({ Filters })
    expect(found.Reservations!.flatMap((each) => each.Instances!.map((i) => i.InstanceId))).toEqual(
      [id],
    )
    const counted = await run({
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, Ipv6AddressCount: 2 }],
    })
    expect((await shown(counted)).NetworkInterfaces![0]!.Ipv6Addresses).toHaveLength(2)
    const many = run({ SubnetId, Ipv6AddressCount: 3 })
    expect(await codeOf(many)).toBe('PrivateIpAddressLimitExceeded')
    // An interface is measured by the type that is to have it.
    const three = await aws.createNetworkInterface({ SubnetId, Ipv6AddressCount: 3 })
    const { NetworkInterfaceId } = three.NetworkInterface!
    const taken = run({ NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId }] })
    expect(await codeOf(taken)).toBe('PrivateIpAddressLimitExceeded')
    const attached = aws.attachNetworkInterface({
      InstanceId: counted,
      NetworkInterfaceId,
      DeviceIndex: 1,
    })
    expect(await codeOf(attached)).toBe('PrivateIpAddressLimitExceeded')
    const secondary = run({
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, SecondaryPrivateIpAddressCount: 2 }],
    })
    expect(await codeOf(secondary)).toBe('PrivateIpAddressLimitExceeded')
    const twice = run({ SubnetId, MaxCount: 2, Ipv6Addresses: [{ Ipv6Address: address }] })
    expect(await codeOf(twice)).toBe('InvalidParameterCombination')
    expect(await codeOf(run({ Ipv6AddressCount: 1 }))).toBe('InvalidParameterValue')
  })

  test('is reached by IPv6 when everything on the way says so', async () => {
    const { SubnetId, VpcId } = await place()
    const input = { SubnetId, Ipv6AddressCount: 1 }
    const [from, to] = [await run(input), await run(input)]
    await waitUntilInstanceRunning(
      { client: aws, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.1 },
      { InstanceIds: [from, to] },
    )
    const [caller, address] = [(await shown(from)).Ipv6Address!, (await shown(to)).Ipv6Address!]
    // Network Insights of AWS has no room for an IPv6 address; `net explain` asks the same function.
    const ask = (who = caller) => {
      return reachAsk(cloud.app, ACCOUNT, { from: who, to: address, port: '443' })
    }
    // Both have the default group, whose members reach each other by either family.
    expect(await ask()).toMatchObject({ isReachable: true, destination: address })
    const { GroupId } = await aws.createSecurityGroup({
      VpcId,
      GroupName: 'other',
      Description: 'x',
    })
    await aws.modifyInstanceAttribute({ InstanceId: to, Groups: [GroupId!] })
    const rule = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }
    const allow = (range: object) =>
      aws.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [{ ...rule, ...range }] })
    await allow({ IpRanges: [{ CidrIp: '0.0.0.0/0' }] })
    expect((await ask()).blocks).toMatchObject([{ kind: 'groupRules', component: GroupId }])
    await allow({ Ipv6Ranges: [{ CidrIpv6: '::/0' }] })
    expect((await ask()).isReachable).toBe(true)
    // From outside there is no way without a gateway.
    expect((await ask('internet')).blocks.map((each) => each.kind)).toEqual(['noGateway'])
    await aws.terminateInstances({ InstanceIds: [from, to] })
  })

  test('is in the DNS by its id when its options say so, and leaves it', async () => {
    const { SubnetId } = await place()
    const modify = (input: object) => aws.modifySubnetAttribute({ SubnetId, ...input })
    await modify({ EnableResourceNameDnsARecordOnLaunch: { Value: true } })
    await modify({ EnableResourceNameDnsAAAARecordOnLaunch: { Value: true } })
    await modify({ PrivateDnsHostnameTypeOnLaunch: 'resource-name' })
    await modify({ AssignIpv6AddressOnCreation: { Value: true } })
    expect((await subnetOf(SubnetId)).PrivateDnsNameOptionsOnLaunch).toEqual({
      HostnameType: 'resource-name',
      EnableResourceNameDnsARecord: true,
      EnableResourceNameDnsAAAARecord: true,
    })
    const id = await run({ SubnetId })
    const { Ipv6Address, PrivateIpAddress, PrivateDnsName, VpcId } = await shown(id)
    expect(PrivateDnsName).toBe(`${id}.ec2.internal`)
    const names = async () => {
      await cloud.app.networkApply()
      const plan = cloud.agent.networkPlans().find((each) => each.vpcId === VpcId)
      return plan?.dns.resourceNames ?? []
    }
    const name = `${id}.ec2.internal`
    await eventually(names, (all) => all.length === 2)
    expect(await names()).toEqual([
      { name, address: PrivateIpAddress },
      { name, address: Ipv6Address },
    ])
    const options = async () => (await shown(id)).PrivateDnsNameOptions
    const rename = (input: object) => aws.modifyPrivateDnsNameOptions({ InstanceId: id, ...input })
    // While it runs, and its kind of name only when it does not.
    await rename({ EnableResourceNameDnsARecord: false })
    expect(await names()).toEqual([{ name, address: Ipv6Address }])
    await rename({ EnableResourceNameDnsAAAARecord: false })
    expect(await names()).toEqual([])
    expect(await options()).toEqual({
      HostnameType: 'resource-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
    })
    expect(await codeOf(rename({ PrivateDnsHostnameType: 'ip-name' }))).toBe(
      'IncorrectInstanceState',
    )
    await aws.terminateInstances({ InstanceIds: [id] })
  })
})
