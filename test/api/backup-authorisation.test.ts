/** Who may do what with Backup: users' policies, vaults' policies, and what is handed over to Backup. */
import {
  CreateBackupVaultCommand,
  CreateLogicallyAirGappedBackupVaultCommand,
  CreateRestoreTestingPlanCommand,
  CreateRestoreTestingSelectionCommand,
  DeleteRecoveryPointCommand,
  DescribeBackupVaultCommand,
  PutBackupVaultAccessPolicyCommand,
  StartBackupJobCommand,
  StartRestoreJobCommand,
  TagResourceCommand,
} from '@aws-sdk/client-backup'
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
} from '@aws-sdk/client-iam'
import { CreateKeyCommand } from '@aws-sdk/client-kms'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backupKit, instanceArn, ROLE, volumeArn } from '../support/backup-kit.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { allow, deny, document, userMake } from '../support/iam.ts'
import { running } from '../support/launch.ts'
import { volumeKit } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeEach(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
})
afterEach(() => cloud.close())
const { volume } = volumeKit(() => cloud)
const { client, vault, backUp, jobEnd, metadata } = backupKit(() => cloud)

const as = async (name: string, ...statements: object[]) =>
  cloud.backupOf({ credentials: await userMake(cloud.iamOf(), name, ...statements) })
const DENIED = 'AccessDeniedException'
const PASS = allow('iam:PassRole', ROLE)
const vaultArn = (name: string) => `arn:aws:backup:us-east-1:${ACCOUNT}:backup-vault:${name}`

test('a backup needs the vault, and the role that is passed', async () => {
  await vault('vault')
  await vault('other')
  const ResourceArn = volumeArn(await volume())
  const start = (BackupVaultName: string) =>
    new StartBackupJobCommand({ BackupVaultName, ResourceArn, IamRoleArn: ROLE })
  const nobody = await as('nobody')
  expect(await nameOf(nobody.send(start('vault')))).toBe(DENIED)
  const half = await as('half', allow('backup:StartBackupJob', vaultArn('vault')))
  expect(await nameOf(half.send(start('vault')))).toBe(DENIED)
  const whole = await as('whole', allow('backup:StartBackupJob', vaultArn('vault')), PASS)
  expect(await nameOf(whole.send(start('other')))).toBe(DENIED)
  const { BackupJobId } = await whole.send(start('vault'))
  expect((await jobEnd(BackupJobId!)).State).toBe('COMPLETED')
})

test('what a vault’s policy denies nobody does, and what it allows its account’s users need no more', async () => {
  await vault('vault')
  const job = await backUp(volumeArn(await volume()), 'vault')
  const name = { BackupVaultName: 'vault', RecoveryPointArn: job.RecoveryPointArn }
  const keeper = await as('keeper', allow('backup:*'))
  const user = `arn:aws:iam::${ACCOUNT}:user/reader`
  const Policy = document(
    { ...deny('backup:DeleteRecoveryPoint'), Principal: '*' },
    { ...allow('backup:DescribeBackupVault'), Principal: { AWS: user } },
  )
  const put = { BackupVaultName: 'vault', Policy }
  await client().send(new PutBackupVaultAccessPolicyCommand(put))
  expect(await nameOf(keeper.send(new DeleteRecoveryPointCommand(name)))).toBe(DENIED)
  expect(await nameOf(client().send(new DeleteRecoveryPointCommand(name)))).toBe(DENIED)
  const reader = await as('reader')
  const look = new DescribeBackupVaultCommand({ BackupVaultName: 'vault' })
  expect((await reader.send(look)).NumberOfRecoveryPoints).toBe(1)
  const other = await as('another')
  expect(await nameOf(other.send(look))).toBe(DENIED)
})

test('tags of vaults decide where policies ask for them', async () => {
  await vault('vault', { BackupVaultTags: { team: 'db' } })
  await vault('other', { BackupVaultTags: { team: 'web' } })
  const of = (team: string) => ({ StringEquals: { 'aws:ResourceTag/team': team } })
  const user = await as('db', allow('backup:*', '*', of('db')))
  const tag = (ResourceArn: string) => new TagResourceCommand({ ResourceArn, Tags: { a: 'b' } })
  await user.send(tag(vaultArn('vault')))
  expect(await nameOf(user.send(tag(vaultArn('other'))))).toBe(DENIED)
})

