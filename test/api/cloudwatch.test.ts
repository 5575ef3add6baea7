/** CloudWatch through the real SDK, `aws` and the Query protocol: one's own metrics, and those that are measured. */
import {
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
  type MetricDatum,
  type Statistic,
} from '@aws-sdk/client-cloudwatch'
import { MonitorInstancesCommand, UnmonitorInstancesCommand } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { ACCOUNT } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { describe, running } from '../support/launch.ts'
import { startMetricsCloud, type MetricsCloud } from '../support/metrics.ts'

async function statistics(
  { cloudwatch, now }: MetricsCloud,
  Namespace: string,
  MetricName: string,
  dimension: [string, string],
  options: { Period?: number; Statistics?: Statistic[] } = {},
) {
  const { Datapoints } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace,
      MetricName,
      Dimensions: [{ Name: dimension[0], Value: dimension[1] }],
      StartTime: new Date(now() - 3_600_000),
      EndTime: new Date(now() + 60_000),
      Period: options.Period ?? 60,
      Statistics: options.Statistics ?? ['Average', 'Sum', 'Maximum', 'SampleCount'],
    }),
  )
  return Datapoints!
}

test('detailed monitoring: what a machine uses is a value a minute', async () => {
  await using world = await startMetricsCloud()
  const { cloud, minutes } = world
  const id = await running(cloud.ec2, { InstanceType: 'm5.large', Monitoring: { Enabled: true } })
  await minutes(1)
  cloud.agent.uses(id, { cpus: 0.5, writeOps: 10, bytesIn: 1000, bytesOut: 50 })
  await minutes(3)
  const cpu = await statistics(world, 'AWS/EC2', 'CPUUtilization', ['InstanceId', id])
  expect(cpu.slice(-3).map(({ Average }) => Average!.toFixed(1))).toEqual(['25.0', '25.0', '25.0'])
  expect(cpu.at(-1)).toMatchObject({ Unit: 'Percent', SampleCount: 1 })
  const bytes = await statistics(world, 'AWS/EC2', 'NetworkIn', ['InstanceId', id])
  expect(bytes.at(-1)!.Sum).toBeCloseTo(60_000)
  const { BlockDeviceMappings } = await describe(cloud.ec2, id)
  const volumeId = BlockDeviceMappings![0]!.Ebs!.VolumeId!
  const writes = await statistics(world, 'AWS/EBS', 'VolumeWriteOps', ['VolumeId', volumeId])
  expect(writes.at(-1)!.Sum).toBeCloseTo(600)
  const total = await statistics(world, 'AWS/EC2', 'EBSWriteOps', ['InstanceId', id])
  expect(total.at(-1)!.Sum).toBeCloseTo(600)
})

test('basic monitoring: one value every five minutes, of five samples; it can be switched', async () => {
  await using world = await startMetricsCloud()
  const { cloud, minutes } = world
  const id = await running(cloud.ec2, { InstanceType: 'm5.large' })
  await minutes(5)
  cloud.agent.uses(id, { cpus: 2 })
  await minutes(1)
  cloud.agent.uses(id, { cpus: 0 })
  await minutes(4)
  const dimension: [string, string] = ['InstanceId', id]
  const points = await statistics(world, 'AWS/EC2', 'CPUUtilization', dimension, { Period: 300 })
  expect(points.at(-1)).toMatchObject({ SampleCount: 5 })
  expect(points.at(-1)!.Maximum).toBeCloseTo(100)
  expect(points.at(-1)!.Average).toBeCloseTo(20)
  const checks = await statistics(world, 'AWS/EC2', 'StatusCheckFailed', dimension)
  expect(checks.length).toBeGreaterThanOrEqual(9)
  const on = await cloud.ec2.send(new MonitorInstancesCommand({ InstanceIds: [id] }))
  expect(on.InstanceMonitorings).toMatchObject([{ Monitoring: { State: 'enabled' } }])
  expect((await describe(cloud.ec2, id)).Monitoring!.State).toBe('enabled')
  await minutes(3)
  const before = (await statistics(world, 'AWS/EC2', 'CPUUtilization', dimension)).length
  await minutes(1)
  expect(await statistics(world, 'AWS/EC2', 'CPUUtilization', dimension)).toHaveLength(before + 1)
  await cloud.ec2.send(new UnmonitorInstancesCommand({ InstanceIds: [id] }))
  expect((await describe(cloud.ec2, id)).Monitoring!.State).toBe('disabled')
})

