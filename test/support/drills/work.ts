/** Backups, copies, restores and deletions of a daemon that may die at any moment: asked again until they are known. */
import { randomUUID } from 'node:crypto'
import {
  BackupClient,
  DeleteRecoveryPointCommand,
  DescribeBackupJobCommand,
  DescribeCopyJobCommand,
  DescribeRestoreJobCommand,
  GetRecoveryPointRestoreMetadataCommand,
  ListRecoveryPointsByBackupVaultCommand,
  StartBackupJobCommand,
  StartCopyJobCommand,
  StartRestoreJobCommand,
} from '@aws-sdk/client-backup'
import {
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
} from '@aws-sdk/client-ec2'
import { setTimeout as wait } from 'node:timers/promises'
import { eventually } from '../eventually.ts'
import type { Daemon } from '../vm/daemon.ts'

/** Of a daemon that starts again, beside whatever else the machine does. */
const AWAY_MS_MAX = 180_000
const JOB_MS_MAX = 600_000
const AWAY =
  /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|TimeoutError|aborted|non-retryable streaming/i
const ENDED = ['COMPLETED', 'FAILED', 'ABORTED', 'EXPIRED']

export interface Ended {
  state: string
  message: string | undefined
  /** The point, or what was restored. */
  arn: string
}

export type DrillWork = ReturnType<typeof drillWork>

/** What is asked is asked again, with the same token, while nobody answers. */
export function drillWork(daemon: Daemon, account = daemon.credentials.account) {
  const { url: endpoint, credentials } = daemon
  const { region } = credentials
  const backup = new BackupClient({ endpoint, region, credentials, maxAttempts: 3 })
  const IamRoleArn = `arn:aws:iam::${account}:role/backup`
  const vaultArn = (name: string): string =>
    `arn:aws:backup:${region}:${account}:backup-vault:${name}`

  const jobEnd = async (look: () => Promise<Ended>): Promise<Ended> =>
    eventually(
      async () => {
        const seen = await persist(look)
        if (!ENDED.includes(seen.state)) await wait(30)
        return seen
      },
      ({ state }) => ENDED.includes(state),
      JOB_MS_MAX,
    )
  const jobOf = async (BackupJobId: string): Promise<Ended> => {
    const job = await backup.send(new DescribeBackupJobCommand({ BackupJobId }))
    return { state: job.State!, message: job.StatusMessage, arn: job.RecoveryPointArn ?? '' }
  }
  const backupStart = async (resourceArn: string, BackupVaultName: string): Promise<string> => {
    const IdempotencyToken = randomUUID()
    const own = { ResourceArn: resourceArn, BackupVaultName, IamRoleArn, IdempotencyToken }
    return (await persist(() => backup.send(new StartBackupJobCommand(own)))).BackupJobId!
  }
  return {
    backup,
    roleArn: IamRoleArn,
    volumeArn: (id: string): string => `arn:aws:ec2:${region}:${account}:volume/${id}`,
    backupStart,
    backupJob: jobOf,
    backupEnd: (id: string) => jobEnd(() => jobOf(id)),
    backUp: async (resourceArn: string, vault: string): Promise<Ended> => {
      const id = await backupStart(resourceArn, vault)
      return jobEnd(() => jobOf(id))
    },
    copy: async (RecoveryPointArn: string, from: string, to: string): Promise<Ended> => {
      const IdempotencyToken = randomUUID()
      const { CopyJobId } = await persist(() =>
        backup.send(
          new StartCopyJobCommand({
            RecoveryPointArn,
            SourceBackupVaultName: from,
            DestinationBackupVaultArn: vaultArn(to),
            IamRoleArn,
            IdempotencyToken,
          }),
        ),
      )
      return jobEnd(async () => {
        const { CopyJob } = await backup.send(new DescribeCopyJobCommand({ CopyJobId }))
        const { State, StatusMessage, DestinationRecoveryPointArn } = CopyJob!
        return { state: State!, message: StatusMessage, arn: DestinationRecoveryPointArn ?? '' }
      })
    },
    restore: async (
      RecoveryPointArn: string,
      BackupVaultName: string,
      change: Record<string, string> = {},
    ): Promise<Ended> => {
      const IdempotencyToken = randomUUID()
      const of = { RecoveryPointArn, BackupVaultName }
      const { RestoreMetadata } = await persist(() =>
        backup.send(new GetRecoveryPointRestoreMetadataCommand(of)),
      )
      const Metadata = { ...RestoreMetadata, ...change }
      const { RestoreJobId } = await persist(() =>
        backup.send(
          new StartRestoreJobCommand({ RecoveryPointArn, Metadata, IamRoleArn, IdempotencyToken }),
        ),
      )
      return jobEnd(async () => {
        const job = await backup.send(new DescribeRestoreJobCommand({ RestoreJobId }))
        return { state: job.Status!, message: job.StatusMessage, arn: job.CreatedResourceArn ?? '' }
      })
    },
    pointDelete: async (RecoveryPointArn: string, BackupVaultName: string): Promise<void> => {
      const of = { RecoveryPointArn, BackupVaultName }
      await persist(() =>
        backup.send(new DeleteRecoveryPointCommand(of)).catch((error: Error) => {
          // It was heard the first time.
          if (error.name !== 'ResourceNotFoundException') throw error
        }),
      )
    },
    points: async (BackupVaultName: string) => {
      const found = []
      let NextToken: string | undefined
      do {
        const page = new ListRecoveryPointsByBackupVaultCommand({ BackupVaultName, NextToken })
        const answer = await persist(() => backup.send(page))
        found.push(...answer.RecoveryPoints!)
        NextToken = answer.NextToken
      } while (NextToken)
      return found
    },
    volumeMake: async (Size = 1): Promise<string> => {
      const AvailabilityZone = `${region}a`
      const ClientToken = randomUUID()
      const command = new CreateVolumeCommand({ AvailabilityZone, Size, ClientToken })
      const { VolumeId } = await persist(() => daemon.ec2.send(command))
      const look = new DescribeVolumesCommand({ VolumeIds: [VolumeId!] })
      await eventually(
        () => persist(() => daemon.ec2.send(look)),
        ({ Volumes }) => Volumes![0]?.State === 'available',
        AWAY_MS_MAX,
      )
      return VolumeId!
    },
    volumeDelete: async (VolumeId: string): Promise<void> => {
      await persist(() =>
        daemon.ec2.send(new DeleteVolumeCommand({ VolumeId })).catch((error: Error) => {
          if (error.name !== 'InvalidVolume.NotFound') throw error
        }),
      )
    },
  }
}

/** While nobody answers, again. */
export async function persist<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + AWAY_MS_MAX
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const { name, message, code } = error as Error & { code?: string }
      if (!AWAY.test(`${name} ${message} ${code}`) || Date.now() > until) throw error
      await wait(50)
    }
  }
}
