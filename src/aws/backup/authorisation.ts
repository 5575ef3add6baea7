/**
 * What Backup's operations need: vaults, plans, frameworks by the names and ids of the input, recovery points by their
 * ARN, the role that is handed over; the access policy of the vault that is meant; Backup's own condition keys. Source:
 * service authorization reference, "Actions, resources, and condition keys for AWS Backup".
 */
import type { Ctx } from '../../app/context.ts'
import { profileFind } from '../../app/iam/instance-profiles.ts'
import { taggedGet } from '../../app/backup/tags.ts'
import { vaultPolicyOf } from '../../app/backup/vault-policy.ts'
import { vaultFind } from '../../app/backup/vaults.ts'
import { parsePointArn, parseVaultArn } from '../../domain/backup/arn.ts'
import type { BackupVault } from '../../domain/backup/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { iamArn } from '../../domain/iam/entities.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import { kmsKeyWanted } from '../kms/authorisation.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'

type Input = Readonly<Record<string, any>>

/** By type of resource, the word of its ARN and where an input has its name, best first. */
const BY_NAME: Readonly<Record<string, { word: string; members: readonly string[] }>> = {
  backupVault: { word: 'backup-vault', members: ['BackupVaultName'] },
  backupPlan: { word: 'backup-plan', members: ['BackupPlanId'] },
  framework: { word: 'framework', members: ['FrameworkName'] },
  legalHold: { word: 'legal-hold', members: ['LegalHoldId'] },
  reportPlan: { word: 'report-plan', members: ['ReportPlanName'] },
  restoreTestingPlan: { word: 'restore-testing-plan', members: ['RestoreTestingPlanName'] },
  tieringConfiguration: {
    word: 'tiering-configuration',
    members: ['TieringConfigurationName'],
  },
}
const VAULT_MAKERS = ['CreateBackupVault', 'CreateLogicallyAirGappedBackupVault']
const POLICY_CHANGES = ['PutBackupVaultAccessPolicy', 'DeleteBackupVaultAccessPolicy']
const TAG_MEMBERS = ['BackupVaultTags', 'BackupPlanTags', 'FrameworkTags', 'ReportPlanTags', 'Tags']

export const backupWanted: Deriver = async (ctx, operation, input) => {
  const action = `backup:${operation}`
  const types = resourceTypesOf('backup', operation)
  const keys = { ...tagKeys(input), ...ownKeys(operation, input) }
  const arns = [...new Set(types.flatMap((type) => arnsOf(ctx, type, input)))]
  const resources = arns.length > 0 ? arns : ['*']
  const vault = await vaultMeant(ctx, input)
  // Root can always take a policy away that shut out everybody.
  const isDoor = ctx.principal?.type === 'root' && POLICY_CHANGES.includes(operation)
  const resourcePolicy = vault && !isDoor ? vaultPolicyOf(vault) : undefined
  const wanted = resources.map(async (resource): Promise<Wanted> => {
    const own = { ...keys, ...(await resourceTagKeys(ctx, resource)) }
    return { action, resource, keys: own, ...(resourcePolicy && { resourcePolicy }) }
  })
  return [...(await Promise.all(wanted)), ...passed(input), ...(await used(ctx, operation, input))]
}

/** Whose access policy has a say: the vault that is named, or that of the point that is named. */
async function vaultMeant(ctx: Ctx, input: Input): Promise<BackupVault | undefined> {
  const { store } = ctx.app
  const name = [input.BackupVaultName, input.SourceBackupVaultName].find(isText)
  if (name !== undefined) return vaultFind(store, { ...ctx, name })
  const arn = [input.RecoveryPointArn, input.ResourceArn].find(isText)
  if (arn === undefined) return undefined
  const named = parseVaultArn(arn)
  if (named) return named.account === ctx.account ? vaultFind(store, named) : undefined
  const point = await store.get('backupPoint', parsePointArn(arn)?.id ?? '')
  return point?.account === ctx.account ? store.get('backupVault', point.vaultId) : undefined
}

async function resourceTagKeys(ctx: Ctx, arn: string): Promise<Wanted['keys']> {
  if (!arn.startsWith('arn:aws:backup:')) return {}
  try {
    const { resource } = await taggedGet(ctx, arn)
    const tags = Object.entries(resource.tags)
    return Object.fromEntries(tags.map(([key, value]) => [`aws:ResourceTag/${key}`, value]))
  } catch (error) {
    // Not there, or without tags: nothing to say of it.
    if (error instanceof FaultError) return {}
    throw error
  }
}

