/** Alarms through the real SDK: states, missing data, history, and what they do to instances. */
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch'
import { waitUntilInstanceStopped } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { allow, userMake } from '../support/iam.ts'
import { describe, running, WAIT } from '../support/launch.ts'
import { startMetricsCloud, type MetricsCloud } from '../support/metrics.ts'

const action = (what: string): string => `arn:aws:automate:us-east-1:ec2:${what}`

function put(
  { cloudwatch }: Pick<MetricsCloud, 'cloudwatch'>,
  id: string,
  input: Partial<PutMetricAlarmCommandInput> = {},
) {
  return cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'idle',
      Namespace: 'AWS/EC2',
      MetricName: 'CPUUtilization',
      Dimensions: [{ Name: 'InstanceId', Value: id }],
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 3,
      Threshold: 5,
      ComparisonOperator: 'LessThanThreshold',
      AlarmActions: [action('stop')],
      ...input,
    }),
  )
}

async function alarm({ cloudwatch }: MetricsCloud, name = 'idle') {
  const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }))
  return MetricAlarms![0]!
}

test('an idle machine is stopped, and the history says why', async () => {
  await using world = await startMetricsCloud()
  const { cloud, cloudwatch, minutes } = world
  const id = await running(cloud.ec2, { InstanceType: 'm5.large', Monitoring: { Enabled: true } })
  cloud.agent.uses(id, { cpus: 1 })
  await put(world, id, { Tags: [{ Key: 'team', Value: 'a' }] })
  expect(await alarm(world)).toMatchObject({ StateValue: 'INSUFFICIENT_DATA' })
  await minutes(4)
  expect(await alarm(world)).toMatchObject({ StateValue: 'OK' })
  cloud.agent.uses(id, { cpus: 0 })
  await minutes(2)
  expect(await alarm(world)).toMatchObject({ StateValue: 'OK' })
  await minutes(1)
  expect(await alarm(world)).toMatchObject({
    StateValue: 'ALARM',
    StateReason: expect.stringContaining('Threshold Crossed: 3 out of the last 3 datapoints'),
  })
  await waitUntilInstanceStopped({ client: cloud.ec2, ...WAIT }, { InstanceIds: [id] })
  const { AlarmHistoryItems } = await cloudwatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: 'idle' }),
  )
  expect(AlarmHistoryItems!.map(({ HistoryItemType }) => HistoryItemType)).toEqual([
    'Action',
    'StateUpdate',
    'StateUpdate',
    'ConfigurationUpdate',
  ])
  expect(AlarmHistoryItems![0]!.HistorySummary).toContain('Successfully executed')
  const ResourceARN = (await alarm(world)).AlarmArn!
  await cloudwatch.send(
    new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'stage', Value: 'dev' }] }),
  )
  await cloudwatch.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['team'] }))
  const { Tags } = await cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN }))
  expect(Tags).toEqual([{ Key: 'stage', Value: 'dev' }])
})

test('a hung guest is recovered: its status check fails, and it is reset', async () => {
  await using world = await startMetricsCloud()
  const { cloud, minutes } = world
  const id = await running(cloud.ec2, { InstanceType: 'm5.large' })
  await put(world, id, {
    AlarmName: 'hung',
    MetricName: 'StatusCheckFailed',
    Statistic: 'Maximum',
    EvaluationPeriods: 2,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    AlarmActions: [action('recover')],
  })
  await minutes(3)
  expect(await alarm(world, 'hung')).toMatchObject({ StateValue: 'OK' })
  cloud.agent.guestAnswers(id, false)
  await cloud.app.settled()
  await minutes(4)
  expect(await alarm(world, 'hung')).toMatchObject({ StateValue: 'ALARM' })
  await cloud.app.settled()
  expect(cloud.agent.reboots(id)).toBe(1)
})

test('terminate and reboot; a switched-off alarm does nothing; other actions fail in the history', async () => {
  await using world = await startMetricsCloud()
  const { cloud, cloudwatch } = world
  const [a, b] = [await running(cloud.ec2), await running(cloud.ec2)]
  const alarmOf = (name: string, id: string, arn: string) =>
    put(world, id, { AlarmName: name, AlarmActions: [arn] })
  await alarmOf('end', a, action('terminate'))
  await alarmOf(
    'again',
    b,
    'arn:aws:swf:us-east-1:111122223333:action/actions/AWS_EC2.InstanceId.Reboot/1.0',
  )
  await alarmOf('mail', b, 'arn:aws:sns:us-east-1:111122223333:topic')
  await alarmOf('off', b, action('terminate'))
  await cloudwatch.send(new DisableAlarmActionsCommand({ AlarmNames: ['off'] }))
  for (const AlarmName of ['end', 'again', 'mail', 'off']) {
    const StateReason = 'a test'
    await cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason }))
  }
  await cloud.app.settled()
  expect((await describe(cloud.ec2, a)).State!.Name).toMatch(/shutting-down|terminated/)
  expect((await describe(cloud.ec2, b)).State!.Name).toBe('running')
  expect(cloud.agent.reboots(b)).toBe(1)
  const { AlarmHistoryItems } = await cloudwatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: 'mail', HistoryItemType: 'Action' }),
  )
  expect(AlarmHistoryItems![0]!.HistorySummary).toContain('Failed to execute action')
})

