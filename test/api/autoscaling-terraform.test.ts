/**
 * The calls of terraform-provider-aws for aws_launch_template, aws_autoscaling_group, aws_autoscaling_policy and
 * aws_autoscaling_schedule: create and wait for capacity, a refresh that must find nothing changed, an update that
 * refreshes instances, destroy: drained to nothing first, then deleted. And target groups of a load balancer.
 */
import {
  AttachTrafficSourcesCommand,
  DeleteAutoScalingGroupCommand,
  DeleteWarmPoolCommand,
  DescribeLifecycleHooksCommand,
  DescribeLoadBalancerTargetGroupsCommand,
  DescribeNotificationConfigurationsCommand,
  DescribeInstanceRefreshesCommand,
  DescribePoliciesCommand,
  DescribeTagsCommand,
  DescribeTrafficSourcesCommand,
  DescribeWarmPoolCommand,
  DetachTrafficSourcesCommand,
  EnableMetricsCollectionCommand,
  PutNotificationConfigurationCommand,
  PutScalingPolicyCommand,
  PutWarmPoolCommand,
  StartInstanceRefreshCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import {
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { expect, test } from 'vitest'
import { ACCOUNT, REGION } from '../support/cloud.ts'
import { startScalingCloud } from '../support/scaling.ts'

const g = { AutoScalingGroupName: 'g' }
const tag = { ResourceId: 'g', ResourceType: 'auto-scaling-group', Key: 'Name', Value: 'web' }

test('aws_autoscaling_group: apply, plan, change, destroy', async () => {
  await using world = await startScalingCloud()
  const { client, cloud, group } = world
  const { Subnets } = await cloud.ec2.describeSubnets()
  const VPCZoneIdentifier = Subnets!
    .slice(0, 2)
    .map(({ SubnetId }) => SubnetId)
    .join(',')
  // The provider creates without capacity when it has hooks to put first; here all at once.
  await world.create({
    MinSize: 1,
    MaxSize: 3,
    DesiredCapacity: 2,
    AvailabilityZones: undefined,
    VPCZoneIdentifier,
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: 300,
    NewInstancesProtectedFromScaleIn: false,
    Tags: [{ ...tag, PropagateAtLaunch: true }],
    TerminationPolicies: ['OldestLaunchTemplate', 'Default'],
    InstanceMaintenancePolicy: { MinHealthyPercentage: 90, MaxHealthyPercentage: 120 },
  })
  await client.send(new SuspendProcessesCommand({ ...g, ScalingProcesses: ['AZRebalance'] }))
  await client.send(
    new EnableMetricsCollectionCommand({
      ...g,
      Granularity: '1Minute',
      Metrics: ['GroupDesiredCapacity'],
    }),
  )
  const topic = 'arn:aws:sns:us-east-1:111122223333:t'
  await client.send(
    new PutNotificationConfigurationCommand({
      ...g,
      TopicARN: topic,
      NotificationTypes: ['autoscaling:EC2_INSTANCE_LAUNCH'],
    }),
  )
  // What the provider reads at every refresh.
  const read = async () => ({
    group: await group(),
    hooks: await client.send(new DescribeLifecycleHooksCommand(g)),
    tags: (
      await client.send(
        new DescribeTagsCommand({ Filters: [{ Name: 'auto-scaling-group', Values: ['g'] }] }),
      )
    ).Tags,
    notifications: (
      await client.send(
        new DescribeNotificationConfigurationsCommand({ AutoScalingGroupNames: ['g'] }),
      )
    ).NotificationConfigurations,
    policies: (await client.send(new DescribePoliciesCommand(g))).ScalingPolicies,
  })
  const before = await read()
  expect(before.group).toMatchObject({
    VPCZoneIdentifier: expect.stringContaining('subnet-'),
    TerminationPolicies: ['OldestLaunchTemplate', 'Default'],
    InstanceMaintenancePolicy: { MinHealthyPercentage: 90, MaxHealthyPercentage: 120 },
    EnabledMetrics: [{ Metric: 'GroupDesiredCapacity', Granularity: '1Minute' }],
    SuspendedProcesses: [{ ProcessName: 'AZRebalance' }],
  })
  expect(before.group.VPCZoneIdentifier!.split(',').sort()).toEqual(
    VPCZoneIdentifier.split(',').sort(),
  )
  expect(before.group.Instances!.filter((one) => one.LifecycleState === 'InService')).toHaveLength(
    2,
  )
  expect(before.tags).toEqual([{ ...tag, PropagateAtLaunch: true }])
  expect(before.notifications).toMatchObject([{ TopicARN: topic }])
  const plain = ({ hooks, ...rest }: typeof before) => ({ ...rest, hooks: hooks.LifecycleHooks })
  expect(plain(await read())).toEqual(plain(before))
  // An update, with instance_refresh.
  await client.send(
    new UpdateAutoScalingGroupCommand({
      ...g,
      MinSize: 1,
      MaxSize: 4,
      LaunchTemplate: { LaunchTemplateName: 'web', Version: '1' },
      HealthCheckGracePeriod: 0,
    }),
  )
  await client.send(
    new StartInstanceRefreshCommand({
      ...g,
      Strategy: 'Rolling',
      Preferences: { MinHealthyPercentage: 50 },
    }),
  )
  await world.pass(1)
  const refreshes = await client.send(new DescribeInstanceRefreshesCommand(g))
  expect(refreshes.InstanceRefreshes).toMatchObject([{ Status: 'Successful' }])
  const after = await group()
  const old = before.group.Instances!.map((one) => one.InstanceId)
  expect(after.Instances!.filter((one) => old.includes(one.InstanceId))).toEqual([])
  // With warm_pool: put, found unchanged by a second look, drained and deleted before the group.
  const pool = { MinSize: 1, MaxGroupPreparedCapacity: 3, PoolState: 'Stopped' as const }
  const InstanceReusePolicy = { ReuseOnScaleIn: true }
  const given = { ...pool, InstanceReusePolicy }
  await client.send(new PutWarmPoolCommand({ ...g, ...given }))
  await world.settle()
  expect(await group()).toMatchObject({ WarmPoolConfiguration: given, WarmPoolSize: 1 })
  await client.send(new PutWarmPoolCommand({ ...g, MinSize: 0, MaxGroupPreparedCapacity: 0 }))
  await world.settle()
  expect((await client.send(new DescribeWarmPoolCommand(g))).Instances).toEqual([])
  await client.send(new DeleteWarmPoolCommand({ ...g, ForceDelete: true }))
  expect((await client.send(new DescribeWarmPoolCommand(g))).WarmPoolConfiguration).toBeUndefined()
  // Destroy.
  await client.send(
    new UpdateAutoScalingGroupCommand({ ...g, DesiredCapacity: 0, MinSize: 0, MaxSize: 0 }),
  )
  await world.settle()
  expect((await group()).Instances).toEqual([])
  await client.send(new DeleteAutoScalingGroupCommand({ ...g, ForceDelete: false }))
  expect(await group()).toBeUndefined()
  const policy = { ...g, PolicyName: 'p', AdjustmentType: 'ExactCapacity', ScalingAdjustment: 1 }
  await expect(client.send(new PutScalingPolicyCommand(policy))).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringContaining('AutoScalingGroup name not found'),
  })
})

