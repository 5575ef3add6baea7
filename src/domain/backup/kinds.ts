/** Every kind of record that backups keep, by name. */
import type { AuditResourceTypes } from './audit.ts'
import type {
  BackupJob,
  BackupPlan,
  BackupPlanVersion,
  BackupSelection,
  BackupVault,
  CopyJob,
  LegalHold,
  RecoveryPoint,
  RestoreJob,
  TestPlan,
  TestSelection,
} from './records.ts'

export interface BackupResourceTypes extends AuditResourceTypes {
  backupVault: BackupVault
  backupPlan: BackupPlan
  backupPlanVersion: BackupPlanVersion
  backupSelection: BackupSelection
  backupJob: BackupJob
  backupPoint: RecoveryPoint
  backupCopyJob: CopyJob
  backupRestoreJob: RestoreJob
  backupHold: LegalHold
  backupTestPlan: TestPlan
  backupTestSelection: TestSelection
}

export type BackupKind = keyof BackupResourceTypes