test("one's own metrics: values, sets, summaries, dimensions, lists and arithmetic", async () => {
  await using world = await startMetricsCloud()
  const { cloudwatch, now } = world
  const put = (MetricData: MetricDatum[], Namespace = 'Shop') =>
    cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData }))
  const at = new Date(now())
  const Dimensions = [
    { Name: 'Stage', Value: 'prod' },
    { Name: 'Host', Value: 'a' },
  ]
  await put([
    { MetricName: 'Orders', Value: 3, Timestamp: at, Dimensions, Unit: 'Count' },
    {
      MetricName: 'Orders',
      Values: [1, 5],
      Counts: [2, 1],
      Timestamp: at,
      Dimensions,
      Unit: 'Count',
    },
    {
      MetricName: 'Orders',
      StatisticValues: { SampleCount: 2, Sum: 20, Minimum: 8, Maximum: 12 },
      Timestamp: at,
      // Another order of the same dimensions is the same metric.
      Dimensions: Dimensions.toReversed(),
      Unit: 'Count',
    },
    { MetricName: 'Visits', Value: 60, Timestamp: at },
  ])
  const { Metrics } = await cloudwatch.send(
    new ListMetricsCommand({ Namespace: 'Shop', Dimensions: [{ Name: 'Stage', Value: 'prod' }] }),
  )
  expect(Metrics).toHaveLength(1)
  const stat = (MetricName: string, Stat: string, of: object[] = []) => ({
    Metric: { Namespace: 'Shop', MetricName, Dimensions: of as never },
    Period: 60,
    Stat,
  })
  const ask = (MetricDataQueries: object[]) =>
    cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(now() - 600_000),
        EndTime: new Date(now() + 60_000),
        MetricDataQueries: MetricDataQueries as never,
      }),
    )
  const { MetricDataResults } = await ask([
    { Id: 'orders', MetricStat: stat('Orders', 'Sum', Dimensions), ReturnData: false },
    { Id: 'visits', MetricStat: stat('Visits', 'Sum') },
    {
      Id: 'share',
      Expression: '100 * orders / (visits + SUM([visits, orders]) - visits)',
      Label: '%',
    },
    { Id: 'most', MetricStat: stat('Orders', 'Maximum', Dimensions) },
  ])
  expect(MetricDataResults).toMatchObject([
    { Id: 'visits', Values: [60], StatusCode: 'Complete' },
    { Id: 'share', Label: '%', Values: [(100 * 30) / 90] },
    { Id: 'most', Values: [12] },
  ])
  expect(await nameOf(put([{ MetricName: 'x', Value: 1 }], 'AWS/EC2'))).toMatch(
    /InvalidParameterValue/,
  )
  expect(await nameOf(put([{ MetricName: 'x' }]))).toMatch(/InvalidParameterCombination/)
  expect(await nameOf(put([{ MetricName: 'x', Value: Infinity }]))).toMatch(/Invalid|Validation/)
  expect(await nameOf(ask([{ Id: 'a', Expression: 'ANOMALY(b)' }]))).toMatch(/Validation|Invalid/)
  expect(await nameOf(ask([{ Id: 'a', MetricStat: stat('Orders', 'p101') }]))).toMatch(/Validation/)
})

