/** Copies of recovery points: to other vaults, regions and accounts, by hand and by plans. */
import {
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  CreateBackupVaultCommand,
  CreateLogicallyAirGappedBackupVaultCommand,
  DeleteBackupVaultLockConfigurationCommand,
  DeleteRecoveryPointCommand,
  DescribeRecoveryPointCommand,
  DescribeRestoreJobCommand,
  ListCopyJobsCommand,
  ListRecoveryPointsByBackupVaultCommand,
  PutBackupVaultAccessPolicyCommand,
  StartCopyJobCommand,
  StartRestoreJobCommand,
  UpdateGlobalSettingsCommand,
} from '@aws-sdk/client-backup'
import { CreateAccountCommand, CreateOrganizationCommand } from '@aws-sdk/client-organizations'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, ROLE, volumeArn } from '../support/backup-kit.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

let cloud: TestCloud
let nowOffset = 0
beforeEach(async () => {
  nowOffset = 0
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + nowOffset } })
})
afterEach(() => cloud.close())
const { volume, write, read } = volumeKit(() => cloud)
const { client, vault, backUp, points, copyEnd } = backupKit(() => cloud)

test('go to other vaults and regions, and outlive their source', async () => {
  await vault('vault')
  const west = cloud.backupOf({ region: 'eu-west-1' })
  const made = await west.send(new CreateBackupVaultCommand({ BackupVaultName: 'far' }))
  const id = await volume()
  write(id, 4, 'four')
  const job = await backUp(volumeArn(id), 'vault')
  const { CopyJobId } = await client().send(
    new StartCopyJobCommand({
      RecoveryPointArn: job.RecoveryPointArn,
      SourceBackupVaultName: 'vault',
      DestinationBackupVaultArn: made.BackupVaultArn,
      IamRoleArn: ROLE,
      Lifecycle: { DeleteAfterDays: 9 },
    }),
  )
  const copy = await copyEnd(CopyJobId!)
  expect(copy).toMatchObject({
    State: 'COMPLETED',
    SourceRecoveryPointArn: job.RecoveryPointArn,
    DestinationBackupVaultArn: made.BackupVaultArn,
  })
  await client().send(
    new DeleteRecoveryPointCommand({
      BackupVaultName: 'vault',
      RecoveryPointArn: job.RecoveryPointArn,
    }),
  )
  await soon(async () => expect(await points('vault')).toEqual([]))
  const RecoveryPointArn = copy.DestinationRecoveryPointArn!
  const far = { BackupVaultName: 'far', RecoveryPointArn }
  const shown = await west.send(new DescribeRecoveryPointCommand(far))
  expect(shown).toMatchObject({ Status: 'COMPLETED', Lifecycle: { DeleteAfterDays: 9 } })
  expect(shown.SourceBackupVaultArn).toContain(':us-east-1:')
  const Metadata = { availabilityZone: 'eu-west-1a' }
  const { RestoreJobId } = await west.send(
    new StartRestoreJobCommand({ RecoveryPointArn, Metadata, IamRoleArn: ROLE }),
  )
  const restored = await soon(async () => {
    const one = await west.send(new DescribeRestoreJobCommand({ RestoreJobId }))
    expect(one.Status).toBe('COMPLETED')
    return one
  })
  expect(read(restored.CreatedResourceArn!.split('/')[1]!, 4)).toBe('four')
})

test('of plans follow their backups', async () => {
  await vault('vault')
  const DestinationBackupVaultArn = await vault('second')
  const { BackupPlanId } = await client().send(
    new CreateBackupPlanCommand({
      BackupPlan: {
        BackupPlanName: 'plan',
        Rules: [
          {
            RuleName: 'rule',
            TargetBackupVaultName: 'vault',
            ScheduleExpression: 'rate(1 hour)',
            CopyActions: [{ DestinationBackupVaultArn, Lifecycle: { DeleteAfterDays: 30 } }],
          },
        ],
      },
    }),
  )
  const BackupSelection = { SelectionName: 'all', IamRoleArn: ROLE, Resources: ['*'] }
  await volume()
  await client().send(new CreateBackupSelectionCommand({ BackupPlanId, BackupSelection }))
  nowOffset += 3_700_000
  cloud.app.activate('backupPlans')
  await soon(async () => {
    expect(await points('second')).toMatchObject([{ Status: 'COMPLETED' }])
  })
  const { CopyJobs } = await client().send(new ListCopyJobsCommand({}))
  expect(CopyJobs).toMatchObject([{ State: 'COMPLETED', DestinationBackupVaultArn }])
  expect(CopyJobs![0]!.CreatedBy).toMatchObject({ BackupPlanId, BackupRuleName: 'rule' })
  expect(CopyJobs![0]!.CreatedByBackupJobId).toBeTruthy()
})

