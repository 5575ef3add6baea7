/** What changes the size of a group by itself: policies and their alarms, target tracking, schedules, group metrics. */
import {
  BatchPutScheduledUpdateGroupActionCommand,
  DeletePolicyCommand,
  DescribePoliciesCommand,
  DescribeScheduledActionsCommand,
  EnableMetricsCollectionCommand,
  ExecutePolicyCommand,
  PutScalingPolicyCommand,
  PutScheduledUpdateGroupActionCommand,
} from '@aws-sdk/client-auto-scaling'
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch'
import { expect, test } from 'vitest'
import { ACCOUNT, REGION } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { startScalingCloud } from '../support/scaling.ts'

const g = { AutoScalingGroupName: 'g' }

test('a target is tracked by alarms that the policy makes: load grows the group, idleness shrinks it', async () => {
  await using world = await startScalingCloud()
  const { client, cloudwatch, cloud, group } = world
  await world.create({ DesiredCapacity: 1, MinSize: 1 })
  const { Alarms, PolicyARN } = await client.send(
    new PutScalingPolicyCommand({
      ...g,
      PolicyName: 'cpu',
      PolicyType: 'TargetTrackingScaling',
      EstimatedInstanceWarmup: 180,
      TargetTrackingConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
        TargetValue: 40,
      },
    }),
  )
  expect(Alarms!.map(({ AlarmName }) => AlarmName!.replace(/-[0-9a-f-]{36}$/, '')).sort()).toEqual([
    'TargetTracking-g-AlarmHigh',
    'TargetTracking-g-AlarmLow',
  ])
  const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({}))
  expect(MetricAlarms![0]).toMatchObject({
    AlarmActions: [PolicyARN],
    AlarmDescription: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${PolicyARN}.`,
    Dimensions: [{ Name: 'AutoScalingGroupName', Value: 'g' }],
    EvaluationPeriods: 3,
    Threshold: 40,
  })
  const load = async (cpus: number): Promise<void> => {
    for (const one of (await group()).Instances!) cloud.agent.uses(one.InstanceId!, { cpus })
  }
  await load(2)
  await world.minutes(6)
  const grown = await group()
  expect(grown.DesiredCapacity).toBeGreaterThan(1)
  expect(grown.DesiredCapacity).toBe(3)
  expect((await world.activities())[0]!.Cause).toMatch(
    /^At \S+ a monitor alarm TargetTracking-g-AlarmHigh-\S+ in state ALARM triggered policy cpu changing the desired capacity from 1 to \d\./,
  )
  await load(0)
  await world.minutes(24)
  expect(await group()).toMatchObject({ DesiredCapacity: 1 })
  await client.send(new DeletePolicyCommand({ ...g, PolicyName: 'cpu' }))
  expect((await cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([])
})

test('simple and step policies: adjustments, bounds, cooldown, an alarm of the user’s own', async () => {
  await using world = await startScalingCloud()
  const { client, cloudwatch, group } = world
  await world.create({ DesiredCapacity: 1, MaxSize: 8 })
  await client.send(
    new PutScalingPolicyCommand({
      ...g,
      PolicyName: 'out',
      AdjustmentType: 'ChangeInCapacity',
      ScalingAdjustment: 1,
    }),
  )
  const execute = { ...g, PolicyName: 'out' }
  await world.pass(301)
  await client.send(new ExecutePolicyCommand({ ...execute, HonorCooldown: true }))
  await world.settle()
  expect(await group()).toMatchObject({ DesiredCapacity: 2 })
  const cooling = client.send(new ExecutePolicyCommand({ ...execute, HonorCooldown: true }))
  expect(await nameOf(cooling)).toMatch(/^ScalingActivityInProgress/)
  const step = {
    ...g,
    PolicyName: 'step',
    PolicyType: 'StepScaling',
    AdjustmentType: 'PercentChangeInCapacity',
    EstimatedInstanceWarmup: 0,
    StepAdjustments: [
      { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 50 },
      { MetricIntervalLowerBound: 20, ScalingAdjustment: 100 },
    ],
  }
  const gap = {
    ...step,
    StepAdjustments: [
      step.StepAdjustments[1]!,
      { ...step.StepAdjustments[0]!, MetricIntervalUpperBound: 10 },
    ],
  }
  expect(await nameOf(client.send(new PutScalingPolicyCommand(gap)))).toBe('ValidationError')
  const { PolicyARN } = await client.send(new PutScalingPolicyCommand(step))
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'queue',
      Namespace: 'Own',
      MetricName: 'Depth',
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 100,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      AlarmActions: [PolicyARN!],
    }),
  )
  const { ScalingPolicies } = await client.send(new DescribePoliciesCommand(g))
  const shown = ScalingPolicies!.find((one) => one.PolicyName === 'step')
  expect(shown).toMatchObject({
    Alarms: [{ AlarmName: 'queue' }],
    MetricAggregationType: 'Average',
  })
  await cloudwatch.send(
    new SetAlarmStateCommand({ AlarmName: 'queue', StateValue: 'ALARM', StateReason: 'test' }),
  )
  await world.settle()
  expect(await group()).toMatchObject({ DesiredCapacity: 3 })
  const breach = { ...g, PolicyName: 'step', MetricValue: 130, BreachThreshold: 100 }
  await client.send(new ExecutePolicyCommand(breach))
  await world.settle()
  expect(await group()).toMatchObject({ DesiredCapacity: 6 })
  const predictive = { ...g, PolicyName: 'p', PolicyType: 'PredictiveScaling' }
  expect(await nameOf(client.send(new PutScalingPolicyCommand(predictive)))).toBe(
    'UnsupportedOperation',
  )
})

test('scheduled actions: once, and again and again in a time zone', async () => {
  await using world = await startScalingCloud()
  const { client, group } = world
  await world.create({ DesiredCapacity: 0 })
  const at = new Date(world.now() + 3_600_000)
  await client.send(
    new PutScheduledUpdateGroupActionCommand({
      ...g,
      ScheduledActionName: 'once',
      StartTime: at,
      MinSize: 1,
      MaxSize: 3,
      DesiredCapacity: 2,
    }),
  )
  await world.pass(3_599)
  expect((await group()).Instances).toEqual([])
  await world.pass(1)
  expect(await group()).toMatchObject({ MinSize: 1, MaxSize: 3, DesiredCapacity: 2 })
  expect((await group()).Instances).toHaveLength(2)
  expect((await world.activities())[0]!.Cause).toContain(
    'a scheduled action update of AutoScalingGroup constraints to min: 1, max: 3, desired: 2 changing the ' +
      'desired capacity from 0 to 2.',
  )
  const { FailedScheduledUpdateGroupActions } = await client.send(
    new BatchPutScheduledUpdateGroupActionCommand({
      ...g,
      ScheduledUpdateGroupActions: [
        {
          ScheduledActionName: 'nightly',
          Recurrence: '0 22 * * 1-5',
          TimeZone: 'Europe/Vienna',
          MinSize: 0,
          DesiredCapacity: 0,
        },
        { ScheduledActionName: 'bad', Recurrence: '0 22 * *', DesiredCapacity: 0 },
      ],
    }),
  )
  expect(FailedScheduledUpdateGroupActions).toMatchObject([
    { ScheduledActionName: 'bad', ErrorCode: 'ValidationError' },
  ])
  const { ScheduledUpdateGroupActions } = await client.send(new DescribeScheduledActionsCommand(g))
  expect(ScheduledUpdateGroupActions).toHaveLength(1)
  const next = ScheduledUpdateGroupActions![0]!.StartTime!
  expect([20, 21]).toContain(next.getUTCHours())
  await world.pass((next.getTime() - world.now()) / 1000)
  expect((await group()).Instances).toEqual([])
})

test('group metrics are recorded once they are enabled', async () => {
  await using world = await startScalingCloud()
  await world.create()
  await world.client.send(new EnableMetricsCollectionCommand({ ...g, Granularity: '1Minute' }))
  await world.minutes(2)
  const { Datapoints } = await world.cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/AutoScaling',
      MetricName: 'GroupInServiceInstances',
      Dimensions: [{ Name: 'AutoScalingGroupName', Value: 'g' }],
      StartTime: new Date(world.now() - 300_000),
      EndTime: new Date(world.now()),
      Period: 60,
      Statistics: ['Maximum'],
    }),
  )
  expect(Datapoints!.map(({ Maximum }) => Maximum)).toEqual([2, 2])
})

test('an alarm cannot call the policy of another account, whatever ARN it names', async () => {
  await using world = await startScalingCloud()
  const { client, cloudwatch, group } = world
  await world.create({ DesiredCapacity: 1 })
  const { PolicyARN } = await client.send(
    new PutScalingPolicyCommand({
      ...g,
      PolicyName: 'out',
      AdjustmentType: 'ChangeInCapacity',
      ScalingAdjustment: 1,
      Cooldown: 0,
    }),
  )
  const stranger = new CloudWatchClient({
    endpoint: world.cloud.url,
    region: REGION,
    maxAttempts: 1,
    credentials: { accessKeyId: '999900001111', secretAccessKey: 'unused' },
  })
  const alarm = (arn: string) => ({
    AlarmName: 'a',
    Namespace: 'Own',
    MetricName: 'Depth',
    Statistic: 'Average' as const,
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanThreshold' as const,
    AlarmActions: [arn],
  })
  const set = { AlarmName: 'a', StateValue: 'ALARM' as const, StateReason: 'test' }
  const forged = PolicyARN!.replace(ACCOUNT, '999900001111')
  for (const arn of [PolicyARN!, forged]) {
    await stranger.send(new PutMetricAlarmCommand(alarm(arn)))
    await stranger.send(new SetAlarmStateCommand(set))
    await stranger.send(new SetAlarmStateCommand({ ...set, StateValue: 'OK' }))
  }
  await world.settle()
  expect(await group()).toMatchObject({ DesiredCapacity: 1 })
  stranger.destroy()
  await cloudwatch.send(new PutMetricAlarmCommand(alarm(PolicyARN!)))
  await cloudwatch.send(new SetAlarmStateCommand(set))
  await world.settle()
  expect(await group()).toMatchObject({ DesiredCapacity: 2 })
})
