/**
 * What `brume backup` does through AWS's own API, as any client could: recovery points listed, a machine backed up, a
 * point restored. Jobs are followed to their end.
 */
import type { BackupClient, RecoveryPointByBackupVault } from '@aws-sdk/client-backup'
import { backupOf, ec2Of, iamOf, instanceChoose, instancesAll, awsCode, stsOf } from './client.ts'
import { present } from '../lib/assert.ts'
import { CliError } from './errors.ts'
import type { Cloud } from './home.ts'
import type { Step } from './ui/progress.ts'
import { waitFor } from './wait.ts'

export const VAULT_DEFAULT = 'brume'
const ROLE_PATH = '/service-role/'
const ROLE_NAME = 'AWSBackupDefaultServiceRole'
const JOB_TIMEOUT_MS = 7 * 24 * 3_600_000
const JOB_PAUSE_MS_MAX = 2_000
const TRUST = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'backup.amazonaws.com' },
      Action: 'sts:AssumeRole',
    },
  ],
}
/** Brume's own word in restore metadata (docs/backup.md). */
const INSTANT_KEY = 'brume:instant'

export type PointRow = RecoveryPointByBackupVault & { BackupVaultName: string }

export async function pointsAll(cloud: Cloud): Promise<PointRow[]> {
  const { paginateListBackupVaults, paginateListRecoveryPointsByBackupVault } =
    await import('@aws-sdk/client-backup')
  const client = await backupOf(cloud)
  const points: PointRow[] = []
  for await (const page of paginateListBackupVaults({ client }, {})) {
    for (const { BackupVaultName = '' } of page.BackupVaultList ?? []) {
      const input = { BackupVaultName }
      for await (const found of paginateListRecoveryPointsByBackupVault({ client }, input)) {
        points.push(...(found.RecoveryPoints ?? []).map((one) => ({ ...one, BackupVaultName })))
      }
    }
  }
  return points.toSorted((a, b) => Number(b.CreationDate ?? 0) - Number(a.CreationDate ?? 0))
}

/** A point by its ARN, its id, or the beginning of its id. @throws CliError when it is none, or not only one. */
export async function pointChoose(cloud: Cloud, word: string): Promise<PointRow> {
  const points = await pointsAll(cloud)
  const found = points.filter(({ RecoveryPointArn = '' }) => {
    return RecoveryPointArn === word || pointIdOf(RecoveryPointArn).startsWith(word)
  })
  if (found.length === 1) return found[0]!
  const what = found.length === 0 ? 'No recovery point is' : 'Several recovery points begin with'
  throw new CliError(`${what} ${word}.`, { hints: ['All of them:  ./brume backup list'] })
}

export const pointIdOf = (arn: string): string => arn.split(':').at(-1) ?? arn

/** Answers the point's ARN. */
export async function backupRun(
  cloud: Cloud,
  word: string | undefined,
  vault: string,
  step: Step,
): Promise<string> {
  const { DescribeBackupJobCommand, StartBackupJobCommand } = await import('@aws-sdk/client-backup')
  const { region } = cloud.credentials
  const account = await accountOf(cloud)
  const instance = instanceChoose(await instancesAll(await ec2Of(cloud)), word)
  const client = await backupOf(cloud)
  await vaultEnsure(client, vault)
  const { BackupJobId } = await client.send(
    new StartBackupJobCommand({
      BackupVaultName: vault,
      ResourceArn: `arn:aws:ec2:${region}:${account}:instance/${instance.InstanceId}`,
      IamRoleArn: await roleEnsure(cloud, account),
    }),
  )
  const job = await followed(async () => {
    const seen = await client.send(new DescribeBackupJobCommand({ BackupJobId }))
    // Why it waits, when something has failed and is tried again.
    const detail = [seen.State, seen.StatusMessage].filter(Boolean).join(': ')
    step.update({ fraction: fractionOf(seen.PercentDone), detail })
    return { state: seen.State ?? '', message: seen.StatusMessage, seen }
  })
  return job.RecoveryPointArn!
}

