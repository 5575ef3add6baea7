/** Vaults as Backup's API shows them. */
import type { VaultType } from '@aws-sdk/client-backup'
import { lockIsFinal } from '../../app/backup/vaults.ts'
import { vaultArn } from '../../domain/backup/arn.ts'
import type { BackupVault } from '../../domain/backup/records.ts'

export function presentVault(vault: BackupVault, points: number, now: number) {
  const { lock } = vault
  return {
    BackupVaultName: vault.name,
    BackupVaultArn: vaultArn(vault),
    VaultType: vaultTypeOf(vault),
    VaultState: 'AVAILABLE' as const,
    EncryptionKeyArn: vault.key.keyArn,
    EncryptionKeyType: keyTypeOf(vault),
    CreationDate: new Date(vault.createdAt),
    CreatorRequestId: vault.creatorRequestId ?? undefined,
    NumberOfRecoveryPoints: points,
    Locked: lock !== null,
    MinRetentionDays: lock?.minRetentionDays ?? undefined,
    MaxRetentionDays: lock?.maxRetentionDays ?? undefined,
    LockDate: lock?.lockedAt ? new Date(lock.lockedAt) : undefined,
    ...(lockIsFinal(lock, now) ? { Locked: true } : {}),
  }
}

export function vaultTypeOf(vault: BackupVault | undefined): VaultType {
  return vault?.isAirGapped ? 'LOGICALLY_AIR_GAPPED_BACKUP_VAULT' : 'BACKUP_VAULT'
}

/** All keys lie in the account's own KMS. */
function keyTypeOf(_vault: BackupVault) {
  return 'CUSTOMER_MANAGED_KMS_KEY' as const
}

/** Newest first, for pages: a record keeps its place for as long as it lives. */
export function newestFirst({ createdAt, id }: { createdAt: number; id: string }): string {
  return `${String(Number.MAX_SAFE_INTEGER - createdAt).padStart(16, '0')}/${id}`
}

export const PAGE_SIZE = 1_000

export const dateOf = (at: number | null | undefined): Date | undefined =>
  at === null || at === undefined ? undefined : new Date(at)
