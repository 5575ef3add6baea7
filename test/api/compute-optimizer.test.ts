/** Compute Optimizer through the real SDK: enrolment, recommendations from what was measured, summaries. */
import {
  ComputeOptimizerClient,
  GetEC2InstanceRecommendationsCommand,
  GetEnrollmentStatusCommand,
  GetRecommendationSummariesCommand,
  UpdateEnrollmentStatusCommand,
} from '@aws-sdk/client-compute-optimizer'
import { expect, test } from 'vitest'
import { summaryOf, type Sample } from '../../src/domain/metrics/metric.ts'
import { ACCOUNT, REGION } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { running } from '../support/launch.ts'
import { startMetricsCloud, type MetricsCloud } from '../support/metrics.ts'

const arnOf = (id: string): string => `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${id}`

/** Two weeks of measurements, all the same. */
async function measured({ cloud, now }: MetricsCloud, id: string, values: Record<string, number>) {
  const samples: Sample[] = []
  for (let at = now() - 14 * 86_400_000; at < now(); at += 300_000) {
    for (const [key, value] of Object.entries(values)) {
      const [namespace = '', name = ''] = key.split(' ')
      const dimensions = { InstanceId: id }
      const series = { account: ACCOUNT, region: REGION, namespace, name, dimensions }
      samples.push({ series, unit: null, at, resolution: 60, ...summaryOf(value) })
    }
  }
  await cloud.app.metrics.put(samples)
}

test('over- and under-provisioned machines, with options, savings and risk', async () => {
  await using world = await startMetricsCloud()
  const { cloud } = world
  const optimizer = new ComputeOptimizerClient({
    endpoint: cloud.url,
    region: REGION,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'unused' },
  })
  const recommend = (input: object = {}) =>
    optimizer.send(new GetEC2InstanceRecommendationsCommand(input))
  expect(await nameOf(recommend())).toBe('OptInRequiredException')
  expect(await optimizer.send(new GetEnrollmentStatusCommand())).toMatchObject({
    status: 'Inactive',
  })
  await optimizer.send(new UpdateEnrollmentStatusCommand({ status: 'Active' }))
  expect(await optimizer.send(new GetEnrollmentStatusCommand())).toMatchObject({ status: 'Active' })

  const lazy = await running(cloud.ec2, { InstanceType: 'm5.2xlarge' })
  const busy = await running(cloud.ec2, { InstanceType: 'm5.large' })
  const fresh = await running(cloud.ec2, { InstanceType: 'm5.large' })
  await measured(world, lazy, { 'AWS/EC2 CPUUtilization': 4, 'CWAgent mem_used_percent': 12 })
  await measured(world, busy, { 'AWS/EC2 CPUUtilization': 93, 'CWAgent mem_used_percent': 50 })

  const { instanceRecommendations: all } = await recommend()
  const found = new Map(all!.map((one) => [one.instanceArn, one]))
  expect(found.size).toBe(2)
  expect(found.get(arnOf(lazy))).toMatchObject({
    finding: 'Overprovisioned',
    findingReasonCodes: ['CPUOverprovisioned', 'MemoryOverprovisioned'],
    currentPerformanceRisk: 'VeryLow',
  })
  const [option] = found.get(arnOf(lazy))!.recommendationOptions!
  expect(option!.savingsOpportunity!.estimatedMonthlySavings!.value).toBeGreaterThan(50)
  expect(found.get(arnOf(busy))).toMatchObject({
    finding: 'Underprovisioned',
    findingReasonCodes: ['CPUUnderprovisioned'],
    currentPerformanceRisk: 'High',
  })
  const only = await recommend({ filters: [{ name: 'Finding', values: ['Underprovisioned'] }] })
  expect(only.instanceRecommendations).toHaveLength(1)
  const asked = await recommend({ instanceArns: [arnOf(fresh)] })
  expect(asked.instanceRecommendations).toEqual([])
  expect(asked.errors![0]!.message).toContain('30 are needed')
  const { recommendationSummaries: sums } = await optimizer.send(
    new GetRecommendationSummariesCommand({}),
  )
  expect(sums![0]!.summaries).toEqual([
    { name: 'Underprovisioned', value: 1 },
    { name: 'Overprovisioned', value: 1 },
    { name: 'Optimized', value: 0 },
  ])
  expect(sums![0]!.currentPerformanceRiskRatings).toMatchObject({ high: 1, veryLow: 1 })
  expect(await nameOf(recommend({ instanceArns: ['arn:aws:ec2:x'] }))).toMatch(/InvalidParameter/)
  optimizer.destroy()
})