test('a restore hands over no profile’s role and no key that the caller could not use', async () => {
  await vault('vault')
  const job = await backUp(instanceArn(await running(cloud.ec2)), 'vault')
  const iam = cloud.iamOf()
  const trust = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' } }
  const AssumeRolePolicyDocument = document({ ...trust, Action: 'sts:AssumeRole' })
  await iam.send(new CreateRoleCommand({ RoleName: 'admin', AssumeRolePolicyDocument }))
  const InstanceProfileName = 'admin'
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }))
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: 'admin' }))
  const user = await as('restorer', allow('backup:*'), PASS)
  const Metadata = await metadata('vault', job.RecoveryPointArn!)
  const restore = (change: object) =>
    new StartRestoreJobCommand({
      RecoveryPointArn: job.RecoveryPointArn,
      IamRoleArn: ROLE,
      Metadata: { ...Metadata, ...change },
    })
  const sly = restore({ IamInstanceProfileName: 'admin' })
  expect(await nameOf(user.send(sly))).toBe(DENIED)
  expect((await user.send(restore({}))).RestoreJobId).toBeTruthy()
  const without = new StartRestoreJobCommand({ RecoveryPointArn: job.RecoveryPointArn, Metadata })
  expect(await nameOf(user.send(without))).toBe('MissingParameterValueException')
  const { KeyMetadata } = await cloud.kmsOf().send(new CreateKeyCommand({}))
  const locked = { BackupVaultName: 'locked', EncryptionKeyArn: KeyMetadata!.Arn! }
  expect(await nameOf(user.send(new CreateBackupVaultCommand(locked)))).toBe(DENIED)
  const apart = { ...locked, MinRetentionDays: 7, MaxRetentionDays: 30 }
  const make = new CreateLogicallyAirGappedBackupVaultCommand(apart)
  expect(await nameOf(user.send(make))).toBe(DENIED)
  for (const name of ['kmsKeyId', 'KmsKeyId']) {
    const sealed = restore({ [name]: KeyMetadata!.Arn! })
    expect(await nameOf(user.send(sealed))).toBe(DENIED)
  }
  const RestoreTestingPlanName = 'tests'
  const RecoveryPointSelection = {
    Algorithm: 'LATEST_WITHIN_WINDOW' as const,
    IncludeVaults: ['*'],
    RecoveryPointTypes: ['SNAPSHOT' as const],
  }
  const RestoreTestingPlan = {
    RestoreTestingPlanName,
    RecoveryPointSelection,
    ScheduleExpression: 'cron(0 5 * * ? *)',
  }
  await user.send(new CreateRestoreTestingPlanCommand({ RestoreTestingPlan }))
  const select = (RestoreMetadataOverrides: Record<string, string>, IamRoleArn = ROLE) =>
    new CreateRestoreTestingSelectionCommand({
      RestoreTestingPlanName,
      RestoreTestingSelection: {
        ...{ RestoreTestingSelectionName: 'all', ProtectedResourceType: 'EC2' },
        ...{ ProtectedResourceArns: ['*'], IamRoleArn, RestoreMetadataOverrides },
      },
    })
  for (const name of ['iamInstanceProfileName', 'IamInstanceProfileName']) {
    expect(await nameOf(user.send(select({ [name]: 'admin' })))).toBe(DENIED)
  }
  expect(await nameOf(user.send(select({ kmsKeyId: KeyMetadata!.Arn! })))).toBe(DENIED)
  expect(await nameOf(user.send(select({}, ROLE.replace(/[^/]+$/, 'admin'))))).toBe(DENIED)
  const refused = 'InvalidParameterValueException'
  expect(await nameOf(user.send(select({ userData: 'x' })))).toBe(refused)
  await user.send(select({ instanceType: 't3.micro' }))
})
