/** Vaults, jobs and points of a test cloud through the SDK. */
import {
  CreateBackupVaultCommand,
  DescribeBackupJobCommand,
  DescribeCopyJobCommand,
  DescribeRestoreJobCommand,
  GetRecoveryPointRestoreMetadataCommand,
  ListRecoveryPointsByBackupVaultCommand,
  StartBackupJobCommand,
  StartRestoreJobCommand,
  type BackupClient,
  type StartBackupJobCommandInput,
} from '@aws-sdk/client-backup'
import { ACCOUNT, REGION, type TestCloud } from './cloud.ts'
import { soon } from './volume-kit.ts'

export const ROLE = `arn:aws:iam::${ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole`

export const instanceArn = (id: string): string => `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${id}`
export const volumeArn = (id: string): string => `arn:aws:ec2:${REGION}:${ACCOUNT}:volume/${id}`

const ENDED = ['COMPLETED', 'FAILED', 'ABORTED', 'EXPIRED']

/** `cloud` is asked for at each use: tests make theirs before they run. */
export function backupKit(cloud: () => TestCloud) {
  let kept: { cloud: TestCloud; client: BackupClient } | undefined
  const client = (): BackupClient => {
    if (kept?.cloud !== cloud()) kept = { cloud: cloud(), client: cloud().backupOf() }
    return kept.client
  }
  const vault = async (BackupVaultName: string, input: object = {}): Promise<string> => {
    const command = new CreateBackupVaultCommand({ BackupVaultName, ...input })
    return (await client().send(command)).BackupVaultArn!
  }
  const start = async (
    ResourceArn: string,
    BackupVaultName: string,
    input: Partial<StartBackupJobCommandInput> = {},
  ) => {
    const own = { ResourceArn, BackupVaultName, IamRoleArn: ROLE }
    return client().send(new StartBackupJobCommand({ ...own, ...input }))
  }
  const jobEnd = (BackupJobId: string) =>
    soon(async () => {
      const job = await client().send(new DescribeBackupJobCommand({ BackupJobId }))
      if (!ENDED.includes(job.State!)) throw new Error(`the job is ${job.State}`)
      return job
    })
  const restoreEnd = (RestoreJobId: string) =>
    soon(async () => {
      const job = await client().send(new DescribeRestoreJobCommand({ RestoreJobId }))
      if (!ENDED.includes(job.Status!)) throw new Error(`the restore is ${job.Status}`)
      return job
    })
  const metadata = async (BackupVaultName: string, RecoveryPointArn: string) => {
    const command = new GetRecoveryPointRestoreMetadataCommand({
      BackupVaultName,
      RecoveryPointArn,
    })
    return (await client().send(command)).RestoreMetadata!
  }
  return {
    client,
    vault,
    start,
    jobEnd,
    restoreEnd,
    metadata,
    /** A backup that is done. */
    backUp: async (...args: Parameters<typeof start>) => {
      const { BackupJobId } = await start(...args)
      const job = await jobEnd(BackupJobId!)
      if (job.State !== 'COMPLETED') throw new Error(`${job.State}: ${job.StatusMessage}`)
      return job
    },
    copyEnd: (CopyJobId: string) =>
      soon(async () => {
        const { CopyJob } = await client().send(new DescribeCopyJobCommand({ CopyJobId }))
        if (!ENDED.includes(CopyJob!.State!)) throw new Error(`the copy is ${CopyJob!.State}`)
        return CopyJob!
      }),
    points: async (BackupVaultName: string) => {
      const command = new ListRecoveryPointsByBackupVaultCommand({ BackupVaultName })
      return (await client().send(command)).RecoveryPoints!
    },
    /** A restore, as it was but for the changes. */
    restore: async (
      vaultName: string,
      RecoveryPointArn: string,
      change: Record<string, string> = {},
      input: object = {},
    ) => {
      const Metadata = { ...(await metadata(vaultName, RecoveryPointArn)), ...change }
      const own = { RecoveryPointArn, Metadata, IamRoleArn: ROLE, ...input }
      const { RestoreJobId } = await client().send(new StartRestoreJobCommand(own))
      return restoreEnd(RestoreJobId!)
    },
  }
}
