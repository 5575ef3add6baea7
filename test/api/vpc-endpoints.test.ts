/** Interface endpoints through the SDK, and what the hosts are told of them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instancesRun } from '../../src/app/instances/run.ts'
import type { SubnetId } from '../../src/domain/ids.ts'
import { ctxOf, runRequest } from '../support/app.ts'
import { ACCOUNT, codeOf, REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { createVpcKit, inVpc, tagged, type VpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']
let kit: VpcKit

beforeAll(async () => {
  cloud = await startTestCloud()
  aws = cloud.ec2
  kit = createVpcKit(aws)
})
afterAll(() => cloud.close())

const SERVICE = 'com.amazonaws.us-east-1.ec2'
const Interface = { VpcEndpointType: 'Interface' as const }

/** A VPC with DNS host names and a subnet in each of two zones. */
async function ground() {
  const VpcId = (await kit.vpc('10.0.0.0/16')).VpcId!
  await aws.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } })
  const one = (await kit.subnet(VpcId, '10.0.1.0/24', { AvailabilityZone: 'us-east-1a' })).SubnetId!
  const two = (await kit.subnet(VpcId, '10.0.2.0/24', { AvailabilityZone: 'us-east-1b' })).SubnetId!
  const { SecurityGroups } = await aws.describeSecurityGroups(inVpc(VpcId))
  return { VpcId, one, two, group: SecurityGroups![0]!.GroupId! }
}

test('the services that are here, and no others', async () => {
  const { ServiceNames, ServiceDetails } = await aws.describeVpcEndpointServices({})
  expect(ServiceNames).toEqual(expect.arrayContaining([SERVICE, SERVICE.replace('ec2', 'sts')]))
  expect(ServiceDetails!.find((each) => each.ServiceName === SERVICE)).toMatchObject({
    ServiceType: [{ ServiceType: 'Interface' }],
    PrivateDnsName: 'ec2.us-east-1.amazonaws.com',
    Owner: 'amazon',
  })
  const other = { ServiceNames: ['com.amazonaws.us-east-1.s3'] }
  expect(await codeOf(aws.describeVpcEndpointServices(other))).toBe('InvalidServiceName')
  const { VpcId } = await ground()
  const s3 = aws.createVpcEndpoint({ VpcId, ServiceName: other.ServiceNames[0] })
  expect(await codeOf(s3)).toBe('InvalidServiceName')
})

test('from its making to its end', async () => {
  const { VpcId, one, two, group } = await ground()
  const input = { VpcId, ServiceName: SERVICE, ...Interface, SubnetIds: [one] }
  const { VpcEndpoint: made } = await aws.createVpcEndpoint({
    ...input,
    ClientToken: 'endpoint-once',
    ...tagged('vpc-endpoint'),
  })
  const VpcEndpointId = made!.VpcEndpointId!
  const named = { VpcEndpointIds: [VpcEndpointId] }
  const shown = async () => (await aws.describeVpcEndpoints(named)).VpcEndpoints![0]!
  expect(await shown()).toEqual({ ...made, State: 'available' })
  expect(made).toMatchObject({
    VpcId,
    VpcEndpointType: 'Interface',
    ServiceName: SERVICE,
    State: 'pending',
    SubnetIds: [one],
    Groups: [{ GroupId: group, GroupName: 'default' }],
    PrivateDnsEnabled: true,
    OwnerId: ACCOUNT,
    ServiceRegion: REGION,
    Tags: [{ Key: 'Name', Value: 'mine' }],
  })
  const names = made!.DnsEntries!.map((entry) => entry.DnsName!)
  expect(names).toHaveLength(3)
  expect(names).toContain('ec2.us-east-1.amazonaws.com')
  expect(names[0]).toMatch(new RegExp(`^${VpcEndpointId}-.*\\.ec2\\.us-east-1\\.vpce\\.amazonaws`))
  expect(await codeOf(aws.createVpcEndpoint(input))).toBe('InvalidParameterValue')

  const [NetworkInterfaceId] = made!.NetworkInterfaceIds!
  const { NetworkInterfaces } = await aws.describeNetworkInterfaces(inVpc(VpcId))
  expect(NetworkInterfaces).toMatchObject([
    { NetworkInterfaceId, InterfaceType: 'vpc_endpoint', RequesterManaged: true, Status: 'in-use' },
  ])
  expect(await codeOf(aws.deleteNetworkInterface({ NetworkInterfaceId }))).toBe(
    'InvalidParameterValue',
  )
  expect(await codeOf(aws.deleteSubnet({ SubnetId: one }))).toBe('DependencyViolation')

  const { GroupId } = await aws.createSecurityGroup({ VpcId, GroupName: 'ep', Description: 'x' })
  await aws.modifyVpcEndpoint({
    VpcEndpointId,
    AddSubnetIds: [two],
    AddSecurityGroupIds: [GroupId!],
    RemoveSecurityGroupIds: [group],
    PrivateDnsEnabled: false,
  })
  const changed = await shown()
  expect(changed).toMatchObject({
    Groups: [{ GroupId, GroupName: 'ep' }],
    PrivateDnsEnabled: false,
  })
  expect(changed.SubnetIds!.sort()).toEqual([one, two].sort())
  expect(changed.DnsEntries).toHaveLength(3)
  await aws.modifyVpcEndpoint({ VpcEndpointId, RemoveSubnetIds: [one] })
  expect((await shown()).SubnetIds).toEqual([two])
  await aws.deleteSubnet({ SubnetId: one })
  expect(await codeOf(aws.deleteSecurityGroup({ GroupId }))).toBe('DependencyViolation')
  expect(await codeOf(aws.deleteVpc({ VpcId }))).toBe('DependencyViolation')

  const gone = { VpcEndpointIds: [VpcEndpointId, 'vpce-01234567'] }
  const { Unsuccessful } = await aws.deleteVpcEndpoints(gone)
  expect(Unsuccessful).toMatchObject([
    { ResourceId: 'vpce-01234567', Error: { Code: 'InvalidVpcEndpoint.NotFound' } },
  ])
  expect(await codeOf(shown())).toBe('InvalidVpcEndpointId.NotFound')
  await aws.deleteSecurityGroup({ GroupId })
})

