/** Instances of groups through the real SDK: hooks, standby, attaching, protection, refreshes, maximum lifetime. */
import {
  AttachInstancesCommand,
  CompleteLifecycleActionCommand,
  DescribeInstanceRefreshesCommand,
  DetachInstancesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  PutLifecycleHookCommand,
  RecordLifecycleActionHeartbeatCommand,
  RollbackInstanceRefreshCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  SetInstanceProtectionCommand,
  StartInstanceRefreshCommand,
  SuspendProcessesCommand,
  ResumeProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import { expect, test } from 'vitest'
import { metadataOf } from '../../src/app/metadata.ts'
import { nameOf } from '../support/code-of.ts'
import { startScalingCloud, type ScalingCloud } from '../support/scaling.ts'
import { TINY } from '../support/app.ts'

const g = { AutoScalingGroupName: 'g' }

async function targetState({ cloud }: ScalingCloud, id: string): Promise<string | undefined> {
  const { Reservations } = await cloud.ec2.describeInstances({ InstanceIds: [id] })
  const { VpcId, PrivateIpAddress } = Reservations![0]!.Instances![0]!
  return (await metadataOf(cloud.app, VpcId!, PrivateIpAddress!))?.targetLifecycleState
}

test('hooks hold an instance until they are completed, or their time is over', async () => {
  await using world = await startScalingCloud()
  const { client, group, states } = world
  await world.create({
    DesiredCapacity: 0,
    LifecycleHookSpecificationList: [
      {
        LifecycleHookName: 'ready',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        HeartbeatTimeout: 60,
        DefaultResult: 'ABANDON',
      },
    ],
  })
  await client.send(new SetDesiredCapacityCommand({ ...g, DesiredCapacity: 1 }))
  await world.settle()
  expect(await states()).toEqual(['Pending:Wait'])
  const first = (await group()).Instances![0]!.InstanceId!
  expect(await targetState(world, first)).toBe('InService')
  const [waiting] = await world.activities()
  expect(waiting).toMatchObject({ StatusCode: 'MidLifecycleAction' })
  const hook = { ...g, LifecycleHookName: 'ready', InstanceId: first }
  await world.pass(50)
  await client.send(new RecordLifecycleActionHeartbeatCommand(hook))
  await world.pass(50)
  expect(await states()).toEqual(['Pending:Wait'])
  // Nobody says anything: it is abandoned, and another one is tried after a pause.
  await world.pass(11)
  await world.pass(11)
  const second = (await group()).Instances![0]!.InstanceId!
  expect(second).not.toBe(first)
  const lost = (await world.activities()).find((one) => one.StatusCode === 'Cancelled')
  expect(lost!.StatusMessage).toContain('was abandoned: Lifecycle Action Completed with ABANDON')
  const complete = { ...hook, InstanceId: second, LifecycleActionResult: 'CONTINUE' }
  await client.send(new CompleteLifecycleActionCommand(complete))
  await world.settle()
  expect(await states()).toEqual(['InService'])
  expect(await nameOf(client.send(new CompleteLifecycleActionCommand(complete)))).toBe(
    'ValidationError',
  )
  await client.send(
    new PutLifecycleHookCommand({
      ...g,
      LifecycleHookName: 'drain',
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    }),
  )
  await client.send(new SetDesiredCapacityCommand({ ...g, DesiredCapacity: 0 }))
  await world.settle()
  expect(await states()).toEqual(['Terminating:Wait'])
  expect(await targetState(world, second)).toBe('Terminated')
  await client.send(new CompleteLifecycleActionCommand({ ...complete, LifecycleHookName: 'drain' }))
  await world.settle()
  expect(await states()).toEqual([])
})

test('a guest that is silent for a moment costs no machine; one that is for two minutes does', async () => {
  await using world = await startScalingCloud()
  const { cloud, group } = world
  await world.create({ DesiredCapacity: 1 })
  await world.settle()
  const first = (await group()).Instances![0]!.InstanceId!
  cloud.agent.guestAnswers(first, false)
  await world.settle()
  await world.pass(110)
  expect((await group()).Instances).toMatchObject([{ InstanceId: first, HealthStatus: 'Healthy' }])
  cloud.agent.guestAnswers(first, true)
  await world.pass(300)
  expect((await group()).Instances).toMatchObject([{ InstanceId: first, HealthStatus: 'Healthy' }])
  cloud.agent.guestAnswers(first, false)
  await world.settle()
  await world.pass(121)
  expect((await group()).Instances).toMatchObject([{ HealthStatus: 'Healthy' }])
  expect((await group()).Instances![0]!.InstanceId).not.toBe(first)
  expect((await world.activities()).map(({ Cause }) => Cause).join()).toContain(
    'EC2 instance status checks failure',
  )
})

test('standby, detaching, attaching, ending: the desired capacity goes with it when asked', async () => {
  await using world = await startScalingCloud()
  const { client, cloud, group, states } = world
  await world.create()
  const [a, b] = (await group()).Instances!.map((one) => one.InstanceId!)
  const aside = { ...g, InstanceIds: [a!], ShouldDecrementDesiredCapacity: true }
  const { Activities } = await client.send(new EnterStandbyCommand(aside))
  expect(Activities![0]).toMatchObject({
    Description: `Moving EC2 instance to Standby: ${a}`,
    Cause: expect.stringMatching(
      /was moved to standby in response to a user request, shrinking the capacity from 2 to 1\.$/,
    ),
  })
  await world.settle()
  expect(await states()).toEqual(['InService', 'Standby'])
  await client.send(new ExitStandbyCommand({ ...g, InstanceIds: [a!] }))
  await world.settle()
  expect(await states()).toEqual(['InService', 'InService'])
  await client.send(new DetachInstancesCommand(aside))
  await world.settle()
  expect((await group()).Instances!.map((one) => one.InstanceId)).toEqual([b])
  const { Tags } = await cloud.ec2.describeTags({
    Filters: [{ Name: 'resource-id', Values: [a!] }],
  })
  expect(Tags!.map(({ Key }) => Key)).not.toContain('aws:autoscaling:groupName')
  await client.send(new AttachInstancesCommand({ ...g, InstanceIds: [a!] }))
  await world.settle()
  expect(await group()).toMatchObject({ DesiredCapacity: 2 })
  expect(await states()).toEqual(['InService', 'InService'])
  expect(await nameOf(client.send(new AttachInstancesCommand({ ...g, InstanceIds: [a!] })))).toBe(
    'ValidationError',
  )
  await client.send(
    new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: a!,
      ShouldDecrementDesiredCapacity: false,
    }),
  )
  await world.settle()
  const after = (await group()).Instances!.map((one) => one.InstanceId)
  expect(after).toHaveLength(2)
  expect(after).not.toContain(a)
})

