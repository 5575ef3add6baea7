/** Vaults, plans, versions, selections and what plans do at their times, through the SDK. */
import {
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  DeleteBackupPlanCommand,
  DeleteBackupSelectionCommand,
  DeleteBackupVaultCommand,
  DescribeBackupVaultCommand,
  ExportBackupPlanTemplateCommand,
  GetBackupPlanCommand,
  GetBackupPlanFromJSONCommand,
  GetBackupPlanFromTemplateCommand,
  GetBackupSelectionCommand,
  ListBackupJobsCommand,
  ListBackupPlanTemplatesCommand,
  ListBackupPlanVersionsCommand,
  ListBackupPlansCommand,
  ListBackupSelectionsCommand,
  ListBackupVaultsCommand,
  ListTagsCommand,
  StartBackupJobCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateBackupPlanCommand,
  UpdateRegionSettingsCommand,
  type BackupPlanInput,
  type BackupRuleInput,
  type BackupSelection,
} from '@aws-sdk/client-backup'
import { CreateTagsCommand } from '@aws-sdk/client-ec2'
import { DescribeKeyCommand } from '@aws-sdk/client-kms'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, instanceArn, ROLE, volumeArn } from '../support/backup-kit.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { running } from '../support/launch.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const HOUR_MS = 3_600_000
let cloud: TestCloud
let nowOffset = 0
beforeEach(async () => {
  nowOffset = 0
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + nowOffset } })
})
afterEach(() => cloud.close())
const { volume } = volumeKit(() => cloud)
const { client, vault, points, backUp } = backupKit(() => cloud)

const rule = (change: Partial<BackupRuleInput> = {}): BackupRuleInput => ({
  RuleName: 'hourly',
  TargetBackupVaultName: 'vault',
  ScheduleExpression: 'cron(0 * * * ? *)',
  ...change,
})
const body = (change: Partial<BackupPlanInput> = {}): BackupPlanInput => ({
  BackupPlanName: 'plan',
  Rules: [rule()],
  ...change,
})
const plan = async (change: Partial<BackupPlanInput> = {}) =>
  client().send(new CreateBackupPlanCommand({ BackupPlan: body(change) }))
const select = async (BackupPlanId: string, change: Partial<BackupSelection>) => {
  const BackupSelection = { SelectionName: 'chosen', IamRoleArn: ROLE, ...change }
  return client().send(new CreateBackupSelectionCommand({ BackupPlanId, BackupSelection }))
}
const jobs = async () => (await client().send(new ListBackupJobsCommand({}))).BackupJobs!
const daily = [
  { ConditionType: 'STRINGEQUALS' as const, ConditionKey: 'backup', ConditionValue: 'daily' },
]
const tag = async (id: string, Key: string, Value: string) =>
  cloud.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key, Value }] }))
const tick = (ms: number): void => {
  nowOffset += ms
  cloud.app.activate('backupPlans')
}

describe('vaults', () => {
  test('are made with a key of the account, described, listed, tagged and deleted', async () => {
    const arn = await vault('vault', { BackupVaultTags: { team: 'db' } })
    expect(arn).toBe(`arn:aws:backup:us-east-1:${ACCOUNT}:backup-vault:vault`)
    const named = { BackupVaultName: 'vault' }
    const shown = await client().send(new DescribeBackupVaultCommand(named))
    expect(shown).toMatchObject({ BackupVaultArn: arn, NumberOfRecoveryPoints: 0, Locked: false })
    const KeyId = 'alias/aws/backup'
    const { KeyMetadata } = await cloud.kmsOf().send(new DescribeKeyCommand({ KeyId }))
    expect(shown.EncryptionKeyArn).toBe(KeyMetadata!.Arn)
    await vault('another')
    const list = await client().send(new ListBackupVaultsCommand({}))
    expect(list.BackupVaultList!.map((one) => one.BackupVaultName)).toEqual(['another', 'vault'])
    const ResourceArn = arn
    await client().send(new TagResourceCommand({ ResourceArn, Tags: { stage: 'prod' } }))
    await client().send(new UntagResourceCommand({ ResourceArn, TagKeyList: ['team'] }))
    const tags = await client().send(new ListTagsCommand({ ResourceArn }))
    expect(tags.Tags).toEqual({ stage: 'prod' })
    await client().send(new DeleteBackupVaultCommand(named))
    expect(await nameOf(client().send(new DescribeBackupVaultCommand(named)))).toBe(
      'ResourceNotFoundException',
    )
  })

  test('are refused: taken names, bad names, keys that are not there, reserved tags', async () => {
    await vault('vault', { CreatorRequestId: 'once' })
    await vault('vault', { CreatorRequestId: 'once' })
    expect(await nameOf(vault('vault'))).toBe('AlreadyExistsException')
    expect(await nameOf(vault('x'))).toBe('InvalidParameterValueException')
    expect(await nameOf(vault('with space'))).toBe('InvalidParameterValueException')
    const key = { EncryptionKeyArn: `arn:aws:kms:us-east-1:${ACCOUNT}:key/none` }
    expect(await nameOf(vault('locked', key))).toBe('InvalidParameterValueException')
    const tags = { BackupVaultTags: { 'aws:mine': '1' } }
    expect(await nameOf(vault('tagged', tags))).toBe('InvalidParameterValueException')
    const location = { BackupVaultTags: { 'brume:location': 'nowhere' } }
    expect(await nameOf(vault('far', location))).toBe('InvalidParameterValueException')
  })

  test('that hold something are not deleted, and are another account’s secret', async () => {
    await vault('vault')
    await backUp(volumeArn(await volume()), 'vault')
    const named = { BackupVaultName: 'vault' }
    expect(await nameOf(client().send(new DeleteBackupVaultCommand(named)))).toBe(
      'InvalidRequestException',
    )
    const shown = await client().send(new DescribeBackupVaultCommand(named))
    expect(shown.NumberOfRecoveryPoints).toBe(1)
    const other = cloud.backupOf({ account: '444455556666' })
    expect(await nameOf(other.send(new DescribeBackupVaultCommand(named)))).toBe(
      'ResourceNotFoundException',
    )
  })
})

