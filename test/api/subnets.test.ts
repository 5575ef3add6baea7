/** What subnets keep for themselves and say of instances launched in them, through the SDK. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
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

const subnetIn = async (block: string): Promise<string> => {
  const { VpcId } = await kit.vpc('10.0.0.0/16')
  return (await kit.subnet(VpcId!, block)).SubnetId!
}

test('a CIDR reservation keeps its addresses from being given out', async () => {
  const SubnetId = await subnetIn('10.0.0.0/28')
  const input = { SubnetId, Cidr: '10.0.0.8/29', ReservationType: 'explicit' as const }
  const more = { Description: 'for appliances', ...tagged('subnet-cidr-reservation') }
  const made = await aws.createSubnetCidrReservation({ ...input, ...more })
  const reservation = made.SubnetCidrReservation!
  expect(reservation).toEqual({
    SubnetCidrReservationId: expect.stringMatching(/^scr-/),
    ...input,
    Description: 'for appliances',
    OwnerId: ACCOUNT,
    Tags: [{ Key: 'Name', Value: 'mine' }],
  })
  const shown = async () =>
    (await aws.getSubnetCidrReservations({ SubnetId })).SubnetIpv4CidrReservations
  expect(await shown()).toEqual([reservation])
  const again = aws.createSubnetCidrReservation(input)
  expect(await codeOf(again)).toBe('InvalidSubnetCidrReservation.Conflict')

  const add = async (PrivateIpAddress?: string) =>
    (await aws.createNetworkInterface({ SubnetId, PrivateIpAddress })).NetworkInterface!
  // 4 to 7 are free; from 8 on only by name.
  const given = new Set<string>()
  for (let n = 0; n < 4; n++) given.add((await add()).PrivateIpAddress!)
  expect([...given].sort()).toEqual(['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.7'])
  expect(await codeOf(add())).toBe('InsufficientFreeAddressesInSubnet')
  expect((await add('10.0.0.9')).PrivateIpAddress).toBe('10.0.0.9')

  const { SubnetCidrReservationId } = reservation
  const remove = () => aws.deleteSubnetCidrReservation({ SubnetCidrReservationId })
  expect((await remove()).DeletedSubnetCidrReservation).toEqual(reservation)
  expect(await codeOf(remove())).toBe('InvalidSubnetCidrReservationID.NotFound')
  await add()
})

test('reservations within the subnet, canonical; those for prefixes give no addresses at all', async () => {
  const SubnetId = await subnetIn('10.0.0.0/24')
  const make = (Cidr: string, ReservationType: 'prefix' | 'explicit' = 'prefix') =>
    aws.createSubnetCidrReservation({ SubnetId, Cidr, ReservationType })
  expect(await codeOf(make('10.0.1.0/28'))).toBe('InvalidParameterValue')
  expect(await codeOf(make('10.0.0.17/28'))).toBe('InvalidParameterValue')
  await make('10.0.0.16/28')
  const named = aws.createNetworkInterface({ SubnetId, PrivateIpAddress: '10.0.0.20' })
  expect(await codeOf(named)).toBe('InvalidParameterValue')
  await aws.deleteSubnet({ SubnetId })
})

test('instances are named as their subnet says', async () => {
  const SubnetId = await subnetIn('10.0.0.0/24')
  const PrivateDnsHostnameTypeOnLaunch = 'resource-name'
  await aws.modifySubnetAttribute({ SubnetId, PrivateDnsHostnameTypeOnLaunch })
  const { Subnets } = await aws.describeSubnets({ SubnetIds: [SubnetId] })
  expect(Subnets![0]!.PrivateDnsNameOptionsOnLaunch!.HostnameType).toBe('resource-name')
  const launch = async (more: object = {}) => {
    const input = { ImageId: TINY, InstanceType: 't3.nano' as const, MinCount: 1, MaxCount: 1 }
    const { Instances } = await aws.runInstances({ ...input, SubnetId, ...more })
    return Instances![0]!
  }
  const one = await launch()
  expect(one.PrivateDnsName).toBe(`${one.InstanceId}.ec2.internal`)
  const other = await launch({ PrivateDnsNameOptions: { HostnameType: 'ip-name' } })
  expect(other.PrivateDnsName).toMatch(/^ip-10-0-0-/)
})
