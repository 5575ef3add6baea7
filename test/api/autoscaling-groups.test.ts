/** Auto Scaling groups through the real SDK: made, grown, shrunk, repaired, deleted; activities in AWS's words. */
import {
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeScalingActivitiesCommand,
  SetDesiredCapacityCommand,
  UpdateAutoScalingGroupCommand,
  type Filter,
} from '@aws-sdk/client-auto-scaling'
import { expect, test } from 'vitest'
import { nameOf } from '../support/code-of.ts'
import { startScalingCloud } from '../support/scaling.ts'

test('a group launches what it lacks, over its zones, and says why', async () => {
  await using world = await startScalingCloud()
  const { cloud, group, activities } = world
  await world.create({
    Tags: [
      { Key: 'team', Value: 'web', PropagateAtLaunch: true },
      { Key: 'own', Value: 'group', PropagateAtLaunch: false },
    ],
  })
  const made = await group()
  expect(made).toMatchObject({
    AutoScalingGroupARN: expect.stringMatching(
      /^arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName\/g$/,
    ),
    DesiredCapacity: 2,
    HealthCheckType: 'EC2',
    DefaultCooldown: 300,
    TerminationPolicies: ['Default'],
    ServiceLinkedRoleARN: expect.stringContaining('AWSServiceRoleForAutoScaling'),
  })
  expect(made.Instances!.map((one) => one.AvailabilityZone).sort()).toEqual([
    'us-east-1a',
    'us-east-1b',
  ])
  for (const one of made.Instances!) {
    expect(one).toMatchObject({ LifecycleState: 'InService', HealthStatus: 'Healthy' })
    expect(one.LaunchTemplate).toMatchObject({ LaunchTemplateName: 'web', Version: '1' })
  }
  const { Reservations } = await cloud.ec2.describeInstances()
  const tags = Object.fromEntries(
    Reservations![0]!.Instances![0]!.Tags!.map(({ Key, Value }) => [Key!, Value!]),
  )
  expect(tags).toEqual({
    'aws:autoscaling:groupName': 'g',
    'aws:ec2launchtemplate:id': made.LaunchTemplate!.LaunchTemplateId,
    'aws:ec2launchtemplate:version': '1',
    team: 'web',
  })
  const [second, first] = await activities()
  for (const one of [first!, second!]) {
    expect(one).toMatchObject({ StatusCode: 'Successful', Progress: 100 })
    expect(one.Description).toMatch(/^Launching a new EC2 instance: i-[0-9a-f]{17}$/)
    expect(one.Cause).toMatch(
      /^At \S+ a user request created an AutoScalingGroup changing the desired capacity from 0 to 2\. {2}At \S+ an instance was started in response to a difference between desired and actual capacity, increasing the capacity from [01] to [12]\.$/,
    )
  }
  const { AutoScalingInstances } = await world.client.send(
    new DescribeAutoScalingInstancesCommand({}),
  )
  expect(AutoScalingInstances).toHaveLength(2)
  expect(AutoScalingInstances![0]).toMatchObject({ HealthStatus: 'HEALTHY' })
})

test('the desired capacity is set: more are launched, the oldest of the fullest zone go', async () => {
  await using world = await startScalingCloud()
  const { client, group, states, activities } = world
  await world.create()
  const before = (await group()).Instances!.map((one) => one.InstanceId)
  await world.pass(60)
  await client.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: 'g', DesiredCapacity: 3 }),
  )
  await world.settle()
  expect(await states()).toEqual(['InService', 'InService', 'InService'])
  await client.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: 'g', DesiredCapacity: 1 }),
  )
  await world.settle()
  expect(await states()).toEqual(['InService'])
  const left = (await group()).Instances![0]!.InstanceId
  const gone = (await activities()).find((one) => one.Cause!.includes('from 2 to 1.  At'))
  expect(gone).toMatchObject({ StatusCode: 'Successful' })
  expect(gone!.Cause).toMatch(
    /^At \S+ a user request explicitly set group desired capacity changing the desired capacity from 3 to 1\. {2}At \S+ an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from 2 to 1\. {2}At \S+ instance i-\w+ was selected for termination\.$/,
  )
  expect(before.filter((id) => id === left).length).toBeLessThan(2)
  const beyond = new SetDesiredCapacityCommand({ AutoScalingGroupName: 'g', DesiredCapacity: 9 })
  await expect(client.send(beyond)).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'New SetDesiredCapacity value 9 is above max value 4 for the AutoScalingGroup.',
  })
  const cooling = new SetDesiredCapacityCommand({
    AutoScalingGroupName: 'g',
    DesiredCapacity: 2,
    HonorCooldown: true,
  })
  expect(await nameOf(client.send(cooling))).toMatch(/^ScalingActivityInProgress/)
  await world.pass(301)
  await client.send(cooling)
})

