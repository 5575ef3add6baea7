/** Frameworks whose controls are evaluated against what is there, and reports that are written. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  CreateFrameworkCommand,
  CreateReportPlanCommand,
  DeleteFrameworkCommand,
  DeleteReportPlanCommand,
  DescribeFrameworkCommand,
  DescribeReportJobCommand,
  DescribeReportPlanCommand,
  ListFrameworksCommand,
  ListReportJobsCommand,
  ListReportPlansCommand,
  ListTagsCommand,
  PutBackupVaultAccessPolicyCommand,
  StartReportJobCommand,
  TagResourceCommand,
  UpdateFrameworkCommand,
  UpdateReportPlanCommand,
  type FrameworkControl,
} from '@aws-sdk/client-backup'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startS3, type S3Server } from '../support/backup/s3-server.ts'
import { backupKit, ROLE, volumeArn } from '../support/backup-kit.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { systemClock } from '../../src/lib/time.ts'
import { locationPut } from '../../src/app/backup/vault-key.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const DAY_MS = 86_400_000
let cloud: TestCloud
let s3: S3Server | null = null
let offset = 0
beforeEach(async () => {
  offset = 0
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + offset } })
})
afterEach(async () => {
  await cloud.close()
  await s3?.close()
  s3 = null
})
const kit = backupKit(() => cloud)
const { volume } = volumeKit(() => cloud)
const nameOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'none',
    (error: Error) => error.name,
  )

async function reported(ReportPlanName: string): Promise<Record<string, string>> {
  const { ReportJobId } = await kit.client().send(new StartReportJobCommand({ ReportPlanName }))
  const job = await soon(async () => {
    const command = new DescribeReportJobCommand({ ReportJobId })
    const { ReportJob } = await kit.client().send(command)
    if (ReportJob!.Status === 'CREATED') throw new Error('not yet')
    return ReportJob!
  })
  expect(job.StatusMessage).toBeUndefined()
  expect(job.Status).toBe('COMPLETED')
  const files: Record<string, string> = {}
  for (const key of job.ReportDestination!.S3Keys!) {
    const path = join(cloud.vaultsFolder, 'exports/backup-reports', key)
    files[key.endsWith('.csv') ? 'csv' : 'json'] = await readFile(path, 'utf8')
  }
  return files
}

const CONTROLS: FrameworkControl[] = [
  { ControlName: 'BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN' },
  {
    ControlName: 'BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK',
    ControlInputParameters: [
      { ParameterName: 'requiredFrequencyUnit', ParameterValue: 'days' },
      { ParameterName: 'requiredFrequencyValue', ParameterValue: '1' },
      { ParameterName: 'requiredRetentionDays', ParameterValue: '30' },
    ],
  },
  { ControlName: 'BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED' },
  { ControlName: 'BACKUP_RECOVERY_POINT_ENCRYPTED' },
  { ControlName: 'BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK' },
  { ControlName: 'BACKUP_LAST_RECOVERY_POINT_CREATED' },
]

async function plan(name: string, schedule: string, days: number, ids: string[]): Promise<string> {
  const rule = { RuleName: 'r', TargetBackupVaultName: 'open', ScheduleExpression: schedule }
  const Rules = [{ ...rule, Lifecycle: { DeleteAfterDays: days } }]
  const BackupPlan = { BackupPlanName: name, Rules }
  const made = await kit.client().send(new CreateBackupPlanCommand({ BackupPlan }))
  const { BackupPlanId } = made
  const BackupSelection = { SelectionName: 's', IamRoleArn: ROLE, Resources: ids.map(volumeArn) }
  await kit.client().send(new CreateBackupSelectionCommand({ BackupPlanId, BackupSelection }))
  return made.BackupPlanArn!
}

test('controls say of each thing whether it is as it should be', async () => {
  await kit.vault('open')
  const shut = await kit.vault('shut')
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Deny',
      Principal: '*',
      Action: 'backup:DeleteRecoveryPoint',
      Resource: '*',
    },
  })
  await kit
    .client()
    .send(new PutBackupVaultAccessPolicyCommand({ BackupVaultName: 'shut', Policy }))
  const [guarded, bare] = [await volume(), await volume()]
  const good = await plan('good', 'cron(0 3 * * ? *)', 40, [guarded])
  const bad = await plan('bad', 'cron(0 3 ? * MON *)', 40, [guarded])
  const brief = await kit.backUp(volumeArn(guarded), 'open', { Lifecycle: { DeleteAfterDays: 7 } })
  const long = await kit.backUp(volumeArn(guarded), 'open')
  const { FrameworkArn } = await kit
    .client()
    .send(new CreateFrameworkCommand({ FrameworkName: 'all', FrameworkControls: CONTROLS }))
  const made = {
    ReportPlanName: 'found',
    ReportDeliveryChannel: { S3BucketName: 'brume-reports', Formats: ['CSV', 'JSON'] },
    ReportSetting: { ReportTemplate: 'RESOURCE_COMPLIANCE_REPORT', FrameworkArns: [FrameworkArn!] },
  }
  await kit.client().send(new CreateReportPlanCommand(made))
  const ReportSetting = { ReportTemplate: 'RESTORE_JOB_REPORT' }
  const empty = { ...made, ReportPlanName: 'none', ReportSetting }
  await kit.client().send(new CreateReportPlanCommand(empty))
  // A report of nothing says what it would be of.
  const none = await reported('none')
  expect(none.csv).toMatch(/^jobId,jobStatus,[A-Za-z,]+,sizeInBytes\r\n$/)
  expect(JSON.parse(none.json!)).toMatchObject({ reportItems: [] })
  const { json, csv } = await reported('found')
  const { reportItems } = JSON.parse(json!) as { reportItems: Record<string, string>[] }
  const of = (control: string): Record<string, string> =>
    Object.fromEntries(
      reportItems
        .filter(({ controlName }) => controlName === control)
        .map(({ resourceArn, resourceComplianceStatus }) => [
          resourceArn,
          resourceComplianceStatus,
        ]),
    )
  const [yes, no] = ['COMPLIANT', 'NON_COMPLIANT']
  expect(of('BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN')).toEqual({
    [volumeArn(guarded)]: yes,
    [volumeArn(bare)]: no,
  })
  expect(of('BACKUP_LAST_RECOVERY_POINT_CREATED')).toEqual({
    [volumeArn(guarded)]: yes,
    [volumeArn(bare)]: no,
  })
  expect(of('BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK')).toEqual({
    [good]: yes,
    [bad]: no,
  })
  expect(of('BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED')).toEqual({
    [shut]: yes,
    [shut.replace('shut', 'open')]: no,
  })
  expect(of('BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK')).toEqual({
    [brief.RecoveryPointArn!]: no,
    [long.RecoveryPointArn!]: yes,
  })
  expect(Object.values(of('BACKUP_RECOVERY_POINT_ENCRYPTED'))).toEqual([yes, yes])
  expect(csv!.split('\r\n')[0]).toContain('resourceComplianceStatus')
  expect(csv!.trim().split('\r\n')).toHaveLength(reportItems.length + 1)
  // Old backups are none, and a scope is kept to.
  offset += 2 * DAY_MS
  const FrameworkControls = [
    { ControlName: CONTROLS[5]!.ControlName, ControlScope: { ComplianceResourceIds: [guarded] } },
  ]
  await kit.client().send(new UpdateFrameworkCommand({ FrameworkName: 'all', FrameworkControls }))
  const later = JSON.parse((await reported('found')).json!) as typeof JSON
  expect(later).toMatchObject({
    reportItems: [{ resourceArn: volumeArn(guarded), resourceComplianceStatus: no }],
  })
  const control = { ReportTemplate: 'CONTROL_COMPLIANCE_REPORT', FrameworkArns: [FrameworkArn!] }
  await kit
    .client()
    .send(new UpdateReportPlanCommand({ ReportPlanName: 'found', ReportSetting: control }))
  expect(JSON.parse((await reported('found')).json!)).toMatchObject({
    reportItems: [{ controlComplianceStatus: no, numResourcesNonCompliant: 1 }],
  })
  // The same control twice: each is counted by itself.
  const { ControlName } = CONTROLS[4]!
  const retained = (ParameterValue: string): FrameworkControl => ({
    ControlName,
    ControlInputParameters: [{ ParameterName: 'requiredRetentionDays', ParameterValue }],
  })
  const twice = { FrameworkName: 'all', FrameworkControls: [retained('5'), retained('30')] }
  await kit.client().send(new UpdateFrameworkCommand(twice))
  expect(JSON.parse((await reported('found')).json!)).toMatchObject({
    reportItems: [
      { controlComplianceStatus: yes, numResourcesCompliant: 2, numResourcesNonCompliant: 0 },
      { controlComplianceStatus: no, numResourcesCompliant: 1, numResourcesNonCompliant: 1 },
    ],
  })
  const used = new DeleteFrameworkCommand({ FrameworkName: 'all' })
  expect(await nameOf(kit.client().send(used))).toBe('ConflictException')
})

test('frameworks are shown, listed, tagged, refused and deleted', async () => {
  const make = (FrameworkName: string, FrameworkControls: FrameworkControl[]) =>
    kit.client().send(new CreateFrameworkCommand({ FrameworkName, FrameworkControls }))
  const { FrameworkArn } = await make('one', CONTROLS)
  const shown = await kit.client().send(new DescribeFrameworkCommand({ FrameworkName: 'one' }))
  expect(shown).toMatchObject({
    FrameworkArn,
    DeploymentStatus: 'COMPLETED',
    FrameworkStatus: 'ACTIVE',
  })
  expect(shown.FrameworkControls![1]).toMatchObject(CONTROLS[1]!)
  const { Frameworks } = await kit.client().send(new ListFrameworksCommand({}))
  expect(Frameworks).toMatchObject([{ FrameworkName: 'one', NumberOfControls: 6 }])
  await kit.client().send(new TagResourceCommand({ ResourceArn: FrameworkArn, Tags: { a: 'b' } }))
  const tags = await kit.client().send(new ListTagsCommand({ ResourceArn: FrameworkArn }))
  expect(tags.Tags).toEqual({ a: 'b' })
  expect(await nameOf(make('one', CONTROLS))).toBe('AlreadyExistsException')
  const wrongs: FrameworkControl[] = [
    { ControlName: 'BACKUP_NOTHING' },
    {
      ...CONTROLS[0],
      ControlInputParameters: [{ ParameterName: 'a', ParameterValue: 'b' }],
    } as FrameworkControl,
    {
      ControlName: 'BACKUP_LAST_RECOVERY_POINT_CREATED',
      ControlInputParameters: [{ ParameterName: 'recoveryPointAgeUnit', ParameterValue: 'years' }],
    },
  ]
  for (const wrong of wrongs) {
    expect(await nameOf(make('two', [wrong]))).toBe('InvalidParameterValueException')
  }
  const many = Array.from({ length: 45 }, () => CONTROLS[0]!)
  expect(await nameOf(make('two', many))).toBe('LimitExceededException')
  await kit.client().send(new DeleteFrameworkCommand({ FrameworkName: 'one' }))
  const gone = new DescribeFrameworkCommand({ FrameworkName: 'one' })
  expect(await nameOf(kit.client().send(gone))).toBe('ResourceNotFoundException')
})

test('reports of jobs come once a day, and into a bucket that is registered', async () => {
  await kit.vault('open')
  await kit.backUp(volumeArn(await volume()), 'open')
  const channel = (S3BucketName: string) => ({
    S3BucketName,
    S3KeyPrefix: 'of/brume',
    Formats: ['CSV'],
  })
  const setting = (ReportTemplate: string) => ({ ReportTemplate })
  const make = (ReportPlanName: string, bucket: string, template: string) => {
    const ReportDeliveryChannel = channel(bucket)
    const ReportSetting = setting(template)
    const input = { ReportPlanName, ReportDeliveryChannel, ReportSetting }
    return kit.client().send(new CreateReportPlanCommand(input))
  }
  expect(await nameOf(make('jobs', 'elsewhere', 'BACKUP_JOB_REPORT'))).toBe(
    'InvalidParameterValueException',
  )
  expect(await nameOf(make('jobs', 'brume-reports', 'SCAN_JOB_REPORT'))).toBe(
    'InvalidParameterValueException',
  )
  s3 = await startS3(join(cloud.vaultsFolder, 's3'))
  const { endpoint, region, bucket, credentials } = s3.location
  await locationPut(cloud.app, 'far', {
    endpoint,
    region,
    bucket,
    prefix: 'vaults/',
    ...credentials!,
  })
  await make('jobs', bucket, 'BACKUP_JOB_REPORT')
  offset += DAY_MS - 60_000
  cloud.app.activate('backupAges')
  await cloud.app.settled()
  const list = async () => (await kit.client().send(new ListReportJobsCommand({}))).ReportJobs!
  expect(await list()).toEqual([])
  offset += 120_000
  cloud.app.activate('backupAges')
  await soon(async () => {
    expect(await list()).toMatchObject([
      { Status: 'COMPLETED', ReportTemplate: 'BACKUP_JOB_REPORT' },
    ])
  })
  const put = s3.seen.find(({ method }) => method === 'PUT')!
  expect(put.path).toMatch(/\/of\/brume\/Backup\/us-east-1\/\d{4}\/\d\d\/\d\d\/jobs_.*\.csv/)
  const { ReportPlan } = await kit
    .client()
    .send(new DescribeReportPlanCommand({ ReportPlanName: 'jobs' }))
  expect(ReportPlan!.LastSuccessfulExecutionTime).toBeInstanceOf(Date)
  expect((await kit.client().send(new ListReportPlansCommand({}))).ReportPlans).toHaveLength(1)
  await kit.client().send(new DeleteReportPlanCommand({ ReportPlanName: 'jobs' }))
  const gone = new StartReportJobCommand({ ReportPlanName: 'jobs' })
  expect(await nameOf(kit.client().send(gone))).toBe('ResourceNotFoundException')
})
