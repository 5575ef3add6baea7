/** What protects recovery points: locks, policies, holds, lifecycles, copies elsewhere; and who is told. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CancelLegalHoldCommand,
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  CreateLegalHoldCommand,
  DeleteBackupVaultAccessPolicyCommand,
  DeleteBackupVaultLockConfigurationCommand,
  DeleteBackupVaultNotificationsCommand,
  DeleteRecoveryPointCommand,
  DescribeBackupVaultCommand,
  DescribeGlobalSettingsCommand,
  DescribeProtectedResourceCommand,
  DescribeRecoveryPointCommand,
  DescribeRegionSettingsCommand,
  GetBackupVaultAccessPolicyCommand,
  GetBackupVaultNotificationsCommand,
  GetLegalHoldCommand,
  GetSupportedResourceTypesCommand,
  ListBackupJobSummariesCommand,
  ListCopyJobsCommand,
  ListLegalHoldsCommand,
  ListProtectedResourcesByBackupVaultCommand,
  ListProtectedResourcesCommand,
  ListRecoveryPointsByLegalHoldCommand,
  PutBackupVaultAccessPolicyCommand,
  PutBackupVaultLockConfigurationCommand,
  PutBackupVaultNotificationsCommand,
  StartCopyJobCommand,
  StartRestoreJobCommand,
  UpdateGlobalSettingsCommand,
  UpdateRecoveryPointLifecycleCommand,
} from '@aws-sdk/client-backup'
import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, ROLE, volumeArn } from '../support/backup-kit.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const DAY_MS = 86_400_000
const WEBHOOKS: object[] = []
let cloud: TestCloud
let nowOffset = 0
let webhook: ReturnType<typeof createServer>
beforeEach(async () => {
  nowOffset = 0
  WEBHOOKS.length = 0
  webhook = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      WEBHOOKS.push(JSON.parse(Buffer.concat(chunks).toString()) as object)
      response.end()
    })
  })
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
  const { port } = webhook.address() as AddressInfo
  cloud = await startTestCloud({
    clock: { ...systemClock, now: () => Date.now() + nowOffset },
    settings: { backupWebhook: `http://127.0.0.1:${port}/` },
  })
})
afterEach(async () => {
  await cloud.close()
  webhook.closeAllConnections()
  webhook.close()
})
const { volume, write, read } = volumeKit(() => cloud)
const { client, vault, start, backUp, jobEnd, points, restore, metadata, restoreEnd, copyEnd } =
  backupKit(() => cloud)

/** Days pass. */
const pass = (days: number): void => {
  nowOffset += days * DAY_MS
  cloud.app.activate('backupAges')
}
const lock = (input: object = {}) =>
  client().send(new PutBackupVaultLockConfigurationCommand({ BackupVaultName: 'vault', ...input }))
const unlock = () =>
  client().send(new DeleteBackupVaultLockConfigurationCommand({ BackupVaultName: 'vault' }))
const named = (RecoveryPointArn: string | undefined, BackupVaultName = 'vault') => ({
  BackupVaultName,
  RecoveryPointArn,
})
const remove = (arn: string | undefined) =>
  client().send(new DeleteRecoveryPointCommand(named(arn)))
const look = (arn: string | undefined, name = 'vault') =>
  client().send(new DescribeRecoveryPointCommand(named(arn, name)))

