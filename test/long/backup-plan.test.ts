/**
 * AWS Backup with real guests: a plan of every minute protects what has its tag while its guest writes to two disks;
 * the restored machine boots, has a machine's files as they were, and its disks are of one instant.
 */
import {
  BackupClient,
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  CreateBackupVaultCommand,
  DeleteBackupSelectionCommand,
  DescribeRestoreJobCommand,
  GetRecoveryPointRestoreMetadataCommand,
  ListBackupJobsCommand,
  StartBackupJobCommand,
  StartRestoreJobCommand,
  type BackupJob,
} from '@aws-sdk/client-backup'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { describe, launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
const MINUTE_MS = 60_000

/** Counts up on the root disk, and then on the other one. */
const WRITER = `cat >/tmp/writer <<'END'
i=0
while true; do
  i=$((i + 1))
  echo $i >/var/counted; sync
  printf '%09d\\n' $i | dd of=/dev/vdb conv=fsync 2>/dev/null
done
END
sudo setsid sh /tmp/writer </dev/null >/dev/null 2>&1 &`

test('a plan protects a machine that writes, and the machine comes back', async () => {
  const { daemon, key } = use
  const { url: endpoint, credentials } = daemon
  const { region, account } = credentials
  const backup = new BackupClient({ endpoint, region, credentials, maxAttempts: 1 })
  const BackupVaultName = 'vault'
  await backup.send(new CreateBackupVaultCommand({ BackupVaultName }))
  const [made] = await launch(daemon, {
    KeyName: key.name,
    BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } }],
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'backup', Value: 'daily' }] }],
  })
  const [running] = await reach(daemon, [made!.InstanceId!], 'running')
  const address = running!.PublicIpAddress!
  await sshWhenReady(key, address)
  const kept = `sudo sh -c 'dd if=/dev/urandom of=/var/kept bs=1M count=4 2>/dev/null; sync'`
  await ssh(key, address, kept)
  const digest = await ssh(key, address, 'sudo sha256sum /var/kept')
  await ssh(key, address, WRITER)

  const IamRoleArn = `arn:aws:iam::${account}:role/backup`
  const rule = { RuleName: 'minute', ScheduleExpression: 'cron(* * * * ? *)' }
  const Rules = [{ ...rule, TargetBackupVaultName: BackupVaultName }]
  const BackupPlan = { BackupPlanName: 'plan', Rules }
  const { BackupPlanId } = await backup.send(new CreateBackupPlanCommand({ BackupPlan }))
  const tag = { ConditionKey: 'backup', ConditionValue: 'daily' }
  const ListOfTags = [{ ConditionType: 'STRINGEQUALS' as const, ...tag }]
  const BackupSelection = { SelectionName: 'tagged', IamRoleArn, ListOfTags }
  const { SelectionId } = await backup.send(
    new CreateBackupSelectionCommand({ BackupPlanId, BackupSelection }),
  )
  const done = () => jobsDone(backup)
  const [first] = await eventually(done, (jobs) => jobs.length > 0, 5 * MINUTE_MS)
  await backup.send(new DeleteBackupSelectionCommand({ BackupPlanId, SelectionId }))
  const { ResourceArn } = first!
  const now = { BackupVaultName, ResourceArn, IamRoleArn }
  const { BackupJobId } = await backup.send(new StartBackupJobCommand(now))
  const jobs = await eventually(
    done,
    (all) => all.some((one) => one.BackupJobId === BackupJobId),
    3 * MINUTE_MS,
  )
  const second = jobs.find((one) => one.BackupJobId === BackupJobId)
  // Incremental: the guest wrote little since, and little was added.
  expect(second!.BytesTransferred!).toBeLessThan(first!.BytesTransferred! / 2)

  // The daemon dies and comes again; what it has promised is there.
  await daemon.kill()
  await daemon.start()
  const { RecoveryPointArn } = second!
  const { RestoreMetadata: Metadata } = await backup.send(
    new GetRecoveryPointRestoreMetadataCommand({ BackupVaultName, RecoveryPointArn }),
  )
  const { RestoreJobId } = await backup.send(
    new StartRestoreJobCommand({ RecoveryPointArn, Metadata, IamRoleArn }),
  )
  const restored = await eventually(
    () => backup.send(new DescribeRestoreJobCommand({ RestoreJobId })),
    (job) => job.Status === 'COMPLETED' || job.Status === 'FAILED',
    3 * MINUTE_MS,
  )
  expect(restored.Status, restored.StatusMessage).toBe('COMPLETED')
  const id = restored.CreatedResourceArn!.split('/')[1]!
  const [again] = await describe(daemon, id)
  const there = again!.PublicIpAddress!
  expect(await sshWhenReady(key, there, 'sudo sha256sum /var/kept')).toBe(digest)
  const counted = Number(await ssh(key, there, 'sudo cat /var/counted'))
  const beside = Number(await ssh(key, there, 'sudo head -c 9 /dev/vdb'))
  expect(counted).toBeGreaterThan(0)
  // The root disk is written first: at any one instant the other is as far, or one behind.
  expect([counted, counted - 1]).toContain(beside)
  await terminate(daemon, [made!.InstanceId!, id])
  backup.destroy()
})

/** The last one first. */
async function jobsDone(backup: BackupClient): Promise<BackupJob[]> {
  const { BackupJobs } = await backup.send(new ListBackupJobsCommand({}))
  const failed = BackupJobs!.find((job) => ['FAILED', 'EXPIRED', 'ABORTED'].includes(job.State!))
  if (failed) throw new Error(`a backup is ${failed.State}: ${failed.StatusMessage}`)
  return BackupJobs!.filter((job) => job.State === 'COMPLETED')
}
