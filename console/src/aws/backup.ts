/** AWS Backup's lists as collections, and what its pages do. */
import {
  BackupClient,
  CreateBackupVaultCommand,
  GetBackupPlanCommand,
  ListBackupJobsCommand,
  ListBackupPlansCommand,
  ListBackupSelectionsCommand,
  ListBackupVaultsCommand,
  ListProtectedResourcesCommand,
  ListRecoveryPointsByBackupVaultCommand,
  ListRestoreJobsCommand,
  StartBackupJobCommand,
  type BackupJob,
  type BackupPlan,
  type BackupPlansListMember,
  type BackupSelectionsListMember,
  type BackupVaultListMember,
  type ProtectedResource,
  type RecoveryPointByBackupVault,
  type RestoreJobsListMember,
} from '@aws-sdk/client-backup'
import { clientOf } from './clients.ts'
import { collection, collectionRefresh, paged } from './collection.ts'
import { sessionNow } from './session.ts'

export const backup = (): BackupClient => clientOf('backup', (config) => new BackupClient(config))

export const vaults = collection<BackupVaultListMember>({
  name: 'backup vaults',
  kinds: ['backupVault', 'backupPoint'],
  idOf: (item) => item.BackupVaultName ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await backup().send(new ListBackupVaultsCommand({ NextToken }))
      return { items: page.BackupVaultList, next: page.NextToken }
    }),
})

export const protectedResources = collection<ProtectedResource>({
  name: 'protected resources',
  kinds: ['backupPoint'],
  idOf: (item) => item.ResourceArn ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await backup().send(new ListProtectedResourcesCommand({ NextToken }))
      return { items: page.Results, next: page.NextToken }
    }),
})

export const backupJobs = collection<BackupJob>({
  name: 'backup jobs',
  kinds: ['backupJob'],
  idOf: (item) => item.BackupJobId ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await backup().send(new ListBackupJobsCommand({ NextToken, MaxResults: 1000 }))
      return { items: page.BackupJobs, next: page.NextToken }
    }),
})

export const restoreJobs = collection<RestoreJobsListMember>({
  name: 'restore jobs',
  kinds: ['backupRestoreJob'],
  idOf: (item) => item.RestoreJobId ?? '',
  pages: () =>
    paged(async (NextToken) => {
      const page = await backup().send(new ListRestoreJobsCommand({ NextToken, MaxResults: 1000 }))
      return { items: page.RestoreJobs, next: page.NextToken }
    }),
})

export const recoveryPoints = collection<RecoveryPointByBackupVault>({
  name: 'recovery points',
  kinds: ['backupPoint'],
  idOf: (item) => item.RecoveryPointArn ?? '',
  async *pages() {
    for await (const page of vaults.pages()) {
      for (const { BackupVaultName } of page) {
        yield* paged(async (NextToken) => {
          const input = { BackupVaultName, NextToken, MaxResults: 1000 }
          const found = await backup().send(new ListRecoveryPointsByBackupVaultCommand(input))
          return { items: found.RecoveryPoints, next: found.NextToken }
        })
      }
    }
  },
})

export interface WholePlan {
  id: string
  plan: BackupPlan
  lastRunAt: Date | undefined
  selections: BackupSelectionsListMember[]
}

export const plans = collection<WholePlan>({
  name: 'backup plans',
  kinds: ['backupPlan', 'backupPlanVersion', 'backupSelection'],
  idOf: (item) => item.id,
  async *pages() {
    const all = paged(async (NextToken) => {
      const page = await backup().send(new ListBackupPlansCommand({ NextToken }))
      return { items: page.BackupPlansList, next: page.NextToken }
    })
    for await (const page of all) yield await Promise.all(page.map(planWhole))
  },
})

async function planWhole(listed: BackupPlansListMember): Promise<WholePlan> {
  const { BackupPlanId = '', LastExecutionDate } = listed
  const [whole, selections] = await Promise.all([
    backup().send(new GetBackupPlanCommand({ BackupPlanId })),
    backup().send(new ListBackupSelectionsCommand({ BackupPlanId })),
  ])
  return {
    id: BackupPlanId,
    plan: whole.BackupPlan!,
    lastRunAt: LastExecutionDate,
    selections: selections.BackupSelectionsList ?? [],
  }
}

/** Any role of the account does; this is the one that AWS's console takes. */
export function roleArn(): string {
  return `arn:aws:iam::${sessionNow()?.account}:role/service-role/AWSBackupDefaultServiceRole`
}

export function arnOf(kind: 'instance' | 'volume', id: string): string {
  const { account = '', region = '' } = sessionNow() ?? {}
  return `arn:aws:ec2:${region}:${account}:${kind}/${id}`
}

export const idOfArn = (arn: string | undefined): string => arn?.split(/[:/]/).at(-1) ?? ''

export const DEFAULT_VAULT = 'Default'

/** As AWS's console does: the first backup of an account makes the vault. */
export async function vaultEnsure(name: string): Promise<void> {
  try {
    await backup().send(new CreateBackupVaultCommand({ BackupVaultName: name }))
    await collectionRefresh(vaults)
  } catch (error) {
    if ((error as Error).name !== 'AlreadyExistsException') throw error
  }
}

export async function backupStart(resourceArn: string, vaultName: string): Promise<void> {
  await vaultEnsure(vaultName)
  await backup().send(
    new StartBackupJobCommand({
      BackupVaultName: vaultName,
      ResourceArn: resourceArn,
      IamRoleArn: roleArn(),
    }),
  )
}
