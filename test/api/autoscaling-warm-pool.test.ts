/**
 * Warm pools through the real SDK: filled and waiting in each of their states, taken from first, given back to by
 * scale-in, through hooks both ways, renewed by a refresh, deleted.
 */
import {
  CompleteLifecycleActionCommand,
  DeleteAutoScalingGroupCommand,
  DeleteWarmPoolCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeWarmPoolCommand,
  EnableMetricsCollectionCommand,
  PutLifecycleHookCommand,
  PutWarmPoolCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  StartInstanceRefreshCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  type PutWarmPoolType,
} from '@aws-sdk/client-auto-scaling'
import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch'
import { expect, test } from 'vitest'
import { metadataOf } from '../../src/app/metadata.ts'
import { nameOf } from '../support/code-of.ts'
import { startScalingCloud, type ScalingCloud } from '../support/scaling.ts'
import { TINY } from '../support/app.ts'

const g = { AutoScalingGroupName: 'g' }

async function put({ client, settle }: ScalingCloud, change: Partial<PutWarmPoolType> = {}) {
  await client.send(new PutWarmPoolCommand({ ...g, ...change }))
  await settle()
}

const see = ({ client }: ScalingCloud) => client.send(new DescribeWarmPoolCommand(g))

async function pooled(world: ScalingCloud): Promise<string[]> {
  return (await see(world)).Instances!.map((one) => one.LifecycleState!).sort()
}

async function desire({ client, settle }: ScalingCloud, DesiredCapacity: number): Promise<void> {
  await client.send(new SetDesiredCapacityCommand({ ...g, DesiredCapacity }))
  await settle()
}

async function ec2States({ cloud }: ScalingCloud): Promise<string[]> {
  const { Reservations } = await cloud.ec2.describeInstances({})
  const all = Reservations!.flatMap(({ Instances }) => Instances!)
  return all.map(({ State }) => State!.Name as string).sort()
}

test('waits stopped, is taken from first, and filled again', async () => {
  await using world = await startScalingCloud()
  const { client, group } = world
  await world.create({ DesiredCapacity: 1, MaxSize: 3 })
  expect((await see(world)).WarmPoolConfiguration).toBeUndefined()
  await put(world)
  // As many as the maximum is above the desired capacity.
  expect(await pooled(world)).toEqual(['Warmed:Stopped', 'Warmed:Stopped'])
  expect(await ec2States(world)).toEqual(['running', 'stopped', 'stopped'])
  expect(await group()).toMatchObject({
    DesiredCapacity: 1,
    Instances: [{ LifecycleState: 'InService' }],
    WarmPoolConfiguration: { MinSize: 0, PoolState: 'Stopped' },
    WarmPoolSize: 2,
  })
  const into = (await world.activities()).filter((one) =>
    one.Description!.startsWith('Launching a new EC2 instance into warm pool: i-'),
  )
  expect(into).toMatchObject([
    { StatusCode: 'Successful', Progress: 100 },
    { StatusCode: 'Successful', Progress: 100 },
  ])
  expect(into.map(({ Cause }) => /from \d to \d/.exec(Cause!)![0]).sort()).toEqual([
    'from 0 to 1',
    'from 1 to 2',
  ])

  const ids = new Set((await see(world)).Instances!.map(({ InstanceId }) => InstanceId))
  await desire(world, 2)
  expect(await world.states()).toEqual(['InService', 'InService'])
  const taken = (await group()).Instances!.filter(({ InstanceId }) => ids.has(InstanceId))
  expect(taken).toHaveLength(1)
  expect((await world.activities()).map(({ Description }) => Description)).toContain(
    `Launching a new EC2 instance from warm pool: ${taken[0]!.InstanceId}`,
  )
  expect(await pooled(world)).toEqual(['Warmed:Stopped'])
  await put(world, { MinSize: 2 })
  expect(await pooled(world)).toEqual(['Warmed:Stopped', 'Warmed:Stopped'])
  await put(world, { MinSize: 0, MaxGroupPreparedCapacity: 2 })
  expect(await pooled(world)).toEqual([])
  await put(world, { MaxGroupPreparedCapacity: -1 })
  expect(await pooled(world)).toEqual(['Warmed:Stopped'])
  const { AutoScalingInstances } = await client.send(new DescribeAutoScalingInstancesCommand({}))
  expect(AutoScalingInstances!.map(({ LifecycleState }) => LifecycleState).sort()).toEqual([
    ...['InService', 'InService', 'Warmed:Stopped'],
  ])
})