test('protected instances stay, suspended processes do nothing, health can be said', async () => {
  await using world = await startScalingCloud()
  const { client, cloud, group, states } = world
  await world.create({ NewInstancesProtectedFromScaleIn: true })
  const [a, b] = (await group()).Instances!.map((one) => one.InstanceId!)
  await client.send(new SetDesiredCapacityCommand({ ...g, DesiredCapacity: 0 }))
  await world.settle()
  expect(await states()).toEqual(['InService', 'InService'])
  const free = { ...g, InstanceIds: [b!], ProtectedFromScaleIn: false }
  await client.send(new SetInstanceProtectionCommand(free))
  await world.settle()
  expect((await group()).Instances!.map((one) => one.InstanceId)).toEqual([a])
  await client.send(new SuspendProcessesCommand({ ...g, ScalingProcesses: ['Launch'] }))
  await client.send(new SetDesiredCapacityCommand({ ...g, DesiredCapacity: 1 }))
  await client.send(new SetInstanceHealthCommand({ InstanceId: a!, HealthStatus: 'Unhealthy' }))
  await world.settle()
  expect(await states()).toEqual([])
  expect((await group()).SuspendedProcesses).toMatchObject([{ ProcessName: 'Launch' }])
  await client.send(new ResumeProcessesCommand(g))
  await world.settle()
  expect(await states()).toEqual(['InService'])
  // EC2's protection of an instance is not against its own group.
  const [c] = (await group()).Instances!.map((one) => one.InstanceId!)
  await cloud.ec2.modifyInstanceAttribute({
    InstanceId: c!,
    DisableApiTermination: { Value: true },
  })
  await client.send(new SetInstanceProtectionCommand({ ...free, InstanceIds: [c!] }))
  await client.send(new SetDesiredCapacityCommand({ ...g, DesiredCapacity: 0 }))
  await world.settle()
  expect(await states()).toEqual([])
})

