/** Access policies of vaults. They are evaluated with the caller's own, and say who may copy into a vault. */
import { vaultArn } from '../../domain/backup/arn.ts'
import type { BackupVault } from '../../domain/backup/records.ts'
import { PolicyError, parsePolicy } from '../../domain/iam/document.ts'
import { decideWithResource, type ResourcePolicy } from '../../domain/iam/evaluate.ts'
import { documentCompiled } from '../iam/documents.ts'
import { EVERYTHING } from '../iam/principal-policies.ts'
import { invalidParameter } from './faults.ts'

/** @throws InvalidParameterValueException */
export function vaultPolicyChecked(document: string): string {
  try {
    parsePolicy(document, 'resource')
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw invalidParameter(`Invalid policy: ${error.message}`)
  }
  return document
}

/** With what holds without a policy: within the account the callers' own policies decide. */
export function vaultPolicyOf({ account, policy }: BackupVault): ResourcePolicy | undefined {
  if (policy === null) return undefined
  const document = JSON.parse(policy) as { Statement: object | object[] }
  const own = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'backup:*',
    Resource: '*',
  }
  const whole = { ...document, Statement: [document.Statement, own].flat() }
  return { account, policy: documentCompiled(JSON.stringify(whole), 'resource'), ids: {} }
}

/** Whether a vault takes what another account copies: only by its policy. */
export function mayCopyInto(vault: BackupVault, account: string, roleArn: string): boolean {
  const resource = vaultPolicyOf(vault)
  if (!resource) return false
  const request = {
    action: 'backup:CopyIntoBackupVault',
    resource: vaultArn(vault),
    keys: new Map([['aws:principalaccount', [account]]]),
  }
  const who = { account, arn: roleArn, roleArn }
  const own = { identity: [EVERYTHING] }
  return decideWithResource(request, who, own, resource).result === 'allowed'
}
