/**
 * The AWS SDK's clients for a cloud, loaded when first needed: loading EC2's takes a fifth of a second. The command
 * line is an ordinary client; nothing here could not be done by a user's own program.
 */
import type { BackupClient } from '@aws-sdk/client-backup'
import type { EC2Client, Instance } from '@aws-sdk/client-ec2'
import type { IAMClient } from '@aws-sdk/client-iam'
import type { OrganizationsClient } from '@aws-sdk/client-organizations'
import type { SSMClient } from '@aws-sdk/client-ssm'
import type { STSClient } from '@aws-sdk/client-sts'
import { CliError } from './errors.ts'
import type { Cloud } from './home.ts'

const ATTEMPTS_MAX = 3

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

function configOf(
  cloud: Cloud,
  keys: Keys = cloud.credentials,
): { endpoint: string; region: string; credentials: Keys; maxAttempts: number } {
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const { region } = cloud.credentials
  return {
    endpoint: cloud.endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    maxAttempts: ATTEMPTS_MAX,
  }
}

export async function ec2Of(cloud: Cloud): Promise<EC2Client> {
  const { EC2Client } = await import('@aws-sdk/client-ec2')
  return new EC2Client(configOf(cloud))
}

export async function backupOf(cloud: Cloud): Promise<BackupClient> {
  const { BackupClient } = await import('@aws-sdk/client-backup')
  return new BackupClient(configOf(cloud))
}

export async function ssmOf(cloud: Cloud): Promise<SSMClient> {
  const { SSMClient } = await import('@aws-sdk/client-ssm')
  return new SSMClient(configOf(cloud))
}

export async function iamOf(cloud: Cloud): Promise<IAMClient> {
  const { IAMClient } = await import('@aws-sdk/client-iam')
  return new IAMClient(configOf(cloud))
}

export async function stsOf(cloud: Cloud, keys?: Keys): Promise<STSClient> {
  const { STSClient } = await import('@aws-sdk/client-sts')
  return new STSClient(configOf(cloud, keys))
}

export async function organizationsOf(cloud: Cloud): Promise<OrganizationsClient> {
  const { OrganizationsClient } = await import('@aws-sdk/client-organizations')
  return new OrganizationsClient(configOf(cloud))
}

/** AWS's error code, whatever class the SDK chose. */
export function awsCode(error: unknown): string | undefined {
  return error instanceof Error && '$metadata' in error ? error.name : undefined
}

/** Every instance, page by page. */
export async function instancesAll(ec2: EC2Client): Promise<Instance[]> {
  const { paginateDescribeInstances } = await import('@aws-sdk/client-ec2')
  const instances: Instance[] = []
  for await (const page of paginateDescribeInstances({ client: ec2, pageSize: 1000 }, {})) {
    for (const reservation of page.Reservations ?? []) {
      instances.push(...(reservation.Instances ?? []))
    }
  }
  return instances
}

export function nameOf(instance: Instance): string {
  return instance.Tags?.find((tag) => tag.Key === 'Name')?.Value ?? ''
}

const STATES_GONE: ReadonlySet<string> = new Set(['terminated', 'shutting-down'])

/**
 * The instance a word means: an id, a Name tag, or without a word the one that was launched last.
 * @throws CliError when there is none or the name is not unique.
 */
export function instanceChoose(instances: readonly Instance[], word: string | undefined): Instance {
  const live = instances.filter((i) => !STATES_GONE.has(i.State?.Name ?? ''))
  if (word === undefined) {
    const newest = live.toSorted(
      (a, b) => (b.LaunchTime?.getTime() ?? 0) - (a.LaunchTime?.getTime() ?? 0),
    )[0]
    if (newest) return newest
    throw new CliError('No machine is there.', { hints: ['Start one:  ./brume run'] })
  }
  const byId = instances.find((instance) => instance.InstanceId === word)
  if (byId) return byId
  const named = live.filter((instance) => nameOf(instance) === word)
  if (named.length === 1 && named[0]) return named[0]
  if (named.length > 1) {
    const ids = named.map((instance) => instance.InstanceId).join(', ')
    throw new CliError(`${named.length} machines are called '${word}'.`, {
      hints: [`Say which:  ${ids}`],
    })
  }
  const known = live.map((i) => `${i.InstanceId ?? ''}${nameOf(i) ? ` (${nameOf(i)})` : ''}`)
  throw new CliError(`No machine has the id or the name '${word}'.`, {
    hints: known.length > 0 ? [`There are:  ${known.slice(0, 10).join(', ')}`] : [],
  })
}