test('a refresh replaces one after the other; it is taken back; what matches is left alone', async () => {
  await using world = await startScalingCloud()
  const { client, cloud, group } = world
  const refresh = async () =>
    (await client.send(new DescribeInstanceRefreshesCommand(g))).InstanceRefreshes![0]!
  await world.create({ LaunchTemplate: { LaunchTemplateName: 'web', Version: '1' } })
  const before = (await group()).Instances!.map((one) => one.InstanceId)
  await cloud.ec2.createLaunchTemplateVersion({
    LaunchTemplateName: 'web',
    LaunchTemplateData: { ImageId: TINY, InstanceType: 't3.small' },
  })
  const desired = { LaunchTemplate: { LaunchTemplateName: 'web', Version: '2' } }
  await client.send(
    new StartInstanceRefreshCommand({
      ...g,
      DesiredConfiguration: desired,
      Preferences: { MinHealthyPercentage: 50, InstanceWarmup: 30, SkipMatching: true },
    }),
  )
  await world.settle()
  expect(await refresh()).toMatchObject({ Status: 'InProgress' })
  // One is new and warms up; the other still serves.
  expect((await group()).Instances!.filter((one) => before.includes(one.InstanceId))).toHaveLength(
    1,
  )
  const again = client.send(new StartInstanceRefreshCommand(g))
  expect(await nameOf(again)).toMatch(/^InstanceRefreshInProgress/)
  await world.pass(31)
  await world.pass(31)
  expect(await refresh()).toMatchObject({ Status: 'Successful', PercentageComplete: 100 })
  const now = await group()
  expect(now.LaunchTemplate).toMatchObject({ Version: '2' })
  expect(now.Instances!.map((one) => one.InstanceType)).toEqual(['t3.small', 't3.small'])
  await client.send(
    new StartInstanceRefreshCommand({
      ...g,
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateName: 'web', Version: '1' } },
      Preferences: { CheckpointPercentages: [50, 100], CheckpointDelay: 600, InstanceWarmup: 0 },
    }),
  )
  await world.settle()
  expect(await refresh()).toMatchObject({ Status: 'InProgress', PercentageComplete: 50 })
  await client.send(new RollbackInstanceRefreshCommand(g))
  await world.pass(1)
  expect(await refresh()).toMatchObject({ Status: 'RollbackSuccessful' })
  const types = (await group()).Instances!.map((one) => one.InstanceType)
  expect(types).toEqual(['t3.small', 't3.small'])
  expect((await group()).LaunchTemplate).toMatchObject({ Version: '2' })
})

test('an instance does not grow older than its group allows; zones come into balance', async () => {
  await using world = await startScalingCloud()
  const { client, group } = world
  await world.create({ MaxInstanceLifetime: 86_400, AvailabilityZones: ['us-east-1a'] })
  const before = (await group()).Instances!.map((one) => one.InstanceId)
  await world.pass(86_401)
  await world.pass(1)
  const after = (await group()).Instances!
  expect(after.filter((one) => before.includes(one.InstanceId))).toEqual([])
  expect(after).toHaveLength(2)
  const zones = ['us-east-1a', 'us-east-1b']
  await client.send(new UpdateAutoScalingGroupCommand({ ...g, AvailabilityZones: zones }))
  await world.settle()
  expect((await group()).Instances!.map((one) => one.AvailabilityZone).sort()).toEqual(zones)
})