test('what scale-in takes goes back when it may, and ends otherwise', async () => {
  await using world = await startScalingCloud()
  await world.create({ DesiredCapacity: 2, MaxSize: 2 })
  await put(world, { InstanceReusePolicy: { ReuseOnScaleIn: true } })
  expect(await pooled(world)).toEqual([])
  const before = (await world.group()).Instances!.map(({ InstanceId }) => InstanceId)
  await desire(world, 1)
  expect(await pooled(world)).toEqual(['Warmed:Stopped'])
  const [back] = (await see(world)).Instances!
  expect(before).toContain(back!.InstanceId)
  const Description = `Returning EC2 instance to warm pool: ${back!.InstanceId}`
  const returned = (await world.activities()).find((one) => one.Description === Description)
  expect(returned).toMatchObject({ StatusCode: 'Successful' })
  await desire(world, 2)
  expect((await world.group()).Instances!.map(({ InstanceId }) => InstanceId)).toContain(
    back!.InstanceId,
  )
  await put(world, { InstanceReusePolicy: { ReuseOnScaleIn: false } })
  await desire(world, 1)
  // Another one is made for the pool.
  expect(await ec2States(world)).toEqual(['running', 'stopped', 'terminated'])
})

test('running and hibernated, and what cannot hibernate', async () => {
  await using world = await startScalingCloud()
  const { client, cloud } = world
  await world.create({ DesiredCapacity: 1, MaxSize: 2 })
  const hibernated = new PutWarmPoolCommand({ ...g, PoolState: 'Hibernated' })
  expect(await nameOf(client.send(hibernated))).toBe('ValidationError')
  await put(world, { PoolState: 'Running' })
  expect(await pooled(world)).toEqual(['Warmed:Running'])
  expect(await ec2States(world)).toEqual(['running', 'running'])
  await desire(world, 2)
  expect(await world.states()).toEqual(['InService', 'InService'])

  await cloud.ec2.createLaunchTemplate({
    LaunchTemplateName: 'sleeper',
    LaunchTemplateData: {
      ImageId: TINY,
      InstanceType: 't3.micro',
      HibernationOptions: { Configured: true },
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeSize: 8 } }],
    },
  })
  const LaunchTemplate = { LaunchTemplateName: 'sleeper' }
  const h = { AutoScalingGroupName: 'h' }
  await world.create({ ...h, LaunchTemplate, DesiredCapacity: 0, MaxSize: 1 })
  await client.send(new PutWarmPoolCommand({ ...h, PoolState: 'Hibernated' }))
  await world.settle()
  const { Instances } = await client.send(new DescribeWarmPoolCommand(h))
  expect(Instances).toMatchObject([{ LifecycleState: 'Warmed:Hibernated' }])
  await client.send(new SetDesiredCapacityCommand({ ...h, DesiredCapacity: 1 }))
  await world.settle()
  expect((await world.group('h')).Instances).toMatchObject([
    { InstanceId: Instances![0]!.InstanceId, LifecycleState: 'InService' },
  ])
})

test('hooks hold an instance on its way in, on its way to the group, and on its way back', async () => {
  await using world = await startScalingCloud()
  const { client, cloud } = world
  await world.create({ DesiredCapacity: 0, MaxSize: 1 })
  const hook = (name: string, transition: string) =>
    client.send(
      new PutLifecycleHookCommand({
        ...g,
        LifecycleHookName: name,
        LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
      }),
    )
  await hook('ready', 'LAUNCHING')
  await hook('drain', 'TERMINATING')
  await put(world, { InstanceReusePolicy: { ReuseOnScaleIn: true } })
  expect(await pooled(world)).toEqual(['Warmed:Pending:Wait'])
  const InstanceId = (await see(world)).Instances![0]!.InstanceId!
  const target = async (): Promise<string | undefined> => {
    const { Reservations } = await cloud.ec2.describeInstances({ InstanceIds: [InstanceId] })
    const { VpcId, PrivateIpAddress } = Reservations![0]!.Instances![0]!
    return (await metadataOf(cloud.app, VpcId!, PrivateIpAddress!))?.targetLifecycleState
  }
  const go = async (LifecycleHookName: string): Promise<void> => {
    const LifecycleActionResult = 'CONTINUE'
    const action = { ...g, LifecycleHookName, InstanceId, LifecycleActionResult }
    await client.send(new CompleteLifecycleActionCommand(action))
    await world.settle()
  }
  expect(await target()).toBe('Warmed:Stopped')
  await go('ready')
  expect(await pooled(world)).toEqual(['Warmed:Stopped'])
  await desire(world, 1)
  expect(await world.states()).toEqual(['Pending:Wait'])
  expect(await target()).toBe('InService')
  await go('ready')
  expect(await world.states()).toEqual(['InService'])
  await desire(world, 0)
  expect(await world.states()).toEqual([])
  expect(await pooled(world)).toEqual(['Warmed:Pending:Wait'])
  await go('drain')
  expect(await pooled(world)).toEqual(['Warmed:Stopped'])
  // Out of this world it is held once more.
  await put(world, { MaxGroupPreparedCapacity: 0 })
  expect(await pooled(world)).toEqual(['Warmed:Terminating:Wait'])
  await go('drain')
  expect(await pooled(world)).toEqual([])
  expect(await ec2States(world)).toEqual(['terminated'])
})

