/** Backup, copy and restore jobs, and recovery points, as Backup's API shows them. */
import { pointArn, vaultArn } from '../../domain/backup/arn.ts'
import { coldAt, deleteAt } from '../../domain/backup/lifecycle.ts'
import type {
  BackupJob,
  BackupVault,
  CopyJob,
  RecoveryPoint,
  RestoreJob,
} from '../../domain/backup/records.ts'
import { MINUTE_MS } from '../../domain/backup/sizes.ts'
import { presentCreator, presentLifecycle, vaultArnOf } from './present-plan.ts'
import { dateOf, vaultTypeOf } from './present-vault.ts'

const KEY_TYPE = 'CUSTOMER_MANAGED_KMS_KEY' as const

/** What filters of jobs call the state of the message: AWS knows words for why a job failed. */
function categoryOf({ state }: { state: string }): string {
  if (state === 'COMPLETED') return 'SUCCESS'
  return ['FAILED', 'ABORTED', 'EXPIRED'].includes(state) ? state : ''
}

export function presentBackupJob(job: BackupJob, vault: BackupVault | undefined) {
  const expectedAt = job.startedAt && job.startedAt + job.completionMinutes * MINUTE_MS
  const hasOptions = Object.keys(job.options).length > 0
  return {
    AccountId: job.account,
    BackupJobId: job.id,
    BackupVaultName: job.vaultName,
    BackupVaultArn: vaultArnOf(job, job.vaultName),
    VaultType: vaultTypeOf(vault),
    RecoveryPointArn: job.state === 'CREATED' ? undefined : pointArn({ ...job, id: job.pointId }),
    RecoveryPointLifecycle: presentLifecycle(job.lifecycle),
    EncryptionKeyArn: vault?.key.keyArn,
    IsEncrypted: true,
    ResourceArn: job.resourceArn,
    ResourceType: job.resourceType,
    ResourceName: job.resourceName ?? undefined,
    CreationDate: new Date(job.createdAt),
    InitiationDate: dateOf(job.startedAt),
    CompletionDate: dateOf(job.endedAt),
    State: job.state,
    StatusMessage: job.message ?? undefined,
    PercentDone: job.percentDone.toFixed(1),
    BackupSizeInBytes: job.sizeBytes ?? undefined,
    BytesTransferred: job.transferredBytes ?? undefined,
    IamRoleArn: job.roleArn,
    CreatedBy: presentCreator(job, job.createdBy),
    ExpectedCompletionDate: dateOf(expectedAt || null),
    StartBy: new Date(job.startBy),
    BackupOptions: hasOptions ? { ...job.options } : undefined,
    BackupType: hasOptions ? 'BACKUP' : undefined,
    IsParent: false,
    MessageCategory: categoryOf(job) || undefined,
  }
}

export function presentPoint(point: RecoveryPoint, vault: BackupVault | undefined) {
  const { lifecycle, createdAt } = point
  return {
    RecoveryPointArn: pointArn(point),
    BackupVaultName: point.vaultName,
    BackupVaultArn: vaultArnOf(point, point.vaultName),
    SourceBackupVaultArn: point.copyOf?.vaultArn,
    ResourceArn: point.resourceArn,
    ResourceType: point.resourceType,
    ResourceName: point.resourceName ?? undefined,
    CreatedBy: presentCreator(point, point.createdBy),
    IamRoleArn: point.roleArn,
    Status: point.state,
    StatusMessage: point.damage ?? point.message ?? undefined,
    CreationDate: new Date(createdAt),
    InitiationDate: new Date(createdAt),
    CompletionDate: dateOf(point.completedAt),
    BackupSizeInBytes: point.sizeBytes,
    CalculatedLifecycle: lifecycle
      ? {
          MoveToColdStorageAt: dateOf(coldAt(lifecycle, createdAt)),
          DeleteAt: dateOf(deleteAt(lifecycle, createdAt)),
        }
      : undefined,
    Lifecycle: presentLifecycle(lifecycle),
    EncryptionKeyArn: vault?.key.keyArn,
    EncryptionKeyType: KEY_TYPE,
    IsEncrypted: true,
    LastRestoreTime: dateOf(point.lastRestoreAt),
    IsParent: false,
    VaultType: vaultTypeOf(vault),
  }
}

export function presentCopyJob(job: CopyJob, target: BackupVault | undefined) {
  return {
    AccountId: job.account,
    CopyJobId: job.id,
    SourceBackupVaultArn: job.sourceVaultArn,
    SourceRecoveryPointArn: pointArn({ ...job, id: job.sourcePointId }),
    DestinationBackupVaultArn: job.destinationVaultArn,
    DestinationVaultType: vaultTypeOf(target),
    DestinationRecoveryPointArn:
      target && job.state !== 'CREATED'
        ? pointArn({ ...target, id: job.destinationPointId })
        : undefined,
    DestinationEncryptionKeyArn: target?.key.keyArn,
    DestinationRecoveryPointLifecycle: presentLifecycle(job.lifecycle),
    ResourceArn: job.resourceArn,
    ResourceType: job.resourceType,
    ResourceName: job.resourceName ?? undefined,
    CreationDate: new Date(job.createdAt),
    CompletionDate: dateOf(job.endedAt),
    State: job.state,
    StatusMessage: job.message ?? undefined,
    BackupSizeInBytes: job.sizeBytes ?? undefined,
    IamRoleArn: job.roleArn,
    CreatedBy: presentCreator(job, job.createdBy),
    CreatedByBackupJobId: job.createdByJobId ?? undefined,
    IsParent: false,
    MessageCategory: categoryOf(job) || undefined,
  }
}

export function presentRestoreJob(job: RestoreJob, point: RecoveryPoint | undefined) {
  return {
    AccountId: job.account,
    RestoreJobId: job.id,
    RecoveryPointArn: pointArn({ ...job, id: job.pointId }),
    RecoveryPointCreationDate: dateOf(point?.createdAt),
    SourceResourceArn: job.resourceArn,
    BackupVaultArn: point && vaultArn({ ...point, name: point.vaultName }),
    CreationDate: new Date(job.createdAt),
    CompletionDate: dateOf(job.endedAt),
    Status: job.state,
    StatusMessage: job.message ?? undefined,
    PercentDone: `${job.percentDone.toFixed(2)}%`,
    BackupSizeInBytes: job.sizeBytes ?? undefined,
    IamRoleArn: job.roleArn,
    CreatedResourceArn: job.createdResourceArn ?? undefined,
    ResourceType: job.resourceType,
    CreatedBy: job.test ? { RestoreTestingPlanArn: job.test.planArn } : undefined,
    ValidationStatus: job.validation?.state,
    ValidationStatusMessage: job.validation?.message ?? undefined,
    DeletionStatus: job.deletion?.state,
    DeletionStatusMessage: job.deletion?.message ?? undefined,
    IsParent: false,
  }
}