describe('locks', () => {
  test('in governance hold until they are removed', async () => {
    await vault('vault')
    const job = await backUp(volumeArn(await volume()), 'vault')
    await lock({ MinRetentionDays: 7, MaxRetentionDays: 30 })
    expect(
      await client().send(new DescribeBackupVaultCommand({ BackupVaultName: 'vault' })),
    ).toMatchObject({ Locked: true, MinRetentionDays: 7, MaxRetentionDays: 30 })
    expect(await nameOf(remove(job.RecoveryPointArn))).toBe('InvalidRequestException')
    await unlock()
    await remove(job.RecoveryPointArn)
    await soon(async () => expect(await points('vault')).toEqual([]))
  })

  test('in compliance can be removed until their date, and never after', async () => {
    await vault('vault')
    expect(await nameOf(lock({ ChangeableForDays: 2 }))).toBe('InvalidParameterValueException')
    await lock({ ChangeableForDays: 3, MinRetentionDays: 1 })
    const shown = await client().send(new DescribeBackupVaultCommand({ BackupVaultName: 'vault' }))
    expect(shown.LockDate!.getTime()).toBeGreaterThan(Date.now() + 2 * DAY_MS)
    pass(2)
    await unlock()
    await lock({ ChangeableForDays: 3 })
    pass(3)
    expect(await nameOf(unlock())).toBe('InvalidRequestException')
    expect(await nameOf(lock({ MinRetentionDays: 1 }))).toBe('InvalidRequestException')
  })

  test('let in only what is kept as long as they say', async () => {
    await vault('vault')
    await lock({ MinRetentionDays: 7, MaxRetentionDays: 30 })
    const arn = volumeArn(await volume())
    const ended = async (input: object) => {
      const { BackupJobId } = await start(arn, 'vault', input)
      return jobEnd(BackupJobId!)
    }
    const short = await ended({ Lifecycle: { DeleteAfterDays: 3 } })
    expect(short).toMatchObject({ State: 'FAILED' })
    expect(short.StatusMessage).toContain('7 days')
    expect((await ended({})).State).toBe('FAILED')
    const job = await ended({ Lifecycle: { DeleteAfterDays: 20 } })
    expect(job.State).toBe('COMPLETED')
    const change = (DeleteAfterDays: number) =>
      client().send(
        new UpdateRecoveryPointLifecycleCommand({
          ...named(job.RecoveryPointArn),
          Lifecycle: { DeleteAfterDays },
        }),
      )
    expect(await nameOf(change(10))).toBe('InvalidRequestException')
    await change(25)
  })
})

describe('lifecycles', () => {
  test('make points cold, then delete them with their content', async () => {
    await vault('vault')
    const Lifecycle = { MoveToColdStorageAfterDays: 10, DeleteAfterDays: 100 }
    const job = await backUp(volumeArn(await volume()), 'vault', { Lifecycle })
    pass(11)
    await soon(async () => expect((await look(job.RecoveryPointArn)).StorageClass).toBe('COLD'))
    const cold = new UpdateRecoveryPointLifecycleCommand({
      ...named(job.RecoveryPointArn),
      Lifecycle: { MoveToColdStorageAfterDays: 20, DeleteAfterDays: 200 },
    })
    expect(await nameOf(client().send(cold))).toBe('InvalidRequestException')
    expect((await restore('vault', job.RecoveryPointArn!)).Status).toBe('COMPLETED')
    pass(90)
    await soon(async () => expect(await points('vault')).toEqual([]))
  })

  test('legal holds keep points beyond them, until cancelled', async () => {
    await vault('vault')
    const arn = volumeArn(await volume())
    const job = await backUp(arn, 'vault', { Lifecycle: { DeleteAfterDays: 5 } })
    await backUp(volumeArn(await volume()), 'vault', { Lifecycle: { DeleteAfterDays: 5 } })
    const hold = await client().send(
      new CreateLegalHoldCommand({
        Title: 'case',
        Description: 'of the auditors',
        RecoveryPointSelection: { VaultNames: ['vault'], ResourceIdentifiers: [arn] },
      }),
    )
    expect(hold).toMatchObject({ Status: 'ACTIVE', Title: 'case' })
    const { LegalHoldId } = hold
    const held = await client().send(new ListRecoveryPointsByLegalHoldCommand({ LegalHoldId }))
    expect(held.RecoveryPoints).toMatchObject([{ RecoveryPointArn: job.RecoveryPointArn }])
    expect(await nameOf(remove(job.RecoveryPointArn))).toBe('InvalidRequestException')
    pass(6)
    await soon(async () => {
      expect(await points('vault')).toMatchObject([{ Status: 'EXPIRED', ResourceArn: arn }])
    })
    const CancelDescription = 'closed'
    const cancel = new CancelLegalHoldCommand({ LegalHoldId, CancelDescription })
    expect((await client().send(cancel)).$metadata.httpStatusCode).toBe(201)
    expect(await nameOf(client().send(cancel))).toBe('InvalidResourceStateException')
    const shown = await client().send(new GetLegalHoldCommand({ LegalHoldId }))
    expect(shown).toMatchObject({ Status: 'CANCELED', CancelDescription })
    expect((await client().send(new ListLegalHoldsCommand({}))).LegalHolds).toHaveLength(1)
    await soon(async () => expect(await points('vault')).toEqual([]))
  })
})