test('to another account fail without its leave, and are refused to nowhere', async () => {
  await vault('vault')
  const job = await backUp(volumeArn(await volume()), 'vault')
  const copy = (DestinationBackupVaultArn: string) =>
    client().send(
      new StartCopyJobCommand({
        RecoveryPointArn: job.RecoveryPointArn,
        SourceBackupVaultName: 'vault',
        DestinationBackupVaultArn,
        IamRoleArn: ROLE,
      }),
    )
  const own = `arn:aws:backup:us-east-1:${ACCOUNT}:backup-vault`
  expect(await nameOf(copy(`${own}:none`))).toBe('ResourceNotFoundException')
  expect(await nameOf(copy(`${own}:vault`))).toBe('InvalidParameterValueException')
  const foreign = 'arn:aws:backup:us-east-1:444455556666:backup-vault:theirs'
  const { CopyJobId } = await copy(foreign)
  const ended = await copyEnd(CopyJobId!)
  expect(ended.State).toBe('FAILED')
  expect(ended.StatusMessage).toContain('Access denied')
})

test('go to another account of the organisation whose vault and owner let them', async () => {
  await vault('vault')
  const organizations = cloud.organizationsOf()
  await organizations.send(new CreateOrganizationCommand({}))
  const account = { AccountName: 'safe', Email: 'safe@example.com' }
  const { CreateAccountStatus } = await organizations.send(new CreateAccountCommand(account))
  const theirs = cloud.backupOf({ account: CreateAccountStatus!.AccountId! })
  const made = await theirs.send(new CreateBackupVaultCommand({ BackupVaultName: 'safe' }))
  const id = await volume()
  write(id, 9, 'nine')
  const job = await backUp(volumeArn(id), 'vault')
  const copied = async () => {
    const { CopyJobId } = await client().send(
      new StartCopyJobCommand({
        RecoveryPointArn: job.RecoveryPointArn,
        SourceBackupVaultName: 'vault',
        DestinationBackupVaultArn: made.BackupVaultArn,
        IamRoleArn: ROLE,
      }),
    )
    return copyEnd(CopyJobId!)
  }
  expect((await copied()).State).toBe('FAILED')
  const GlobalSettings = { isCrossAccountBackupEnabled: 'true' }
  await client().send(new UpdateGlobalSettingsCommand({ GlobalSettings }))
  expect((await copied()).State).toBe('FAILED')
  const Statement = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: 'backup:CopyIntoBackupVault',
    Resource: '*',
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [Statement] })
  const policy = { BackupVaultName: 'safe', Policy }
  await theirs.send(new PutBackupVaultAccessPolicyCommand(policy))
  const done = await copied()
  expect(done.State, done.StatusMessage).toBe('COMPLETED')
  const list = new ListRecoveryPointsByBackupVaultCommand({ BackupVaultName: 'safe' })
  const [point] = (await theirs.send(list)).RecoveryPoints!
  expect(point).toMatchObject({ Status: 'COMPLETED', ResourceArn: volumeArn(id) })
  const { RestoreJobId } = await theirs.send(
    new StartRestoreJobCommand({
      RecoveryPointArn: point!.RecoveryPointArn,
      Metadata: {},
      IamRoleArn: `arn:aws:iam::${CreateAccountStatus!.AccountId}:role/restore`,
    }),
  )
  const restored = await soon(async () => {
    const one = await theirs.send(new DescribeRestoreJobCommand({ RestoreJobId }))
    expect(one.Status).toBe('COMPLETED')
    return one
  })
  expect(read(restored.CreatedResourceArn!.split('/')[1]!, 9)).toBe('nine')
})

test('fill a logically air-gapped vault, that nothing else goes into and nothing out of', async () => {
  await vault('vault')
  const make = (input: object) =>
    client().send(
      new CreateLogicallyAirGappedBackupVaultCommand({
        BackupVaultName: 'gapped',
        MinRetentionDays: 7,
        MaxRetentionDays: 30,
        ...input,
      }),
    )
  expect(await nameOf(make({ MinRetentionDays: 31 }))).toBe('InvalidParameterValueException')
  const { BackupVaultArn } = await make({})
  const arn = volumeArn(await volume())
  expect(await nameOf(backUp(arn, 'gapped'))).toBe('InvalidRequestException')
  const job = await backUp(arn, 'vault')
  const { CopyJobId } = await client().send(
    new StartCopyJobCommand({
      RecoveryPointArn: job.RecoveryPointArn,
      SourceBackupVaultName: 'vault',
      DestinationBackupVaultArn: BackupVaultArn,
      IamRoleArn: ROLE,
      Lifecycle: { DeleteAfterDays: 8 },
    }),
  )
  const copy = await copyEnd(CopyJobId!)
  const DestinationVaultType = 'LOGICALLY_AIR_GAPPED_BACKUP_VAULT'
  expect(copy).toMatchObject({ State: 'COMPLETED', DestinationVaultType })
  const out = { BackupVaultName: 'gapped', RecoveryPointArn: copy.DestinationRecoveryPointArn }
  expect(await nameOf(client().send(new DeleteRecoveryPointCommand(out)))).toBe(
    'InvalidRequestException',
  )
  const unlock = new DeleteBackupVaultLockConfigurationCommand({ BackupVaultName: 'gapped' })
  expect(await nameOf(client().send(unlock))).toBe('InvalidRequestException')
})
