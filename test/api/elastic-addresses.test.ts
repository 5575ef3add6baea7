/** Elastic addresses through the SDK: allocated, associated, moved, shown everywhere, released. */
import type { Address, AssociateAddressCommandInput } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import { metadataOf } from '../../src/app/metadata.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { createVpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
})
afterAll(() => cloud.close())

async function running(): Promise<string> {
  const { instanceIds } = await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest())
  await reaches(instanceIds[0]!, 'running')
  return instanceIds[0]!
}

const instanceOf = async (id: string) =>
  (await aws.describeInstances({ InstanceIds: [id] })).Reservations![0]!.Instances![0]!

const reaches = (id: string, state: string) =>
  eventually(
    () => instanceOf(id),
    (instance) => instance.State!.Name === state,
  )

const addressOf = async (id: string): Promise<Address> =>
  (await aws.describeAddresses({ AllocationIds: [id] })).Addresses![0]!

async function allocate(): Promise<{ id: string; ip: string }> {
  const { AllocationId, PublicIp } = await aws.allocateAddress({})
  return { id: AllocationId!, ip: PublicIp! }
}

const associate = async (AllocationId: string, more: AssociateAddressCommandInput) =>
  (await aws.associateAddress({ AllocationId, ...more })).AssociationId!

/** What the host is told of an instance's public addresses. */
const planned = (instanceId: string) =>
  cloud.agent
    .networkPlans()
    .flatMap((plan) => plan.interfaces)
    .filter((nic) => nic.instanceId === instanceId)
    .flatMap((nic) => nic.publicAddresses.map((each) => each.publicAddress))