describe('plans', () => {
  test('have what AWS says where nothing is said', async () => {
    const made = await plan({
      Rules: [{ RuleName: 'rule', TargetBackupVaultName: 'vault' }],
      AdvancedBackupSettings: [{ ResourceType: 'EC2', BackupOptions: { WindowsVSS: 'enabled' } }],
    })
    const BackupPlanId = made.BackupPlanId!
    const shown = await client().send(
      new GetBackupPlanCommand({ BackupPlanId, MaxScheduledRunsPreview: 3 }),
    )
    expect(shown.BackupPlan!.Rules![0]).toMatchObject({
      ScheduleExpression: 'cron(0 5 ? * * *)',
      ScheduleExpressionTimezone: 'Etc/UTC',
      StartWindowMinutes: 480,
      CompletionWindowMinutes: 10_080,
      EnableContinuousBackup: false,
    })
    expect(shown.AdvancedBackupSettings).toEqual([
      { ResourceType: 'EC2', BackupOptions: { WindowsVSS: 'enabled' } },
    ])
    const previewed = shown.ScheduledRunsPreview!.map((one) => one.ExecutionTime!.getUTCHours())
    expect(previewed).toEqual([5, 5, 5])
  })

  test('have versions, whose rules keep their ids', async () => {
    const { BackupPlanId, VersionId } = await plan()
    const before = await client().send(new GetBackupPlanCommand({ BackupPlanId }))
    const BackupPlan = body({ Rules: [rule({ StartWindowMinutes: 60 }), rule({ RuleName: 'b' })] })
    const after = await client().send(new UpdateBackupPlanCommand({ BackupPlanId, BackupPlan }))
    expect(after.VersionId).not.toBe(VersionId)
    const now = await client().send(new GetBackupPlanCommand({ BackupPlanId }))
    expect(now.BackupPlan!.Rules).toHaveLength(2)
    expect(now.BackupPlan!.Rules![0]!.RuleId).toBe(before.BackupPlan!.Rules![0]!.RuleId)
    const old = await client().send(new GetBackupPlanCommand({ BackupPlanId, VersionId }))
    expect(old.BackupPlan!.Rules).toHaveLength(1)
    const versions = await client().send(new ListBackupPlanVersionsCommand({ BackupPlanId }))
    expect(versions.BackupPlanVersionsList).toHaveLength(2)
  })

  test('are deleted without selections, and can be listed all the same', async () => {
    const { BackupPlanId } = await plan()
    const { SelectionId } = await select(BackupPlanId!, { Resources: ['*'] })
    const remove = () => client().send(new DeleteBackupPlanCommand({ BackupPlanId }))
    expect(await nameOf(remove())).toBe('InvalidRequestException')
    await client().send(new DeleteBackupSelectionCommand({ BackupPlanId, SelectionId }))
    expect((await remove()).DeletionDate).toBeInstanceOf(Date)
    expect(await nameOf(remove())).toBe('ResourceNotFoundException')
    const list = async (IncludeDeleted: boolean) =>
      (await client().send(new ListBackupPlansCommand({ IncludeDeleted }))).BackupPlansList!
    expect(await list(false)).toEqual([])
    expect(await list(true)).toMatchObject([{ BackupPlanId, BackupPlanName: 'plan' }])
  })

  test('are refused with AWS’s errors', async () => {
    const refused = (change: Partial<BackupRuleInput>) => nameOf(plan({ Rules: [rule(change)] }))
    const invalid = 'InvalidParameterValueException'
    expect(await refused({ ScheduleExpression: 'cron(0 5 * * * *)' })).toBe(invalid)
    expect(await refused({ ScheduleExpressionTimezone: 'Mars/Olympus' })).toBe(invalid)
    expect(await refused({ StartWindowMinutes: 10 })).toBe(invalid)
    expect(await refused({ StartWindowMinutes: 120, CompletionWindowMinutes: 60 })).toBe(invalid)
    const Lifecycle = { MoveToColdStorageAfterDays: 30, DeleteAfterDays: 60 }
    expect(await refused({ Lifecycle })).toBe(invalid)
    expect(await refused({ CopyActions: [{ DestinationBackupVaultArn: 'vault' }] })).toBe(invalid)
    expect(await nameOf(plan({ Rules: [rule(), rule()] }))).toBe(invalid)
    for (const BackupOptions of [{ WindowsVSS: 'maybe' }, { constructor: 'maybe' }]) {
      const options = [{ ResourceType: 'EC2', BackupOptions }] as never
      expect(await nameOf(plan({ AdvancedBackupSettings: options }))).toBe(invalid)
      const job = { BackupVaultName: 'vault', IamRoleArn: ROLE, ResourceArn: volumeArn('vol-1') }
      const start = new StartBackupJobCommand({ ...job, BackupOptions: BackupOptions as never })
      expect(await nameOf(client().send(start))).toBe(invalid)
    }
    await plan()
    expect(await nameOf(plan())).toBe('AlreadyExistsException')
    expect(await nameOf(client().send(new GetBackupPlanCommand({ BackupPlanId: 'no-plan' })))).toBe(
      'ResourceNotFoundException',
    )
  })

  test('go out as JSON and come in again', async () => {
    const { BackupPlanId } = await plan()
    const { BackupPlanTemplateJson } = await client().send(
      new ExportBackupPlanTemplateCommand({ BackupPlanId }),
    )
    const again = await client().send(new GetBackupPlanFromJSONCommand({ BackupPlanTemplateJson }))
    expect(again.BackupPlan!.Rules![0]!.RuleName).toBe('hourly')
    const broken = new GetBackupPlanFromJSONCommand({ BackupPlanTemplateJson: '{' })
    expect(await nameOf(client().send(broken))).toBe('InvalidRequestException')
  })

  test('begin with templates, whose vault is there when it is meant', async () => {
    const { BackupPlanTemplatesList: list } = await client().send(
      new ListBackupPlanTemplatesCommand({}),
    )
    const { BackupPlanTemplateId } = list![0]!
    const { BackupPlanDocument } = await client().send(
      new GetBackupPlanFromTemplateCommand({ BackupPlanTemplateId }),
    )
    const BackupPlan = { ...BackupPlanDocument!, Rules: BackupPlanDocument!.Rules! }
    await client().send(new CreateBackupPlanCommand({ BackupPlan } as never))
    const vaults = await client().send(new ListBackupVaultsCommand({}))
    expect(vaults.BackupVaultList).toMatchObject([{ BackupVaultName: 'Default' }])
  })

  test('have selections that come back as they were given', async () => {
    const { BackupPlanId } = await plan()
    const given = {
      Resources: ['arn:aws:ec2:*:*:instance/*'],
      NotResources: ['arn:aws:ec2:*:*:volume/*'],
      ListOfTags: daily,
      Conditions: {
        StringEquals: [{ ConditionKey: 'aws:ResourceTag/a', ConditionValue: '1' }],
        StringNotEquals: [],
        StringLike: [{ ConditionKey: 'aws:ResourceTag/b', ConditionValue: 'x*' }],
        StringNotLike: [],
      },
    }
    const { SelectionId } = await select(BackupPlanId!, given)
    const shown = await client().send(new GetBackupSelectionCommand({ BackupPlanId, SelectionId }))
    expect(shown.BackupSelection).toEqual({ SelectionName: 'chosen', IamRoleArn: ROLE, ...given })
    const list = await client().send(new ListBackupSelectionsCommand({ BackupPlanId }))
    expect(list.BackupSelectionsList).toMatchObject([{ SelectionId, SelectionName: 'chosen' }])
    expect(await nameOf(select(BackupPlanId!, given))).toBe('AlreadyExistsException')
    const key = [{ ConditionKey: 'a', ConditionValue: '1' }]
    const wrong = { SelectionName: 'b', Conditions: { StringEquals: key } }
    expect(await nameOf(select(BackupPlanId!, wrong))).toBe('InvalidParameterValueException')
    const many = Array.from({ length: 31 }, (_, n) => `arn:aws:ec2:*:*:instance/i-${n}*`)
    expect(await nameOf(select(BackupPlanId!, { SelectionName: 'c', Resources: many }))).toBe(
      'LimitExceededException',
    )
  })
})