test('what is not as it should be is replaced; nothing begins while Launch is suspended', async () => {
  await using world = await startScalingCloud()
  const { client, cloud } = world
  await world.create({ DesiredCapacity: 0, MaxSize: 2 })
  await put(world)
  const [a, b] = (await see(world)).Instances!.map((one) => one.InstanceId!)
  // Somebody starts one: nobody knows what it is now.
  await cloud.ec2.startInstances({ InstanceIds: [a!] })
  await world.settle()
  await client.send(new SetInstanceHealthCommand({ InstanceId: b!, HealthStatus: 'Unhealthy' }))
  await world.settle()
  expect(await pooled(world)).toEqual(['Warmed:Stopped', 'Warmed:Stopped'])
  expect(await ec2States(world)).toEqual(['stopped', 'stopped', 'terminated', 'terminated'])
  const [c] = (await see(world)).Instances!.map((one) => one.InstanceId!)
  const end = { InstanceId: c!, ShouldDecrementDesiredCapacity: true }
  expect(await nameOf(client.send(new TerminateInstanceInAutoScalingGroupCommand(end)))).toBe(
    'ValidationError',
  )
  await client.send(new SuspendProcessesCommand({ ...g, ScalingProcesses: ['Launch'] }))
  await cloud.ec2.terminateInstances({ InstanceIds: [c!] })
  await world.settle()
  expect(await pooled(world)).toEqual(['Warmed:Stopped'])
})

test('a refresh makes the pool anew, from the new version', async () => {
  await using world = await startScalingCloud()
  const { client, cloud } = world
  await world.create({ DesiredCapacity: 1, MaxSize: 2 })
  await put(world)
  const [before] = (await see(world)).Instances!
  expect(before!.LaunchTemplate!.Version).toBe('1')
  await cloud.ec2.createLaunchTemplateVersion({
    LaunchTemplateName: 'web',
    SourceVersion: '1',
    LaunchTemplateData: { InstanceType: 't3.small' },
  })
  const Preferences = { InstanceWarmup: 0, MinHealthyPercentage: 0 }
  await client.send(new StartInstanceRefreshCommand({ ...g, Preferences }))
  await world.settle()
  await world.pass(60)
  const after = (await see(world)).Instances!
  expect(after).toMatchObject([{ LifecycleState: 'Warmed:Stopped', InstanceType: 't3.small' }])
  expect(after[0]!.InstanceId).not.toBe(before!.InstanceId)
  expect((await world.group()).Instances).toMatchObject([{ InstanceType: 't3.small' }])
})

test('deleted when it is empty, or by force; with its group', async () => {
  await using world = await startScalingCloud()
  const { client } = world
  const remove = (ForceDelete: boolean) =>
    client.send(new DeleteWarmPoolCommand({ ...g, ForceDelete }))
  await world.create({ DesiredCapacity: 1, MaxSize: 2 })
  expect(await nameOf(remove(true))).toBe('ValidationError')
  await put(world)
  expect(await nameOf(remove(false))).toBe('ResourceInUseFault')
  await remove(true)
  const going = await see(world)
  expect(going.WarmPoolConfiguration?.Status ?? 'PendingDelete').toBe('PendingDelete')
  await world.settle()
  expect((await see(world)).WarmPoolConfiguration).toBeUndefined()
  expect(await ec2States(world)).toEqual(['running', 'terminated'])
  await put(world)
  await client.send(new DeleteAutoScalingGroupCommand({ ...g, ForceDelete: true }))
  await world.settle()
  expect(new Set(await ec2States(world))).toEqual(new Set(['terminated']))
})

test('is counted apart in the group’s metrics', async () => {
  await using world = await startScalingCloud()
  const { client, cloudwatch } = world
  await world.create({ DesiredCapacity: 1, MaxSize: 3 })
  await client.send(new EnableMetricsCollectionCommand({ ...g, Granularity: '1Minute' }))
  await put(world)
  await world.minutes(1)
  const value = async (MetricName: string): Promise<number | undefined> => {
    const { Datapoints } = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'AWS/AutoScaling',
        MetricName,
        Dimensions: [{ Name: 'AutoScalingGroupName', Value: 'g' }],
        StartTime: new Date(world.now() - 120_000),
        EndTime: new Date(world.now()),
        Period: 60,
        Statistics: ['Average'],
      }),
    )
    return Datapoints!.at(-1)?.Average
  }
  expect(await value('GroupTotalInstances')).toBe(1)
  expect(await value('WarmPoolDesiredCapacity')).toBe(2)
  expect(await value('WarmPoolWarmedCapacity')).toBe(2)
  expect(await value('GroupAndWarmPoolTotalCapacity')).toBe(3)
})
