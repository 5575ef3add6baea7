/**
 * The metrics of AWS/Backup, every five minutes as AWS sends them: how many jobs were made and how they ended, how many
 * wait and run, what became of recovery points; by vault, by type of resource, and by both. They are counted from the
 * records, each event in the five minutes in which it was. Nothing is counted twice; what was counted when the daemon
 * died before it was written is lost, as other metrics are. Source: AWS Backup developer guide, "AWS Backup metrics".
 */
import type { BackupJob, CopyJob, RecoveryPoint, RestoreJob } from '../../domain/backup/records.ts'
import { parseVaultArn } from '../../domain/backup/arn.ts'
import { summaryOf, type Sample } from '../../domain/metrics/metric.ts'
import type { App } from '../context.ts'

const PERIOD_MS = 5 * 60_000
const UNTIL = 'backup-metrics-until'
const JOB_ENDS = {
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  ABORTED: 'Aborted',
  EXPIRED: 'Expired',
}
const JOB_NOW = { PENDING: 'Pending', RUNNING: 'Running' }
const POINT_NOW = { EXPIRED: 'Expired', DELETING: 'Deleting', PARTIAL: 'Partial' }

interface Counted {
  name: string
  at: number
  account: string
  region: string
  vaultName: string | null
  resourceType: string
}

/** What has happened since the last time; none when the five minutes are not over. */
export async function backupSamples(app: App, now: number): Promise<Sample[]> {
  const to = Math.floor(now / PERIOD_MS) * PERIOD_MS
  const kept = await app.store.setting(UNTIL)
  // The first time, and when the clock was set back, it counts from here.
  const from = kept === undefined || Number(kept) > to ? to : Number(kept)
  if (kept !== undefined && from === to && Number(kept) === to) return []
  await app.store.transact((tx) => tx.settingPut(UNTIL, String(to)))
  const [jobs, copies, restores, points] = await Promise.all([
    app.store.list('backupJob', {}),
    app.store.list('backupCopyJob', {}),
    app.store.list('backupRestoreJob', {}),
    app.store.list('backupPoint', {}),
  ])
  const within = (at: number | null): at is number => at !== null && at >= from && at < to
  const counted = [
    ...jobs.flatMap((job) => ofJob(job, 'Backup', job.vaultName, within, to)),
    ...copies.flatMap((job) => ofJob(job, 'Copy', vaultOf(job), within, to)),
    ...restores.flatMap((job) => ofJob(job, 'Restore', null, within, to)),
    ...points.flatMap((point) => ofPoint(point, within, to)),
  ]
  return samplesOf(counted)
}

const vaultOf = (job: CopyJob): string | null =>
  parseVaultArn(job.destinationVaultArn)?.name ?? null

function ofJob(
  job: BackupJob | CopyJob | RestoreJob,
  kind: 'Backup' | 'Copy' | 'Restore',
  vaultName: string | null,
  within: (at: number | null) => at is number,
  to: number,
): Counted[] {
  const { account, region, resourceType, createdAt, endedAt, state } = job
  const one = (word: string, at: number): Counted => {
    const name = `NumberOf${kind}Jobs${word}`
    return { name, at, account, region, vaultName, resourceType }
  }
  const counted: Counted[] = []
  // Of restores AWS has no such metric.
  if (kind !== 'Restore' && within(createdAt)) counted.push(one('Created', createdAt))
  const end = (JOB_ENDS as Record<string, string>)[state]
  const isKnown = kind === 'Backup' || end === 'Completed' || end === 'Failed'
  if (end && isKnown && within(endedAt)) counted.push(one(end, endedAt))
  const current = (JOB_NOW as Record<string, string>)[state]
  if (current) counted.push(one(current, to - PERIOD_MS))
  return counted
}

function ofPoint(
  point: RecoveryPoint,
  within: (at: number | null) => at is number,
  to: number,
): Counted[] {
  const { account, region, resourceType, vaultName, completedAt, state, isCold } = point
  const one = (word: string, at: number): Counted => {
    return { name: `NumberOfRecoveryPoints${word}`, at, account, region, vaultName, resourceType }
  }
  const current = (POINT_NOW as Record<string, string>)[state]
  return [
    ...(within(completedAt) ? [one('Completed', completedAt)] : []),
    ...(current ? [one(current, to - PERIOD_MS)] : []),
    ...(isCold ? [one('Cold', to - PERIOD_MS)] : []),
  ]
}

function samplesOf(counted: readonly Counted[]): Sample[] {
  const samples = new Map<string, Sample>()
  for (const { name, at, account, region, vaultName, resourceType } of counted) {
    const vault = vaultName === null ? [] : [{ BackupVaultName: vaultName }]
    const both = vault.map((one) => ({ ...one, ResourceType: resourceType }))
    for (const dimensions of [{ ResourceType: resourceType }, ...vault, ...both]) {
      const series = { account, region, namespace: 'AWS/Backup', name, dimensions }
      const start = Math.floor(at / PERIOD_MS) * PERIOD_MS
      const key = JSON.stringify([series, start])
      const before = samples.get(key)
      const value = (before?.sum ?? 0) + 1
      samples.set(key, { series, unit: 'Count', at: start, resolution: 60, ...summaryOf(value) })
    }
  }
  return [...samples.values()]
}