function tagKeys(input: Input): Wanted['keys'] {
  const given = TAG_MEMBERS.map((member) => input[member]).find((tags) => tags !== undefined)
  const removed = input.TagKeyList as string[] | undefined
  return requestTagKeys({ Tags: given, ...(removed && { TagKeys: removed }) })
}

/** Those named; what an operation is about to make has the name it will have, or `*` for an id. */
function arnsOf(ctx: Ctx, type: string, input: Input): string[] {
  if (typeof input.ResourceArn === 'string' && input.BackupVaultName === undefined) {
    return [input.ResourceArn]
  }
  if (type === 'recoveryPoint') {
    return typeof input.RecoveryPointArn === 'string' ? [input.RecoveryPointArn] : []
  }
  const known = BY_NAME[type]
  if (!known) return []
  const arn = (name: string) => `arn:aws:backup:${ctx.region}:${ctx.account}:${known.word}:${name}`
  const inner = input.RestoreTestingPlan?.RestoreTestingPlanName as string | undefined
  const name = known.members.map((member) => input[member] as unknown).find(isText) ?? inner
  return [arn(name ?? '*')]
}

const isText = (value: unknown): value is string => typeof value === 'string'

interface Copy {
  DestinationBackupVaultArn?: string
}

function ownKeys(operation: string, input: Input): Wanted['keys'] {
  const rules = (input.BackupPlan?.Rules ?? []) as { CopyActions?: Copy[] }[]
  const copies = [input as Copy, ...rules.flatMap((rule) => rule.CopyActions ?? [])]
  const targets = copies.map((copy) => copy.DestinationBackupVaultArn).filter(isText)
  const number = (member: string) =>
    typeof input[member] === 'number' ? String(input[member]) : undefined
  const isLock = operation === 'PutBackupVaultLockConfiguration'
  const isRetention = isLock || operation === 'CreateLogicallyAirGappedBackupVault'
  return {
    'backup:CopyTargets': targets.length > 0 ? targets : undefined,
    'backup:Index': typeof input.Index === 'string' ? input.Index : undefined,
    ...(isRetention && {
      'backup:MinRetentionDays': number('MinRetentionDays'),
      'backup:MaxRetentionDays': number('MaxRetentionDays'),
    }),
    ...(isLock && { 'backup:ChangeableForDays': number('ChangeableForDays') }),
  }
}

/** What Backup is to use for the caller: a key, the role of a restored instance's profile. */
async function used(ctx: Ctx, operation: string, input: Input): Promise<Wanted[]> {
  const wanted: Wanted[] = []
  if (VAULT_MAKERS.includes(operation) && isText(input.EncryptionKeyArn)) {
    wanted.push(await kmsKeyWanted(ctx, 'kms:GenerateDataKey', input.EncryptionKeyArn))
  }
  // Tests write the same names otherwise, and do what a restore does at their times.
  const { RestoreMetadataOverrides: overrides } = (input.RestoreTestingSelection ?? {}) as Input
  const metadata = operation === 'StartRestoreJob' ? input.Metadata : overrides
  for (const [key, value] of Object.entries((metadata ?? {}) as Input)) {
    if (!isText(value) || value === '') continue
    const name = key.toLowerCase()
    if (name === 'kmskeyid') {
      wanted.push(await kmsKeyWanted(ctx, 'kms:GenerateDataKeyWithoutPlaintext', value))
    }
    if (name !== 'iaminstanceprofilename') continue
    const { role } = await profileFind(ctx, { Name: value })
    const keys = { 'iam:PassedToService': 'ec2.amazonaws.com' }
    if (role) wanted.push({ action: 'iam:PassRole', resource: iamArn('iamRole', role), keys })
  }
  return wanted
}

/** Whoever has Backup work as a role passes it. */
function passed(input: Input): Wanted[] {
  const { IamRoleArn, BackupSelection, RestoreTestingSelection } = input
  const arn = IamRoleArn ?? (BackupSelection ?? RestoreTestingSelection)?.IamRoleArn
  if (!isText(arn)) return []
  const keys = { 'iam:PassedToService': 'backup.amazonaws.com' }
  return [{ action: 'iam:PassRole', resource: arn, keys }]
}
