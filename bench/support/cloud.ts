/**
 * The cloud that is measured: one of the bench's own in its namespaces, or one that is up (`--endpoint`); with a key,
 * a security group that lets SSH and the network workload in, and the image. An ordinary AWS client of it.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteKeyPairCommand,
  DeleteSecurityGroupCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2'
import type { MachineValues } from '../../src/cli/bench-arguments.ts'
import { ec2Of } from '../../src/cli/client.ts'
import { daemonStart, daemonStop } from '../../src/cli/daemon.ts'
import { CliError } from '../../src/cli/errors.ts'
import { readCredentials, resolveHome, type Cloud } from '../../src/cli/home.ts'
import { hostApi, type HostReport } from '../../src/cli/host-api.ts'
import { imageChoose } from '../../src/cli/image-choice.ts'
import { identityEnsure, keyPairEnsure } from '../../src/cli/ssh.ts'
import { during } from '../../src/cli/ui/progress.ts'
import type { HypervisorFacts } from './conditions.ts'
import { mustEnd } from './cleanup.ts'
import { isolation } from './isolate.ts'

/** Where the network workload listens (bench/guest/probe.c). */
export const PROBE_PORT = 5201
/** Fifty idle clones fit, in promises and in memory. */
const OVERCOMMIT = ['--cpu-overcommit', '64', '--memory-overcommit', '8']
/** The smallest each image is happy with. */
const TYPES: Record<string, string> = { tiny: 't2.nano', 'debian-12': 't2.micro' }

export interface BenchCloud {
  ec2: EC2Client
  cloud: Cloud
  host: HostReport
  hypervisor: HypervisorFacts
  /** Where its image's files are; null when the cloud is not ours. */
  imageFolder: string | null
  /** Of the bench: scratch files, keys. */
  folder: string
  imageId: string
  user: string
  instanceType: string
  keyName: string
  identityPath: string
  groupId: string
}

/** Ends with the bench. */
export async function openCloud(values: MachineValues): Promise<BenchCloud> {
  const own = isolation()
  return own && values.endpoint === undefined
    ? openOwn(values, own)
    : openForeign(values, new URL(values.endpoint!))
}

async function openOwn(
  values: MachineValues,
  { folder, imageFolder }: { folder: string; imageFolder: string },
): Promise<BenchCloud> {
  // Each QEMU is a user of its own and must get through to its files.
  await chmod(folder, 0o711)
  const home = join(folder, 'home')
  const version = basename(imageFolder)
  const target = join(home, 'images', basename(dirname(imageFolder)), version)
  await mkdir(dirname(target), { recursive: true, mode: 0o711 })
  await chmod(home, 0o711)
  await cp(imageFolder, target, { recursive: true, mode: constants.COPYFILE_FICLONE })
  const { translationCache: cache } = values
  const flags = [...OVERCOMMIT, ...(cache ? ['--translation-cache', String(cache)] : [])]
  const cloud = await during('Starting the cloud', () =>
    daemonStart({ home, port: 4566, auth: 'strict', flags }),
  )
  const stop = async (): Promise<void> => {
    await during('Ending the cloud', () => daemonStop(home, { isWithInstances: true }))
  }
  mustEnd(stop)
  return prepared(values, cloud, folder, target)
}

async function openForeign(values: MachineValues, url: URL): Promise<BenchCloud> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_DEFAULT_REGION } = process.env
  const known = await readCredentials(resolveHome(values.home))
  const credentials =
    AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY
      ? {
          account: known?.account ?? '',
          accessKeyId: AWS_ACCESS_KEY_ID,
          secretAccessKey: AWS_SECRET_ACCESS_KEY,
          region: AWS_REGION ?? AWS_DEFAULT_REGION ?? 'us-east-1',
        }
      : known
  if (!credentials) {
    throw new CliError('No keys for that endpoint.', { hints: ['eval "$(./brume env)"'] })
  }
  const folder = await mkdtemp(join(tmpdir(), 'brume-bench-'))
  const port = Number(url.port || 80)
  const daemon = { pid: 0, port, startedAt: '', version: '' }
  const cloud = { home: folder, port, endpoint: url.origin, daemon, credentials }
  mustEnd(() => rm(folder, { recursive: true, force: true }))
  return prepared(values, cloud, folder, null)
}

async function prepared(
  values: MachineValues,
  cloud: Cloud,
  folder: string,
  imageFolder: string | null,
): Promise<BenchCloud> {
  const ec2 = await ec2Of(cloud)
  mustEnd(async () => ec2.destroy())
  const host = await hostApi(cloud).host()
  const { imageId, defaultUser: user } = await imageChoose(cloud, values.image)
  const identityPath = await identityEnsure(folder)
  const keyName = await keyPairEnsure(ec2, identityPath)
  const groupId = await groupMake(ec2)
  // In a cloud of our own they end with it.
  if (imageFolder === null) {
    mustEnd(() => ec2.send(new DeleteKeyPairCommand({ KeyName: keyName })))
    mustEnd(() => ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId })))
  }
  return {
    ec2,
    cloud,
    host,
    hypervisor: host.hypervisor,
    imageFolder,
    folder,
    imageId,
    user,
    instanceType: values.type ?? TYPES[values.image] ?? 't3.small',
    keyName,
    identityPath,
    groupId,
  }
}

async function groupMake(ec2: EC2Client): Promise<string> {
  const GroupName = `brume-bench-${randomBytes(4).toString('hex')}`
  const Description = 'Machines that are measured'
  const { GroupId } = await ec2.send(new CreateSecurityGroupCommand({ GroupName, Description }))
  const open = (port: number): object => ({
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    IpRanges: [{ CidrIp: '0.0.0.0/0' }],
  })
  const IpPermissions = [open(22), open(PROBE_PORT)]
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
  return GroupId!
}