/** Answers the ARN of what was made. */
export async function pointRestore(
  cloud: Cloud,
  point: PointRow,
  options: { isInstant: boolean },
  step: Step,
): Promise<string> {
  const {
    DescribeRestoreJobCommand,
    GetRecoveryPointRestoreMetadataCommand,
    StartRestoreJobCommand,
  } = await import('@aws-sdk/client-backup')
  const client = await backupOf(cloud)
  const { BackupVaultName, RecoveryPointArn } = point
  const { RestoreMetadata } = await client.send(
    new GetRecoveryPointRestoreMetadataCommand({ BackupVaultName, RecoveryPointArn }),
  )
  const { RestoreJobId } = await client.send(
    new StartRestoreJobCommand({
      RecoveryPointArn,
      IamRoleArn: await roleEnsure(cloud, await accountOf(cloud)),
      Metadata: {
        ...(await metadataHere(cloud, RestoreMetadata ?? {})),
        ...(options.isInstant ? { [INSTANT_KEY]: 'true' } : {}),
      },
    }),
  )
  const job = await followed(async () => {
    const seen = await client.send(new DescribeRestoreJobCommand({ RestoreJobId }))
    step.update({ fraction: fractionOf(seen.PercentDone), detail: seen.CreatedResourceArn ?? '' })
    return { state: seen.Status ?? '', message: seen.StatusMessage, seen }
  })
  return job.CreatedResourceArn!
}

/** A machine whose network is gone (it came with a vault from elsewhere) goes into the default one. */
async function metadataHere(
  cloud: Cloud,
  metadata: Record<string, string>,
): Promise<Record<string, string>> {
  const { DescribeSubnetsCommand } = await import('@aws-sdk/client-ec2')
  const { SubnetId, VpcId: _vpc, NetworkInterfaces: _nics, ...rest } = metadata
  if (!SubnetId) return metadata
  const ec2 = await ec2Of(cloud)
  const isHere = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] })).then(
    () => true,
    (error: unknown) => {
      if (awsCode(error) === 'InvalidSubnetID.NotFound') return false
      throw error
    },
  )
  return isHere ? metadata : { ...rest, SecurityGroupIds: '[]' }
}

async function vaultEnsure(client: BackupClient, name: string): Promise<void> {
  const { CreateBackupVaultCommand } = await import('@aws-sdk/client-backup')
  await client
    .send(new CreateBackupVaultCommand({ BackupVaultName: name }))
    .catch((error: unknown) => {
      if (awsCode(error) !== 'AlreadyExistsException') throw error
    })
}

/** Whom the cloud takes us for: with `--auth open` that is not who the keys were made for. */
async function accountOf(cloud: Cloud): Promise<string> {
  const { GetCallerIdentityCommand } = await import('@aws-sdk/client-sts')
  const { Account } = await (await stsOf(cloud)).send(new GetCallerIdentityCommand({}))
  return present(Account, 'an account')
}

/** The role that AWS's console makes for Backup. */
async function roleEnsure(cloud: Cloud, account: string): Promise<string> {
  const { CreateRoleCommand } = await import('@aws-sdk/client-iam')
  const iam = await iamOf(cloud)
  const role = { RoleName: ROLE_NAME, Path: ROLE_PATH }
  await iam
    .send(new CreateRoleCommand({ ...role, AssumeRolePolicyDocument: JSON.stringify(TRUST) }))
    .catch((error: unknown) => {
      if (!['EntityAlreadyExistsException', 'EntityAlreadyExists'].includes(awsCode(error) ?? '')) {
        throw error
      }
    })
  return `arn:aws:iam::${account}:role${ROLE_PATH}${ROLE_NAME}`
}

function fractionOf(percent: string | undefined): number | null {
  const value = Number.parseFloat(percent ?? '')
  return Number.isFinite(value) ? value / 100 : null
}

const FAILED = ['ABORTED', 'EXPIRED', 'FAILED', 'PARTIAL']

async function followed<T>(
  ask: () => Promise<{ state: string; message: string | undefined; seen: T }>,
): Promise<T> {
  const probe = async () => {
    const { state, message, seen } = await ask()
    if (FAILED.includes(state)) throw new CliError(`${state}: ${message ?? 'no reason was given'}`)
    return state === 'COMPLETED' ? seen : undefined
  }
  const options = { timeoutMs: JOB_TIMEOUT_MS, pauseMs: 200, pauseMsMax: JOB_PAUSE_MS_MAX }
  const seen = await waitFor(probe, options)
  if (seen === undefined) throw new CliError('The job does not end.')
  return seen
}
