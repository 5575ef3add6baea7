/** What protects recovery points: locks, policies, holds, lifecycles; and who is told. */
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  CancelLegalHoldCommand,
  CreateLegalHoldCommand,
  DeleteBackupVaultAccessPolicyCommand,
  DeleteBackupVaultCommand,
  DeleteBackupVaultLockConfigurationCommand,
  DeleteBackupVaultNotificationsCommand,
  DeleteRecoveryPointCommand,
  DescribeBackupJobCommand,
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
  ListLegalHoldsCommand,
  ListProtectedResourcesByBackupVaultCommand,
  ListProtectedResourcesCommand,
  ListRecoveryPointsByLegalHoldCommand,
  ListScanJobsCommand,
  ListTieringConfigurationsCommand,
  PutBackupVaultAccessPolicyCommand,
  PutBackupVaultLockConfigurationCommand,
  PutBackupVaultNotificationsCommand,
  StopBackupJobCommand,
  UpdateGlobalSettingsCommand,
  UpdateRecoveryPointLifecycleCommand,
} from '@aws-sdk/client-backup'
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, volumeArn } from '../support/backup-kit.ts'
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
const { volume } = volumeKit(() => cloud)
const { client, vault, start, backUp, jobEnd, points, restore } = backupKit(() => cloud)

/** Days pass. */
const pass = (days: number): void => {
  nowOffset += days * DAY_MS
  cloud.app.activate('backupAges')
}
const lock = (input: object = {}) =>
  client().send(new PutBackupVaultLockConfigurationCommand({ BackupVaultName: 'vault', ...input }))
const unlock = () =>
  client().send(new DeleteBackupVaultLockConfigurationCommand({ BackupVaultName: 'vault' }))
const named = (RecoveryPointArn: string | undefined) => ({
  BackupVaultName: 'vault',
  RecoveryPointArn,
})
const remove = (arn: string | undefined) =>
  client().send(new DeleteRecoveryPointCommand(named(arn)))
const look = (arn: string | undefined) =>
  client().send(new DescribeRecoveryPointCommand(named(arn)))

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
    // A clock that is set back opens nothing.
    await soon(async () => {
      const [kept] = await cloud.app.store.list('backupVault', {})
      expect(kept!.lock!.isFinal).toBe(true)
    })
    pass(-30)
    expect(await nameOf(unlock())).toBe('InvalidRequestException')
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
    Action: ['backup:DeleteRecoveryPoint', 'backup:DeleteBackupVaultAccessPolicy'],
    Resource: '*',
  }
  const text = JSON.stringify({ Version: '2012-10-17', Statement: [Statement] })
  await put(text)
  expect((await get()).Policy).toBe(text)
  const job = await backUp(volumeArn(await volume()), 'vault')
  expect(await nameOf(remove(job.RecoveryPointArn))).toBe('AccessDeniedException')
  await client().send(new DeleteBackupVaultAccessPolicyCommand({ BackupVaultName }))
  expect(await nameOf(get())).toBe('ResourceNotFoundException')
  await remove(job.RecoveryPointArn)
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
  const { KeyMetadata } = await cloud.kmsOf().send(new CreateKeyCommand({}))
  const own = KeyMetadata!.Arn!
  await vault('own', { EncryptionKeyArn: own })
  await cloud.kmsOf().send(new DisableKeyCommand({ KeyId: own }))
  const { BackupJobId } = await start(arn, 'own')
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

test('a backup that is stopped while it runs leaves no point', async () => {
  const { KeyMetadata } = await cloud.kmsOf().send(new CreateKeyCommand({}))
  const KeyId = KeyMetadata!.Arn!
  await vault('vault', { EncryptionKeyArn: KeyId })
  await cloud.kmsOf().send(new DisableKeyCommand({ KeyId }))
  const { BackupJobId } = await start(volumeArn(await volume()), 'vault')
  await soon(async () => {
    const job = await client().send(new DescribeBackupJobCommand({ BackupJobId }))
    expect(job.State).toBe('RUNNING')
  })
  await client().send(new StopBackupJobCommand({ BackupJobId }))
  expect((await jobEnd(BackupJobId!)).State).toBe('ABORTED')
  await cloud.kmsOf().send(new EnableKeyCommand({ KeyId }))
  await soon(async () => {
    cloud.app.activate('backupAges')
    expect(await points('vault')).toEqual([])
  })
  // What it had written goes with the next collection, though the vault never held a whole point.
  const [one] = await cloud.app.store.list('backupVault', {})
  expect(await cloud.app.store.setting(`backup-collected:${one!.id}`)).toBeDefined()
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
  const unsupported = 'UnsupportedOperationException'
  expect(await nameOf(client().send(new ListScanJobsCommand({})))).toBe(unsupported)
  const tiering = new ListTieringConfigurationsCommand({})
  expect(await nameOf(client().send(tiering))).toBe(unsupported)
})

test('a vault that rots is found out: its point is marked, and the next backup is whole', async () => {
  await vault('vault')
  const id = await volume()
  cloud.agent.storage.write(id, 0, 'x')
  const first = await backUp(volumeArn(id), 'vault')
  await damage()
  pass(8)
  await soon(async () => {
    expect((await look(first.RecoveryPointArn)).StatusMessage).toContain('Damaged')
  })
  const second = await backUp(volumeArn(id), 'vault')
  expect((await restore('vault', second.RecoveryPointArn!)).Status).toBe('COMPLETED')
  pass(8)
  await soon(async () => {
    expect((await look(first.RecoveryPointArn)).StatusMessage ?? '').not.toContain('Damaged')
  })
})

/** A bit flips in each pack of the vault. */
async function damage(): Promise<void> {
  const [one] = await cloud.app.store.list('backupVault', {})
  const folder = join(cloud.vaultsFolder, one!.id)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.parentPath.includes('packs')) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    bytes[100]! ^= 1
    await chmod(path, 0o600)
    await writeFile(path, bytes)
  }
}

test('a vault that was deleted is emptied, and its name is free at once', async () => {
  await vault('vault')
  const job = await backUp(volumeArn(await volume()), 'vault')
  await remove(job.RecoveryPointArn)
  await soon(async () => expect(await points('vault')).toEqual([]))
  await client().send(new DeleteBackupVaultCommand({ BackupVaultName: 'vault' }))
  await vault('vault')
  const known = () => cloud.app.store.list('backupVault', {})
  for (let days = 0; days < 4; days++) {
    pass(1.1)
    await cloud.app.settled()
  }
  await soon(async () => {
    cloud.app.activate('backupAges')
    expect(await known()).toHaveLength(1)
  })
})