test('instances are in the target groups of their group as long as they serve', async () => {
  await using world = await startScalingCloud()
  const { client, cloud, group } = world
  const elb = new ElasticLoadBalancingV2Client({
    endpoint: cloud.url,
    region: REGION,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'unused' },
  })
  const { Vpcs } = await cloud.ec2.describeVpcs()
  const made = await elb.send(
    new CreateTargetGroupCommand({
      Name: 'web',
      Protocol: 'HTTP',
      Port: 80,
      VpcId: Vpcs![0]!.VpcId!,
      TargetType: 'instance',
    }),
  )
  const TargetGroupArn = made.TargetGroups![0]!.TargetGroupArn!
  const targets = async () => {
    const health = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))
    return health.TargetHealthDescriptions!.map(({ Target }) => Target!.Id!).sort()
  }
  const members = async () => (await group()).Instances!.map((one) => one.InstanceId!).sort()
  await world.create({ TargetGroupARNs: [TargetGroupArn], HealthCheckType: 'ELB' })
  expect(await targets()).toEqual(await members())
  const states = await client.send(new DescribeLoadBalancerTargetGroupsCommand(g))
  expect(states.LoadBalancerTargetGroups).toEqual([
    { LoadBalancerTargetGroupARN: TargetGroupArn, State: 'InService' },
  ])
  const sources = { ...g, TrafficSources: [{ Identifier: TargetGroupArn, Type: 'elbv2' }] }
  await client.send(new DetachTrafficSourcesCommand(sources))
  await world.settle()
  expect(await targets()).toEqual([])
  expect((await client.send(new DescribeTrafficSourcesCommand(g))).TrafficSources).toEqual([])
  await client.send(new AttachTrafficSourcesCommand(sources))
  await world.settle()
  expect(await targets()).toEqual(await members())
  await cloud.ec2.terminateInstances({ InstanceIds: [(await members())[0]!] })
  await world.settle()
  expect(await members()).toHaveLength(2)
  expect(await targets()).toEqual(await members())
  await client.send(new UpdateAutoScalingGroupCommand({ ...g, DesiredCapacity: 0, MinSize: 0 }))
  await world.settle()
  expect(await targets()).toEqual([])
  elb.destroy()
})