test('an instance that is terminated, or stopped, by hand is replaced', async () => {
  await using world = await startScalingCloud()
  const { cloud, group, activities } = world
  await world.create({ MinSize: 1 })
  const [one, two] = (await group()).Instances!.map((each) => each.InstanceId!)
  await cloud.ec2.terminateInstances({ InstanceIds: [one!] })
  await cloud.ec2.stopInstances({ InstanceIds: [two!], Force: true })
  await world.settle()
  const now = (await group()).Instances!
  expect(now).toHaveLength(2)
  expect(now.map((each) => each.LifecycleState)).toEqual(['InService', 'InService'])
  expect(now.some((each) => [one, two].includes(each.InstanceId))).toBe(false)
  const causes = (await activities()).map((each) => each.Cause!)
  expect(causes.filter((cause) => cause.includes('an EC2 health check indicating'))).toHaveLength(2)
  expect(causes.some((cause) => cause.includes('unhealthy instance needing to be replaced'))).toBe(
    true,
  )
})

test('what cannot be launched is a failed activity, and a pause: never a hot loop', async () => {
  await using world = await startScalingCloud()
  const { cloud, client, activities, states } = world
  await world.create({ DesiredCapacity: 0 })
  await cloud.ec2.createLaunchTemplateVersion({
    LaunchTemplateName: 'web',
    SourceVersion: '1',
    LaunchTemplateData: { KeyName: 'missing' },
  })
  const grow = { AutoScalingGroupName: 'g', DesiredCapacity: 2 }
  await client.send(new SetDesiredCapacityCommand(grow))
  await world.settle()
  const failed = await activities()
  expect(failed).toHaveLength(1)
  expect(failed[0]!.StatusCode).toBe('Failed')
  expect(failed[0]!.StatusMessage).toBe(
    "The key pair 'missing' does not exist. Launching EC2 instance failed.",
  )
  await world.pass(11)
  expect(await activities()).toHaveLength(2)
  await world.pass(11)
  expect(await activities()).toHaveLength(2)
  await cloud.ec2.createKeyPair({ KeyName: 'missing' })
  await world.pass(10)
  expect(await states()).toEqual(['InService', 'InService'])
})

test('a group with instances is deleted by force; without any, at once; its history stays', async () => {
  await using world = await startScalingCloud()
  const { client, cloud, group, activities } = world
  await world.create()
  const remove = new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: 'g' })
  await expect(client.send(remove)).rejects.toMatchObject({
    name: expect.stringMatching(/^ResourceInUse/),
    message: expect.stringContaining(
      'You cannot delete an AutoScalingGroup while there are instances',
    ),
  })
  await client.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'g', MinSize: 0, MaxSize: 1 }),
  )
  await world.settle()
  expect(await group()).toMatchObject({ DesiredCapacity: 1, MaxSize: 1 })
  await client.send(
    new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: 'g', ForceDelete: true }),
  )
  await world.settle()
  expect(await group()).toBeUndefined()
  const { Reservations } = await cloud.ec2.describeInstances()
  const states = Reservations!.flatMap((each) => each.Instances!.map((one) => one.State!.Name))
  expect(new Set(states)).toEqual(new Set(['terminated']))
  const history = await activities()
  expect(history.length).toBeGreaterThan(3)
  expect(history[0]).toMatchObject({ AutoScalingGroupState: 'Deleted' })
})