describe('copies', () => {
  test('go to other vaults and regions, and outlive their source', async () => {
    await vault('vault')
    const west = cloud.backupOf({ region: 'eu-west-1' })
    const { CreateBackupVaultCommand } = await import('@aws-sdk/client-backup')
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
    await remove(job.RecoveryPointArn)
    await soon(async () => expect(await points('vault')).toEqual([]))
    const RecoveryPointArn = copy.DestinationRecoveryPointArn!
    const far = { BackupVaultName: 'far', RecoveryPointArn }
    const shown = await west.send(new DescribeRecoveryPointCommand(far))
    expect(shown).toMatchObject({ Status: 'COMPLETED', Lifecycle: { DeleteAfterDays: 9 } })
    expect(shown.SourceBackupVaultArn).toContain(':us-east-1:')
    const { DescribeRestoreJobCommand } = await import('@aws-sdk/client-backup')
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
})

test('policies of vaults are kept, checked and taken away', async () => {
  await vault('vault')
  const BackupVaultName = 'vault'
  const get = () => client().send(new GetBackupVaultAccessPolicyCommand({ BackupVaultName }))
  expect(await nameOf(get())).toBe('ResourceNotFoundException')
  const put = (Policy: string) =>
    client().send(new PutBackupVaultAccessPolicyCommand({ BackupVaultName, Policy }))
  expect(await nameOf(put('{"Version":'))).toBe('InvalidParameterValueException')
  const Statement = {
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: 'backup:DeleteRecoveryPoint',
    Resource: '*',
  }
  const text = JSON.stringify({ Version: '2012-10-17', Statement: [Statement] })
  await put(text)
  expect((await get()).Policy).toBe(text)
  await client().send(new DeleteBackupVaultAccessPolicyCommand({ BackupVaultName }))
  expect(await nameOf(get())).toBe('ResourceNotFoundException')
})

test('what a vault’s owner asked to be told reaches the webhook', async () => {
  await vault('vault')
  const BackupVaultName = 'vault'
  const SNSTopicArn = `arn:aws:sns:us-east-1:${ACCOUNT}:told`
  const events = ['BACKUP_JOB_STARTED', 'BACKUP_JOB_COMPLETED'] as const
  const BackupVaultEvents = [...events]
  await client().send(
    new PutBackupVaultNotificationsCommand({ BackupVaultName, SNSTopicArn, BackupVaultEvents }),
  )
  const get = () => client().send(new GetBackupVaultNotificationsCommand({ BackupVaultName }))
  expect(await get()).toMatchObject({ SNSTopicArn, BackupVaultEvents })
  const job = await backUp(volumeArn(await volume()), 'vault')
  await soon(() => expect(WEBHOOKS).toHaveLength(2))
  const told = WEBHOOKS.map((one) => JSON.parse((one as { Message: string }).Message) as object)
  expect(told).toContainEqual(
    expect.objectContaining({
      EventType: 'BACKUP_JOB_COMPLETED',
      State: 'COMPLETED',
      BackupJobId: job.BackupJobId,
    }),
  )
  await client().send(new DeleteBackupVaultNotificationsCommand({ BackupVaultName }))
  expect(await nameOf(get())).toBe('ResourceNotFoundException')
  const wrong = { BackupVaultName, SNSTopicArn: 'topic', BackupVaultEvents }
  expect(await nameOf(client().send(new PutBackupVaultNotificationsCommand(wrong)))).toBe(
    'InvalidParameterValueException',
  )
})

test('a backup waits while its vault’s key is disabled', async () => {
  await vault('vault')
  const arn = volumeArn(await volume())
  const done = await backUp(arn, 'vault')
  const KeyId = 'alias/aws/backup'
  void KeyId
  const { CreateKeyCommand } = await import('@aws-sdk/client-kms')
  const { KeyMetadata } = await cloud.kmsOf().send(new CreateKeyCommand({}))
  const own = KeyMetadata!.Arn!
  await vault('own', { EncryptionKeyArn: own })
  await cloud.kmsOf().send(new DisableKeyCommand({ KeyId: own }))
  const { BackupJobId } = await start(arn, 'own')
  const { DescribeBackupJobCommand } = await import('@aws-sdk/client-backup')
  await soon(async () => {
    const job = await client().send(new DescribeBackupJobCommand({ BackupJobId }))
    expect(job).toMatchObject({
      State: 'RUNNING',
      StatusMessage: expect.stringContaining('disabled'),
    })
  })
  await cloud.kmsOf().send(new EnableKeyCommand({ KeyId: own }))
  nowOffset += 60_000
  cloud.app.activate('backupJobs')
  expect((await jobEnd(BackupJobId!)).State).toBe('COMPLETED')
  expect(done.State).toBe('COMPLETED')
})

test('protected resources, summaries, types and settings', async () => {
  await vault('vault')
  const arn = volumeArn(await volume())
  await backUp(arn, 'vault')
  const job = await backUp(arn, 'vault')
  const { Results } = await client().send(new ListProtectedResourcesCommand({}))
  expect(Results).toMatchObject([
    { ResourceArn: arn, ResourceType: 'EBS', LastRecoveryPointArn: job.RecoveryPointArn },
  ])
  const BackupVaultName = 'vault'
  const byVault = await client().send(
    new ListProtectedResourcesByBackupVaultCommand({ BackupVaultName }),
  )
  expect(byVault.Results).toHaveLength(1)
  await restore('vault', job.RecoveryPointArn!)
  const one = await client().send(new DescribeProtectedResourceCommand({ ResourceArn: arn }))
  expect(one.LatestRestoreJobCreationDate).toBeInstanceOf(Date)
  const none = new DescribeProtectedResourceCommand({ ResourceArn: volumeArn('vol-1') })
  expect(await nameOf(client().send(none))).toBe('ResourceNotFoundException')
  const summaries = await client().send(
    new ListBackupJobSummariesCommand({ State: 'COMPLETED', AggregationPeriod: 'ONE_DAY' }),
  )
  expect(summaries.BackupJobSummaries).toMatchObject([{ State: 'COMPLETED', Count: 2 }])
  const types = await client().send(new GetSupportedResourceTypesCommand({}))
  expect(types.ResourceTypes).toEqual(expect.arrayContaining(['EBS', 'EC2']))
  const region = await client().send(new DescribeRegionSettingsCommand({}))
  expect(region.ResourceTypeOptInPreference).toMatchObject({ EBS: true, EC2: true })
  const global = await client().send(new DescribeGlobalSettingsCommand({}))
  expect(global.GlobalSettings).toEqual({ isCrossAccountBackupEnabled: 'false' })
  const alone = new UpdateGlobalSettingsCommand({
    GlobalSettings: { isCrossAccountBackupEnabled: 'true' },
  })
  expect(await nameOf(client().send(alone))).toBe('InvalidRequestException')
})

test('what is not served says so', async () => {
  const { ListScanJobsCommand, CreateFrameworkCommand } = await import('@aws-sdk/client-backup')
  const unsupported = 'UnsupportedOperationException'
  expect(await nameOf(client().send(new ListScanJobsCommand({})))).toBe(unsupported)
  const framework = { FrameworkName: 'a', FrameworkControls: [] }
  expect(await nameOf(client().send(new CreateFrameworkCommand(framework)))).toBe(unsupported)
  void metadata
  void restoreEnd
})
