/** The metrics of AWS/Backup, counted from what jobs and points became. */
import { GetMetricStatisticsCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backupKit, volumeArn } from '../support/backup-kit.ts'
import { startMetricsCloud, type MetricsCloud } from '../support/metrics.ts'
import { volumeKit } from '../support/volume-kit.ts'

let metrics: MetricsCloud
beforeEach(async () => {
  metrics = await startMetricsCloud()
})
afterEach(() => metrics[Symbol.asyncDispose]())

const kit = backupKit(() => metrics.cloud)
const { volume } = volumeKit(() => metrics.cloud)

async function sum(MetricName: string, dimensions: Record<string, string>): Promise<number> {
  const command = new GetMetricStatisticsCommand({
    Namespace: 'AWS/Backup',
    MetricName,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    StartTime: new Date(metrics.now() - 3_600_000),
    EndTime: new Date(metrics.now() + 60_000),
    Period: 300,
    Statistics: ['Sum'],
  })
  const { Datapoints } = await metrics.cloudwatch.send(command)
  return Datapoints!.reduce((total, point) => total + point.Sum!, 0)
}

test('jobs and points are counted once, by vault, by type, and by both', async () => {
  await kit.vault('one')
  await kit.vault('two')
  const [first, second] = [await volume(), await volume()]
  const { RecoveryPointArn } = await kit.backUp(volumeArn(first), 'one')
  await kit.backUp(volumeArn(second), 'one')
  await kit.backUp(volumeArn(second), 'two')
  const restored = await kit.restore('one', RecoveryPointArn!)
  expect(restored.Status).toBe('COMPLETED')
  expect(await sum('NumberOfBackupJobsCreated', { BackupVaultName: 'one' })).toBe(0)
  await metrics.minutes(6)
  await metrics.minutes(10)
  for (const name of [
    'NumberOfBackupJobsCreated',
    'NumberOfBackupJobsCompleted',
    'NumberOfRecoveryPointsCompleted',
  ]) {
    expect(await sum(name, { BackupVaultName: 'one' })).toBe(2)
    expect(await sum(name, { BackupVaultName: 'two' })).toBe(1)
    expect(await sum(name, { ResourceType: 'EBS' })).toBe(3)
    expect(await sum(name, { BackupVaultName: 'one', ResourceType: 'EBS' })).toBe(2)
  }
  expect(await sum('NumberOfRestoreJobsCompleted', { ResourceType: 'EBS' })).toBe(1)
  const { Metrics } = await metrics.cloudwatch.send(
    new ListMetricsCommand({ Namespace: 'AWS/Backup', MetricName: 'NumberOfBackupJobsFailed' }),
  )
  expect(Metrics).toEqual([])
})

test('a job that is tried until its window is over ends once', async () => {
  await kit.vault('one')
  const id = await volume()
  metrics.cloud.agent.storage.failFreeze('the disk is broken')
  const { BackupJobId } = await kit.start(volumeArn(id), 'one', { StartWindowMinutes: 60 })
  // It is tried again until its window is over.
  metrics.cloud.agent.storage.failFreeze('the disk is broken')
  await metrics.minutes(61)
  metrics.cloud.app.activate('backupJobs')
  await kit.jobEnd(BackupJobId!)
  await metrics.minutes(6)
  const ended =
    (await sum('NumberOfBackupJobsExpired', { BackupVaultName: 'one' })) +
    (await sum('NumberOfBackupJobsCompleted', { BackupVaultName: 'one' }))
  expect(ended).toBe(1)
})
