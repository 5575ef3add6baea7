/** Placement groups and an account's defaults of metadata options, through the SDK. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { tagged } from '../support/vpc-kit.ts'

let cloud: TestCloud
let aws: TestCloud['ec2']

beforeAll(async () => {
  cloud = await startTestCloud({ simulated: { cpuCount: 16, memoryMiB: 64 * 1024 } })
  aws = cloud.ec2
})
afterAll(() => cloud.close())

async function launch(more: object = {}) {
  const input = { ImageId: TINY, InstanceType: 't3.nano' as const, MinCount: 1, MaxCount: 1 }
  return (await aws.runInstances({ ...input, ...more })).Instances!
}

async function stop(InstanceId: string) {
  const InstanceIds = [InstanceId]
  await aws.stopInstances({ InstanceIds, Force: true })
  const state = async () => {
    const { Reservations } = await aws.describeInstances({ InstanceIds })
    return Reservations![0]!.Instances![0]!.State!.Name
  }
  await eventually(state, (name) => name === 'stopped')
}

describe('a placement group', () => {
  test('from its making to its end', async () => {
    const input = { GroupName: 'near', Strategy: 'cluster' as const, ...tagged('placement-group') }
    const { PlacementGroup: made } = await aws.createPlacementGroup(input)
    expect(made).toEqual({
      GroupName: 'near',
      State: 'available',
      Strategy: 'cluster',
      GroupId: expect.stringMatching(/^pg-/),
      GroupArn: `arn:aws:ec2:${REGION}:${ACCOUNT}:placement-group/near`,
      Tags: [{ Key: 'Name', Value: 'mine' }],
    })
    expect(await codeOf(aws.createPlacementGroup(input))).toBe('InvalidPlacementGroup.Duplicate')
    const { PlacementGroups } = await aws.describePlacementGroups({ GroupNames: ['near'] })
    expect(PlacementGroups).toEqual([made])
    const [instance] = await launch({ Placement: { GroupName: 'near' } })
    expect(instance!.Placement!.GroupName).toBe('near')
    const remove = () => aws.deletePlacementGroup({ GroupName: 'near' })
    expect(await codeOf(remove())).toBe('InvalidPlacementGroup.InUse')
    await stop(instance!.InstanceId!)
    const move = { InstanceId: instance!.InstanceId!, GroupName: '' }
    await aws.modifyInstancePlacement(move)
    await remove()
    expect(await codeOf(remove())).toBe('InvalidPlacementGroup.Unknown')
    const nowhere = launch({ Placement: { GroupName: 'near' } })
    expect(await codeOf(nowhere)).toBe('InvalidPlacementGroup.Unknown')
    const running = (await launch())[0]!.InstanceId!
    const now = aws.modifyInstancePlacement({ InstanceId: running, GroupName: 'x' })
    expect(await codeOf(now)).toBe('IncorrectInstanceState')
  })

  test('of partitions: filled evenly, or the one that is asked for', async () => {
    const input = { GroupName: 'parts', Strategy: 'partition' as const, PartitionCount: 3 }
    const { PlacementGroup } = await aws.createPlacementGroup(input)
    expect(PlacementGroup!.PartitionCount).toBe(3)
    const Placement = { GroupName: 'parts' }
    const three = await launch({ Placement, MinCount: 3, MaxCount: 3 })
    const numbers = three.map((each) => each.Placement!.PartitionNumber)
    expect(numbers).toEqual([1, 2, 3])
    const [second] = await launch({ Placement: { ...Placement, PartitionNumber: 2 } })
    expect(second!.Placement!.PartitionNumber).toBe(2)
    const { Reservations } = await aws.describeInstances({
      Filters: [
        { Name: 'placement-group-name', Values: ['parts'] },
        { Name: 'placement-partition-number', Values: ['2'] },
      ],
    })
    expect(Reservations!.flatMap((each) => each.Instances!)).toHaveLength(2)
    const fourth = launch({ Placement: { ...Placement, PartitionNumber: 4 } })
    expect(await codeOf(fourth)).toBe('InvalidParameterValue')
  })

  test('that spreads has seven running instances in a zone', async () => {
    await aws.createPlacementGroup({ GroupName: 'apart', Strategy: 'spread' })
    const Placement = { GroupName: 'apart', AvailabilityZone: 'us-east-1a' }
    const seven = await launch({ Placement, MinCount: 1, MaxCount: 9 })
    expect(seven).toHaveLength(7)
    expect(await codeOf(launch({ Placement }))).toBe('InsufficientInstanceCapacity')
    await launch({ Placement: { ...Placement, AvailabilityZone: 'us-east-1b' } })
    await stop(seven[0]!.InstanceId!)
    await launch({ Placement })
  })

  test('bad input', async () => {
    const make = (more: object) => aws.createPlacementGroup({ GroupName: 'bad', ...more })
    expect(await codeOf(make({ PartitionCount: 2 }))).toBe('InvalidParameterCombination')
    const many = make({ Strategy: 'partition', PartitionCount: 8 })
    expect(await codeOf(many)).toBe('InvalidParameterValue')
    expect(await codeOf(launch({ Placement: { PartitionNumber: 1 } }))).toBe('MissingParameter')
  })
})

test("an account's metadata defaults hold for launches that say nothing", async () => {
  const level = async () => (await aws.getInstanceMetadataDefaults({})).AccountLevel
  expect(await level()).toEqual({ ManagedBy: 'account' })
  const change = (more: object) => aws.modifyInstanceMetadataDefaults(more)
  await change({
    HttpTokens: 'required',
    HttpPutResponseHopLimit: 2,
    InstanceMetadataTags: 'enabled',
  })
  expect(await level()).toEqual({
    HttpTokens: 'required',
    HttpPutResponseHopLimit: 2,
    InstanceMetadataTags: 'enabled',
    ManagedBy: 'account',
  })
  const options = async (more: object = {}) => (await launch(more))[0]!.MetadataOptions
  expect(await options()).toMatchObject({
    HttpTokens: 'required',
    HttpPutResponseHopLimit: 2,
    InstanceMetadataTags: 'enabled',
    HttpEndpoint: 'enabled',
  })
  const optional = { MetadataOptions: { HttpTokens: 'optional' } }
  expect(await options(optional)).toMatchObject({
    HttpTokens: 'optional',
    HttpPutResponseHopLimit: 2,
  })
  await change({ HttpTokensEnforced: 'enabled' })
  expect(await codeOf(launch(optional))).toBe('UnsupportedOperation')
  await change({
    HttpTokens: 'no-preference',
    HttpTokensEnforced: 'no-preference',
    HttpPutResponseHopLimit: -1,
  })
  expect(await level()).toEqual({ InstanceMetadataTags: 'enabled', ManagedBy: 'account' })
  expect(await codeOf(change({ HttpPutResponseHopLimit: 65 }))).toBe('InvalidParameterValue')
})
