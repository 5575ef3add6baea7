/** What Backup's operations ask for: resources by name, its own condition keys, the role that is handed over. */
import { expect, test } from 'vitest'
import type { Ctx } from '../../../src/app/context.ts'
import { backupWanted } from '../../../src/aws/backup/authorisation.ts'

/** Nothing of what is named is there. */
const store = { get: async () => undefined, list: async () => [] }
const app = { store } as unknown as Ctx['app']
const ctx = { app, account: '111122223333', region: 'eu-west-1' } as Ctx
const arn = (rest: string) => `arn:aws:backup:eu-west-1:111122223333:${rest}`
const POINT = 'arn:aws:ec2:eu-west-1::snapshot/snap-0123456789abcdef0'
const ROLE = 'arn:aws:iam::111122223333:role/backup'

test.each([
  [
    'CreateBackupVault',
    { BackupVaultName: 'v', BackupVaultTags: { team: 'a' } },
    arn('backup-vault:v'),
  ],
  ['CreateBackupPlan', { BackupPlan: { Rules: [] } }, arn('backup-plan:*')],
  ['GetBackupPlan', { BackupPlanId: 'p-1' }, arn('backup-plan:p-1')],
  ['DeleteRecoveryPoint', { BackupVaultName: 'v', RecoveryPointArn: POINT }, POINT],
  ['TagResource', { ResourceArn: arn('framework:f'), Tags: {} }, arn('framework:f')],
  [
    'CreateRestoreTestingPlan',
    { RestoreTestingPlan: { RestoreTestingPlanName: 't' } },
    arn('restore-testing-plan:t'),
  ],
  ['ListBackupVaults', {}, '*'],
])('%s', async (operation, input, resource) => {
  const [wanted, ...more] = await backupWanted(ctx, operation, input)
  expect(wanted).toMatchObject({ action: `backup:${operation}`, resource })
  expect(more).toEqual([])
})

test('its own keys', async () => {
  const Rules = [{ CopyActions: [{ DestinationBackupVaultArn: arn('backup-vault:far') }] }]
  const [plan] = await backupWanted(ctx, 'CreateBackupPlan', { BackupPlan: { Rules } })
  expect(plan!.keys).toMatchObject({ 'backup:CopyTargets': [arn('backup-vault:far')] })
  const lock = { BackupVaultName: 'v', MinRetentionDays: 7, ChangeableForDays: 3 }
  const [locked] = await backupWanted(ctx, 'PutBackupVaultLockConfiguration', lock)
  expect(locked!.keys).toMatchObject({
    'backup:MinRetentionDays': '7',
    'backup:MaxRetentionDays': undefined,
    'backup:ChangeableForDays': '3',
  })
  const made = { BackupVaultName: 'v', BackupVaultTags: { team: 'a' } }
  const [tagged] = await backupWanted(ctx, 'CreateBackupVault', made)
  expect(tagged!.keys).toMatchObject({ 'aws:RequestTag/team': 'a', 'aws:TagKeys': ['team'] })
})

test('the role is passed', async () => {
  const input = { BackupVaultName: 'v', ResourceArn: POINT, IamRoleArn: ROLE }
  expect(await backupWanted(ctx, 'StartBackupJob', input)).toMatchObject([
    { action: 'backup:StartBackupJob', resource: arn('backup-vault:v') },
    {
      action: 'iam:PassRole',
      resource: ROLE,
      keys: { 'iam:PassedToService': 'backup.amazonaws.com' },
    },
  ])
})