describe('at its times', () => {
  test('a plan backs up what its selections mean, once, with what its rule says', async () => {
    await vault('vault')
    const id = await running(cloud.ec2)
    const chosen = await volume()
    await volume()
    await tag(id, 'backup', 'daily')
    await tag(chosen, 'backup', 'daily')
    const made = await plan({
      Rules: [rule({ Lifecycle: { DeleteAfterDays: 7 }, RecoveryPointTags: { by: 'plan' } })],
    })
    await select(made.BackupPlanId!, { ListOfTags: daily })
    tick(HOUR_MS)
    await soon(async () => expect(await points('vault')).toHaveLength(2))
    await soon(async () => {
      expect((await jobs()).map((job) => job.State)).toEqual(['COMPLETED', 'COMPLETED'])
    })
    expect((await jobs()).map((job) => job.ResourceArn).sort()).toEqual(
      [instanceArn(id), volumeArn(chosen)].sort(),
    )
    expect((await jobs())[0]!.CreatedBy).toMatchObject({
      BackupPlanId: made.BackupPlanId,
      BackupPlanVersion: made.VersionId,
      BackupRuleName: 'hourly',
    })
    const [point] = await points('vault')
    expect(point).toMatchObject({ Status: 'COMPLETED', Lifecycle: { DeleteAfterDays: 7 } })
    expect(point!.CalculatedLifecycle!.DeleteAt!.getTime()).toBe(
      point!.CreationDate!.getTime() + 7 * 24 * HOUR_MS,
    )
    const tags = await client().send(new ListTagsCommand({ ResourceArn: point!.RecoveryPointArn }))
    expect(tags.Tags).toEqual({ backup: 'daily', by: 'plan' })
    // Looked at again within the hour, nothing comes of it.
    cloud.app.activate('backupPlans')
    await cloud.app.settled()
    expect(await jobs()).toHaveLength(2)
    tick(HOUR_MS)
    await soon(async () => expect(await jobs()).toHaveLength(4))
  })

  test('a cloud that was off makes up for all that it missed with one backup', async () => {
    await vault('vault')
    const id = await volume()
    const { BackupPlanId } = await plan()
    await select(BackupPlanId!, { Resources: [volumeArn(id)] })
    tick(100 * HOUR_MS)
    await soon(async () => expect(await points('vault')).toHaveLength(1))
    await cloud.app.settled()
    expect(await jobs()).toHaveLength(1)
  })

  test('a clock that is set back does not stop a plan', async () => {
    await vault('vault')
    const { BackupPlanId } = await plan()
    await select(BackupPlanId!, { Resources: [volumeArn(await volume())] })
    tick(10 * HOUR_MS)
    await soon(async () => expect(await jobs()).toHaveLength(1))
    tick(-8 * HOUR_MS)
    await cloud.app.settled()
    expect(await jobs()).toHaveLength(1)
    tick(HOUR_MS)
    await soon(async () => expect(await jobs()).toHaveLength(2))
  })

  test('types that are not opted in are left out', async () => {
    await vault('vault')
    await client().send(
      new UpdateRegionSettingsCommand({ ResourceTypeOptInPreference: { EBS: false } }),
    )
    const id = await running(cloud.ec2)
    await volume()
    const { BackupPlanId } = await plan()
    await select(BackupPlanId!, { Resources: ['*'] })
    tick(HOUR_MS)
    await soon(async () => expect(await jobs()).toHaveLength(1))
    expect((await jobs())[0]!.ResourceArn).toBe(instanceArn(id))
  })

  test('a rule whose vault does not exist says so, and harms no other', async () => {
    await vault('vault')
    const id = await volume()
    const { BackupPlanId } = await plan({
      Rules: [rule({ RuleName: 'lost', TargetBackupVaultName: 'gone' }), rule()],
    })
    await select(BackupPlanId!, { Resources: [volumeArn(id)] })
    tick(HOUR_MS)
    await soon(async () => {
      const ended = (await jobs()).map((job) => `${job.State} ${job.StatusMessage ?? ''}`).sort()
      expect(ended).toEqual(['COMPLETED ', 'FAILED Backup vault gone does not exist'])
    })
  })
})