test('the hosts are told where it is, whom it lets in and what it is called', async () => {
  const { VpcId, one, group } = await ground()
  await aws.createVpcEndpoint({ VpcId, ServiceName: SERVICE, ...Interface, SubnetIds: [one] })
  const [nic] = runRequest().interfaces
  const interfaces = [{ ...nic!, subnetId: one as SubnetId }]
  await instancesRun(ctxOf(cloud.app, ACCOUNT), runRequest({ interfaces }))
  const told = () => cloud.agent.networkPlans().find((plan) => plan.vpcId === VpcId)
  const plan = await eventually(told, (each) => each !== undefined)
  const [endpoint] = plan!.endpoints!
  expect(endpoint).toMatchObject({ groupIds: [group] })
  const own = plan!.groups.find((each) => each.groupId === group)!
  expect(own.memberAddresses).toContain(endpoint!.address)
  expect(plan!.dns.publicNames).toContainEqual({
    name: 'ec2.us-east-1.amazonaws.com',
    address: endpoint!.address,
  })
})

test('bad input', async () => {
  const { VpcId, one } = await ground()
  const make = (more: object) =>
    aws.createVpcEndpoint({ VpcId, ServiceName: SERVICE, ...Interface, ...more })
  expect(await codeOf(make({ VpcEndpointType: 'Gateway' }))).toBe('InvalidParameter')
  expect(await codeOf(make({ VpcEndpointType: undefined }))).toBe('InvalidParameter')
  const PolicyDocument = JSON.stringify({ Statement: [{ Effect: 'Deny' }] })
  expect(await codeOf(make({ PolicyDocument }))).toBe('InvalidPolicyDocument')
  expect(await codeOf(make({ PolicyDocument: '{' }))).toBe('InvalidPolicyDocument')
  const AvailabilityZone = 'us-east-1a'
  const other = (await kit.subnet(VpcId, '10.0.3.0/24', { AvailabilityZone })).SubnetId!
  const twice = make({ SubnetIds: [one, other] })
  expect(await codeOf(twice)).toBe('DuplicateSubnetsInSameZone')
  const elsewhere = (await kit.subnet((await kit.vpc()).VpcId!, '10.0.0.0/24')).SubnetId!
  expect(await codeOf(make({ SubnetIds: [elsewhere] }))).toBe('InvalidParameterValue')
  await aws.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: false } })
  expect(await codeOf(make({}))).toBe('InvalidParameterValue')
  await make({ PrivateDnsEnabled: false, SubnetIds: [one] })
})