test('lists, filters, deletion, and what is refused', async () => {
  await using world = await startMetricsCloud()
  const { cloud, cloudwatch } = world
  const id = await running(cloud.ec2)
  for (const AlarmName of ['web-1', 'web-2', 'db']) await put(world, id, { AlarmName })
  const list = async (input: object) =>
    (await cloudwatch.send(new DescribeAlarmsCommand(input))).MetricAlarms!.map(
      (one) => one.AlarmName,
    )
  expect(await list({ AlarmNamePrefix: 'web' })).toEqual(['web-1', 'web-2'])
  expect(await list({ StateValue: 'OK' })).toEqual([])
  const first = await cloudwatch.send(new DescribeAlarmsCommand({ MaxRecords: 2 }))
  expect(first.MetricAlarms).toHaveLength(2)
  expect(await list({ NextToken: first.NextToken, MaxRecords: 2 })).toEqual(['web-2'])
  const forMetric = await cloudwatch.send(
    new DescribeAlarmsForMetricCommand({
      Namespace: 'AWS/EC2',
      MetricName: 'CPUUtilization',
      Dimensions: [{ Name: 'InstanceId', Value: id }],
    }),
  )
  expect(forMetric.MetricAlarms).toHaveLength(3)
  const remove = (...AlarmNames: string[]) =>
    cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames }))
  expect(await nameOf(remove('db', 'nobody'))).toMatch(/ResourceNotFound/)
  expect(await list({})).toHaveLength(3)
  await remove('db', 'web-1')
  expect(await list({})).toEqual(['web-2'])
  expect(await nameOf(put(world, id, { Period: 61 }))).toMatch(/InvalidParameterValue/)
  expect(await nameOf(put(world, id, { TreatMissingData: 'maybe' }))).toMatch(
    /InvalidParameterValue/,
  )
  expect(await nameOf(put(world, id, { Dimensions: [] }))).toMatch(/InvalidParameterValue/)
  expect(await nameOf(put(world, id, { ExtendedStatistic: 'p90' }))).toMatch(
    /InvalidParameterCombination/,
  )
  const extended = { Statistic: undefined, ExtendedStatistic: 'p900' }
  expect(await nameOf(put(world, id, extended))).toMatch(/InvalidParameterValue/)
})

test('an alarm on a percentile; with few values it may stay what it is', async () => {
  await using world = await startMetricsCloud()
  const { cloudwatch, now, minutes } = world
  const values = (Values: number[]) =>
    cloudwatch.send(
      new PutMetricDataCommand({
        Namespace: 'Shop',
        MetricData: [{ MetricName: 'Time', Timestamp: new Date(now()), Values }],
      }),
    )
  const make = (AlarmName: string, few?: string) =>
    cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        Namespace: 'Shop',
        MetricName: 'Time',
        ExtendedStatistic: 'p90',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 50,
        ComparisonOperator: 'GreaterThanThreshold',
        ...(few !== undefined && { EvaluateLowSampleCountPercentile: few }),
      }),
    )
  await make('always')
  await make('sure', 'ignore')
  expect(await alarm(world, 'sure')).toMatchObject({
    ExtendedStatistic: 'p90',
    EvaluateLowSampleCountPercentile: 'ignore',
  })
  const states = async () => [
    (await alarm(world, 'always')).StateValue,
    (await alarm(world, 'sure')).StateValue,
  ]
  // A hundred are needed for p90 to mean something.
  await values(Array.from({ length: 20 }, (_, n) => n * 5))
  await minutes(1)
  expect(await states()).toEqual(['ALARM', 'INSUFFICIENT_DATA'])
  await values(Array.from({ length: 100 }, (_, n) => n))
  await minutes(1)
  expect(await states()).toEqual(['ALARM', 'ALARM'])
  await values(Array.from({ length: 100 }, (_, n) => n / 10))
  await minutes(1)
  expect(await states()).toEqual(['OK', 'OK'])
  expect(await nameOf(make('other', 'perhaps'))).toMatch(/InvalidParameterValue/)
})

async function strictCloud(): Promise<TestCloud & AsyncDisposable> {
  const cloud = await startTestCloud({ mode: 'strict' })
  return { ...cloud, [Symbol.asyncDispose]: () => cloud.close() }
}

test('who may not stop a machine makes no alarm that does', async () => {
  await using cloud = await strictCloud()
  const id = await running(cloud.ec2)
  const as = async (name: string, ...statements: object[]) => {
    const credentials = await userMake(cloud.iamOf(), name, ...statements)
    const { url: endpoint } = cloud
    return { cloudwatch: new CloudWatchClient({ endpoint, region: 'us-east-1', credentials }) }
  }
  const watcher = await as('watcher', allow('cloudwatch:*'))
  for (const what of ['stop', 'terminate', 'reboot']) {
    for (const member of ['AlarmActions', 'OKActions', 'InsufficientDataActions']) {
      const input = { AlarmActions: [], [member]: [action(what)] }
      expect(await nameOf(put(watcher, id, input))).toMatch(/AccessDenied/)
    }
  }
  await put(watcher, id, { AlarmActions: [action('recover')] })
  const arn = `arn:aws:ec2:us-east-1:111122223333:instance/${id}`
  const keeper = await as('keeper', allow('cloudwatch:*'), allow('ec2:StopInstances', arn))
  await put(keeper, id)
  expect(await nameOf(put(keeper, id, { AlarmActions: [action('terminate')] }))).toMatch(
    /AccessDenied/,
  )
})