test('percentiles and their kin, of values, lists of them, and summaries of one value', async () => {
  await using world = await startMetricsCloud()
  const { cloudwatch, now } = world
  const put = (datum: Partial<MetricDatum>) =>
    cloudwatch.send(
      new PutMetricDataCommand({
        Namespace: 'Shop',
        MetricData: [{ MetricName: 'Time', Timestamp: new Date(now()), ...datum }],
      }),
    )
  // 1 to 100, partly as lists, partly one by one, and an outlier as a summary.
  await put({ Values: Array.from({ length: 60 }, (_, n) => n + 1) })
  await put({ Values: Array.from({ length: 38 }, (_, n) => n + 61), Counts: Array(38).fill(1) })
  await put({ Value: 99 })
  await put({ StatisticValues: { SampleCount: 1, Sum: 100, Minimum: 100, Maximum: 100 } })
  const query = { Namespace: 'Shop', MetricName: 'Time', Period: 60 }
  const range = { StartTime: new Date(now() - 60_000), EndTime: new Date(now() + 120_000) }
  const ask = async (...ExtendedStatistics: string[]): Promise<Record<string, number>> => {
    const input = { ...query, ...range, ExtendedStatistics }
    const { Datapoints } = await cloudwatch.send(new GetMetricStatisticsCommand(input))
    return Datapoints![0]?.ExtendedStatistics ?? {}
  }
  const wanted = {
    ...{ p50: 50, p90: 90, 'p99.9': 100, tm90: 45.5, 'TM(10%:90%)': 50.5, IQM: 50.5 },
    ...{
      'TC(:30.5)': 30,
      tc90: 90,
      'TS(50%:)': 3775,
      wm90: 50.05,
      'PR(:30.5)': 30,
      'PR(20.5:30.5)': 10,
    },
  }
  for (const words of [Object.keys(wanted).slice(0, 6), Object.keys(wanted).slice(6)]) {
    const found = await ask(...words)
    for (const word of words) {
      const value = wanted[word as 'p50']
      expect(Math.abs(found[word]! - value) / value, word).toBeLessThan(0.02)
    }
  }
  // Math with them, and by the older protocol.
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      ...range,
      MetricDataQueries: [
        {
          Id: 'p',
          ReturnData: false,
          MetricStat: {
            Metric: { Namespace: 'Shop', MetricName: 'Time' },
            Period: 60,
            Stat: 'p90',
          },
        },
        { Id: 'tenth', Expression: 'p / 10' },
      ],
    }),
  )
  expect(MetricDataResults![0]!.Values![0]).toBeCloseTo(9, 0)
  for (const word of ['p101', 'q50', 'TM(90%:10%)', 'TM(:)', 'tm', 'PR(10%:20%)']) {
    expect(await nameOf(ask(word)), word).toMatch(/InvalidParameterValue/)
  }
  const both = { ...query, ...range, ExtendedStatistics: ['p50'], Statistics: ['Sum' as const] }
  expect(await nameOf(cloudwatch.send(new GetMetricStatisticsCommand(both)))).toMatch(
    /InvalidParameterCombination/,
  )
  // A summary of several values tells nothing of how they are spread, nor does what it is mixed with.
  await put({ StatisticValues: { SampleCount: 9, Sum: 90, Minimum: 1, Maximum: 20 } })
  expect(await ask('p50')).toEqual({})
})

test('credits: earned, spent, and the limit of a machine in standard mode without any', async () => {
  await using world = await startMetricsCloud()
  const { cloud, minutes } = world
  const CreditSpecification = { CpuCredits: 'standard' }
  const id = await running(cloud.ec2, { InstanceType: 't3.micro', CreditSpecification })
  await minutes(10)
  const dimension: [string, string] = ['InstanceId', id]
  const balance = async () =>
    (await statistics(world, 'AWS/EC2', 'CPUCreditBalance', dimension, { Period: 300 })).at(-1)!
  // Twelve an hour.
  expect((await balance()).Maximum).toBeCloseTo(1.8, 0)
  expect(cloud.agent.cpuCapOf(id)).toBeNull()
  cloud.agent.uses(id, { cpus: 2 })
  await minutes(5)
  // Two vCPUs at a tenth each.
  expect(cloud.agent.cpuCapOf(id)).toBeCloseTo(20)
  cloud.agent.uses(id, { cpus: 0 })
  await minutes(5)
  expect(cloud.agent.cpuCapOf(id)).toBeNull()
})

test('older clients: the aws command line, and the Query protocol', async () => {
  await using world = await startMetricsCloud()
  const { cloud } = world
  const aws = async (...args: string[]) => {
    const { stdout } = await exec('aws', ['cloudwatch', ...args, '--endpoint-url', cloud.url], {
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: ACCOUNT,
        AWS_SECRET_ACCESS_KEY: 'unused',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_MAX_ATTEMPTS: '1',
      },
      timeoutMs: 30_000,
    })
    return stdout
  }
  await aws('put-metric-data', '--namespace', 'Shop', '--metric-name', 'Load', '--value', '2.5')
  expect(await aws('list-metrics', '--namespace', 'Shop')).toContain('"Load"')
  const body = new URLSearchParams({
    Action: 'PutMetricData',
    Version: '2010-08-01',
    Namespace: 'Shop',
    'MetricData.member.1.MetricName': 'Load',
    'MetricData.member.1.Value': '4',
    'MetricData.member.1.Unit': 'None',
  })
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization:
      `AWS4-HMAC-SHA256 Credential=${ACCOUNT}/20260101/us-east-1/monitoring/aws4_request, ` +
      'SignedHeaders=host, Signature=0',
  }
  const put = await fetch(cloud.url, { method: 'POST', headers, body })
  expect(put.status).toBe(200)
  const list = new URLSearchParams({ Action: 'ListMetrics', Version: '2010-08-01' })
  const answer = await (await fetch(cloud.url, { method: 'POST', headers, body: list })).text()
  expect(answer).toContain('<MetricName>Load</MetricName>')
  expect(answer).toContain('<ListMetricsResult>')
})