test('what is wrong with a group is said before it is made', async () => {
  await using world = await startScalingCloud()
  const { client } = world
  const good = {
    AutoScalingGroupName: 'g',
    LaunchTemplate: { LaunchTemplateName: 'web' },
    MinSize: 0,
    MaxSize: 1,
    AvailabilityZones: ['us-east-1a'],
  }
  const refusals: [object, string, RegExp][] = [
    [{ MinSize: 2 }, 'ValidationError', /Max bound, 1, must be greater/],
    [{ DesiredCapacity: 3 }, 'ValidationError', /Desired capacity:3 must be between/],
    [{ LaunchTemplate: undefined }, 'ValidationError', /must contain either LaunchTemplate/],
    [{ LaunchTemplate: { LaunchTemplateName: 'none' } }, 'ValidationError', /does not exist/],
    [{ AvailabilityZones: ['us-east-1z'] }, 'ValidationError', /Invalid availability zone/],
    [{ AvailabilityZones: undefined }, 'ValidationError', /At least one Availability Zone/],
    [{ VPCZoneIdentifier: 'subnet-12345678' }, 'ValidationError', /does not exist/],
    [{ TerminationPolicies: ['Whatever'] }, 'ValidationError', /Invalid termination policy/],
    [{ TargetGroupARNs: ['arn:aws:x:targetgroup/a'] }, 'ValidationError', /may not be valid/],
    [{ Tags: [{ Key: 'aws:x', Value: 'y' }] }, 'ValidationError', /reserved/],
    [{ MaxInstanceLifetime: 60 }, 'ValidationError', /between 86400/],
    [{ InstanceId: 'i-12345678' }, 'UnsupportedOperation', /a group made from an instance/],
  ]
  for (const [change, code, words] of refusals) {
    const call = client.send(new CreateAutoScalingGroupCommand({ ...good, ...change }))
    const error = await call.then(
      () => ({ name: 'none', message: 'it was made' }),
      (failure: Error) => failure,
    )
    expect(`${error.name}: ${error.message}`).toMatch(new RegExp(`^${code}: .*${words.source}`))
  }
  await client.send(new CreateAutoScalingGroupCommand(good))
  const again = client.send(new CreateAutoScalingGroupCommand(good))
  expect(await nameOf(again)).toMatch(/^AlreadyExists/)
})

test('activities are found by their status and their beginning', async () => {
  await using world = await startScalingCloud()
  await world.create({ DesiredCapacity: 1 })
  const made = world.now()
  await world.pass(60)
  await world.client.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: 'g', DesiredCapacity: 2 }),
  )
  await world.settle()
  const find = async (...Filters: Filter[]): Promise<number> => {
    const input = { AutoScalingGroupName: 'g', Filters }
    return (await world.client.send(new DescribeScalingActivitiesCommand(input))).Activities!.length
  }
  const at = (Name: string, time: number): Filter => ({
    Name,
    Values: [new Date(time).toISOString()],
  })
  expect(await find()).toBe(2)
  expect(await find({ Name: 'Status', Values: ['Successful', 'Failed'] })).toBe(2)
  expect(await find({ Name: 'Status', Values: ['Failed'] })).toBe(0)
  expect(await find(at('StartTimeLowerBound', made + 1_000))).toBe(1)
  expect(await find(at('StartTimeUpperBound', made))).toBe(1)
  expect(await find(at('StartTimeLowerBound', made), at('StartTimeUpperBound', made + 1_000))).toBe(
    1,
  )
  expect(await nameOf(find({ Name: 'Color', Values: ['red'] }))).toBe('ValidationError')
  expect(await nameOf(find({ Name: 'StartTimeLowerBound', Values: ['soon'] }))).toBe(
    'ValidationError',
  )
})