describe('an elastic address', () => {
  test('is shown as it was allocated, and released', async () => {
    const TagSpecifications = [
      { ResourceType: 'elastic-ip' as const, Tags: [{ Key: 'Name', Value: 'front' }] },
    ]
    const made = await aws.allocateAddress({ Domain: 'vpc', TagSpecifications })
    expect(made).toMatchObject({
      AllocationId: expect.stringMatching(/^eipalloc-[0-9a-f]{17}$/),
      PublicIp: expect.stringMatching(/^100\.64\./),
      PublicIpv4Pool: 'amazon',
      NetworkBorderGroup: 'us-east-1',
      Domain: 'vpc',
    })
    const { AllocationId, PublicIp } = made
    const Filters = [{ Name: 'tag:Name', Values: ['front'] }]
    expect((await aws.describeAddresses({ Filters })).Addresses).toEqual([
      {
        AllocationId,
        PublicIp,
        PublicIpv4Pool: 'amazon',
        NetworkBorderGroup: 'us-east-1',
        Domain: 'vpc',
        Tags: [{ Key: 'Name', Value: 'front' }],
      },
    ])
    const byAddress = await aws.describeAddresses({ PublicIps: [PublicIp!] })
    expect(byAddress.Addresses).toHaveLength(1)
    const attribute = await aws.describeAddressesAttribute({
      AllocationIds: [AllocationId!],
      Attribute: 'domain-name',
    })
    expect(attribute.Addresses).toEqual([{ AllocationId, PublicIp }])
    expect(await codeOf(aws.releaseAddress({ AllocationId, DryRun: true }))).toBe('DryRunOperation')
    await aws.releaseAddress({ AllocationId })
    expect(await codeOf(aws.releaseAddress({ AllocationId }))).toBe('InvalidAllocationID.NotFound')
    expect(await codeOf(aws.describeAddresses({ PublicIps: [PublicIp!] }))).toBe(
      'InvalidAddress.NotFound',
    )
    const again = await aws.allocateAddress({ Address: PublicIp })
    expect(again.PublicIp).toBe(PublicIp)
    expect(await codeOf(aws.allocateAddress({ Address: PublicIp }))).toBe('InvalidAddress.NotFound')
  })

  test('takes the place of the public address, and gives it back', async () => {
    const id = await running()
    const before = (await instanceOf(id)).PublicIpAddress
    const { id: AllocationId, ip } = await allocate()
    const AssociationId = await associate(AllocationId, { InstanceId: id })
    const instance = await instanceOf(id)
    const PublicDnsName = `ec2-${ip.replaceAll('.', '-')}.compute-1.amazonaws.com`
    const association = { IpOwnerId: ACCOUNT, PublicDnsName, PublicIp: ip }
    const nic = instance.NetworkInterfaces![0]!
    expect(instance).toMatchObject({ PublicIpAddress: ip, PublicDnsName })
    expect(nic.Association).toEqual(association)
    expect(nic.PrivateIpAddresses![0]!.Association).toEqual(association)
    const { NetworkInterfaceId, PrivateIpAddress } = nic
    expect(await addressOf(AllocationId)).toMatchObject({
      AssociationId,
      InstanceId: id,
      NetworkInterfaceId,
      NetworkInterfaceOwnerId: ACCOUNT,
      PrivateIpAddress,
    })
    const NetworkInterfaceIds = [NetworkInterfaceId!]
    const { NetworkInterfaces } = await aws.describeNetworkInterfaces({ NetworkInterfaceIds })
    expect(NetworkInterfaces![0]!.Association).toEqual({
      ...association,
      AllocationId,
      AssociationId,
    })
    const Filters = [
      { Name: 'network-interface.association.allocation-id', Values: [AllocationId] },
    ]
    expect((await aws.describeInstances({ Filters })).Reservations).toHaveLength(1)
    await eventually(
      () => planned(id),
      (addresses) => addresses.join() === ip,
      100,
    )
    const view = await metadataOf(cloud.app, instance.VpcId!, PrivateIpAddress!)
    expect(view!.interfaces[0]).toMatchObject({ publicAddress: ip, publicHostName: PublicDnsName })

    expect(await codeOf(aws.releaseAddress({ AllocationId }))).toBe('InvalidIPAddress.InUse')
    await aws.disassociateAddress({ AssociationId })
    const after = (await instanceOf(id)).PublicIpAddress
    expect(after).toBeDefined()
    expect([before, ip]).not.toContain(after)
    expect(await addressOf(AllocationId)).not.toHaveProperty('InstanceId')
    expect(await codeOf(aws.disassociateAddress({ AssociationId }))).toBe(
      'InvalidAssociationID.NotFound',
    )
    await eventually(
      () => planned(id),
      (addresses) => addresses.join() === after,
      100,
    )
    await aws.releaseAddress({ AllocationId })
  })

  test('survives stop and start, and the end of its instance', async () => {
    const id = await running()
    const { id: AllocationId, ip } = await allocate()
    await associate(AllocationId, { InstanceId: id })
    await aws.stopInstances({ InstanceIds: [id] })
    expect((await reaches(id, 'stopped')).PublicIpAddress).toBe(ip)
    await aws.startInstances({ InstanceIds: [id] })
    expect((await reaches(id, 'running')).PublicIpAddress).toBe(ip)
    await eventually(
      () => planned(id),
      (addresses) => addresses.join() === ip,
    )
    await aws.terminateInstances({ InstanceIds: [id] })
    await reaches(id, 'terminated')
    expect(await addressOf(AllocationId)).not.toHaveProperty('AssociationId')
    await aws.releaseAddress({ AllocationId })
  })

  test('moves, unless it may not', async () => {
    const [first, second] = [await running(), await running()]
    const [a, b] = [await allocate(), await allocate()]
    const association = await associate(a.id, { InstanceId: first })
    expect(await associate(a.id, { InstanceId: first })).toBe(association)
    const strict = { AllowReassociation: false }
    const taken = associate(a.id, { InstanceId: second, ...strict })
    expect(await codeOf(taken)).toBe('Resource.AlreadyAssociated')
    const busy = associate(b.id, { InstanceId: first, ...strict })
    expect(await codeOf(busy)).toBe('Resource.AlreadyAssociated')
    await associate(a.id, { InstanceId: second })
    expect((await instanceOf(second)).PublicIpAddress).toBe(a.ip)
    expect((await instanceOf(first)).PublicIpAddress).not.toBe(a.ip)
    await associate(b.id, { InstanceId: second })
    expect((await instanceOf(second)).PublicIpAddress).toBe(b.ip)
    expect(await addressOf(a.id)).not.toHaveProperty('AssociationId')
    await aws.disassociateAddress({ PublicIp: b.ip })
    expect(await addressOf(b.id)).not.toHaveProperty('AssociationId')
  })

  test('stands for a secondary address of an interface of its own', async () => {
    const { Subnets } = await aws.describeSubnets({})
    const { SubnetId } = Subnets![0]!
    const { NetworkInterface: nic } = await aws.createNetworkInterface({
      SubnetId,
      SecondaryPrivateIpAddressCount: 1,
    })
    const { NetworkInterfaceId } = nic!
    const secondary = nic!.PrivateIpAddresses![1]!.PrivateIpAddress!
    const { id, ip } = await allocate()
    await associate(id, { NetworkInterfaceId, PrivateIpAddress: secondary })
    const Filters = [{ Name: 'addresses.association.public-ip', Values: [ip] }]
    const { NetworkInterfaces } = await aws.describeNetworkInterfaces({ Filters })
    const [shown] = NetworkInterfaces!
    expect(shown!.PrivateIpAddresses!.map((each) => each.Association?.PublicIp)).toEqual([
      undefined,
      ip,
    ])
    expect(shown!.Association).toBeUndefined()
    const stray = associate(id, { NetworkInterfaceId, PrivateIpAddress: '172.31.200.1' })
    expect(await codeOf(stray)).toBe('InvalidParameterValue')
    await aws.deleteNetworkInterface({ NetworkInterfaceId })
    expect(await addressOf(id)).not.toHaveProperty('AssociationId')
  })

  test('needs a gateway, a living target, and one of each parameter', async () => {
    const kit = createVpcKit(aws)
    const { VpcId } = await kit.vpc()
    const { SubnetId } = await kit.subnet(VpcId!, '10.0.0.0/24')
    const { NetworkInterface: nic } = await aws.createNetworkInterface({ SubnetId })
    const { NetworkInterfaceId } = nic!
    const { id, ip } = await allocate()
    expect(await codeOf(associate(id, { NetworkInterfaceId }))).toBe('Gateway.NotAttached')
    const InternetGatewayId = await kit.gateway(VpcId!)
    await associate(id, { NetworkInterfaceId })
    const detached = aws.detachInternetGateway({ InternetGatewayId, VpcId })
    expect(await codeOf(detached)).toBe('DependencyViolation')
    const gone = await running()
    await aws.terminateInstances({ InstanceIds: [gone] })
    await reaches(gone, 'terminated')
    expect(await codeOf(associate(id, { InstanceId: gone }))).toBe('InvalidInstanceID')
    expect(await codeOf(associate(id, {}))).toBe('MissingParameter')
    const both = associate(id, { PublicIp: ip, InstanceId: gone })
    expect(await codeOf(both)).toBe('InvalidParameterCombination')
    expect(await codeOf(aws.associateAddress({ InstanceId: gone }))).toBe('MissingParameter')
    expect(await codeOf(aws.releaseAddress({ PublicIp: ip }))).toBe('InvalidParameterValue')
    const bad = associate('eipalloc-01234567', { NetworkInterfaceId })
    expect(await codeOf(bad)).toBe('InvalidAllocationID.NotFound')
  })

  test('has a name in reverse DNS, and is not released with one', async () => {
    await running()
    const { id: AllocationId, ip: PublicIp } = await allocate()
    const shown = async () => {
      const { Addresses } = await aws.describeAddressesAttribute({ AllocationIds: [AllocationId] })
      return Addresses
    }
    const told = () => cloud.agent.networkPlans()[0]!.dns.reverseNames
    const named = (DomainName?: string) => aws.modifyAddressAttribute({ AllocationId, DomainName })
    expect(await shown()).toEqual([{ AllocationId, PublicIp }])
    expect(await codeOf(named())).toBe('MissingParameter')
    for (const bad of ['mail', 'a b.example.com', '-a.example.com', `${'a'.repeat(64)}.com`]) {
      expect(await codeOf(named(bad))).toBe('InvalidParameterValue')
    }
    const whole = { AllocationId, PublicIp, PtrRecord: 'mail.example.com.' }
    expect((await named('Mail.example.com')).Address).toEqual(whole)
    expect(await shown()).toEqual([whole])
    expect(told()).toEqual([{ name: 'mail.example.com', address: PublicIp }])
    expect(await codeOf(aws.releaseAddress({ AllocationId }))).toBe('InvalidAddress.Locked')
    const reset = { AllocationId, Attribute: 'domain-name' as const }
    expect((await aws.resetAddressAttribute(reset)).Address).toEqual({ AllocationId, PublicIp })
    expect(told()).toBeUndefined()
    await aws.releaseAddress({ AllocationId })
  })
})
