/** Launching guests through the real SDK and talking to them by the system's own ssh. */
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateKeyPairCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type Instance,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import { exec, ExecError } from '../../../src/lib/exec.ts'
import { eventually } from '../eventually.ts'
import type { Daemon } from './daemon.ts'
import { PATH_ENV } from './host.ts'

/** One processor, 512 MiB: twenty of them fit on any machine that runs the tests. */
export const TYPE = 't2.nano'
/** Emulated, with others beside it. */
export const BOOT_TIMEOUT_MS = 90_000

/** Of a launch whose machine is to boot, template or not. */
export const BOOTS: RunInstancesCommandInput['TagSpecifications'] = [
  { ResourceType: 'instance', Tags: [{ Key: 'brume:launch', Value: 'cold' }] },
]

export interface Key {
  name: string
  path: string
  /** `ec2-user` unless told. */
  user?: string
}

/** A key pair made by the API, its private half in a file as ssh wants it. */
export async function createKey(daemon: Daemon): Promise<Key> {
  const name = `key-${randomUUID().slice(0, 8)}`
  const made = await daemon.ec2.send(
    new CreateKeyPairCommand({ KeyName: name, KeyType: 'ed25519' }),
  )
  return keyFile(daemon, name, made.KeyMaterial!)
}

export async function keyFile(daemon: Daemon, name: string, material: string): Promise<Key> {
  const path = join(daemon.home, `${name}.pem`)
  await writeFile(path, material, { mode: 0o600 })
  return { name, path }
}

export async function defaultGroupId(daemon: Daemon): Promise<string> {
  const Filters = [{ Name: 'group-name', Values: ['default'] }]
  const { SecurityGroups } = await daemon.ec2.send(new DescribeSecurityGroupsCommand({ Filters }))
  return SecurityGroups![0]!.GroupId!
}

/** The default group lets nobody in but its own members, as on AWS: opens SSH to everybody. */
export async function openSsh(daemon: Daemon): Promise<void> {
  await daemon.ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: await defaultGroupId(daemon),
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      CidrIp: '0.0.0.0/0',
    }),
  )
}

export async function launch(
  daemon: Daemon,
  input: Partial<RunInstancesCommandInput> = {},
): Promise<Instance[]> {
  const answer = await daemon.ec2.send(
    new RunInstancesCommand({
      ImageId: daemon.imageId,
      InstanceType: TYPE,
      MinCount: 1,
      MaxCount: 1,
      ...input,
    }),
  )
  return answer.Instances!
}

export async function describe(daemon: Daemon, ...ids: string[]): Promise<Instance[]> {
  const { Reservations } = await daemon.ec2.send(
    new DescribeInstancesCommand(ids.length > 0 ? { InstanceIds: ids } : {}),
  )
  return Reservations!.flatMap((reservation) => reservation.Instances!)
}

/** Waits until all are in the state. Fails at once when one can no longer get there. */
export async function reach(
  daemon: Daemon,
  ids: readonly string[],
  state: NonNullable<Instance['State']>['Name'],
  timeoutMs = BOOT_TIMEOUT_MS,
): Promise<Instance[]> {
  const states = (instances: Instance[]) => instances.map((one) => one.State?.Name)
  let last: Instance[] = []
  await eventually(
    async () => {
      last = await describe(daemon, ...ids)
      if (state === 'running' && states(last).includes('terminated')) {
        throw new Error(`ended instead: ${JSON.stringify(last.map((one) => one.StateReason))}`)
      }
      return states(last)
    },
    (seen) => seen.every((one) => one === state),
    timeoutMs,
  )
  return last
}

export async function terminate(daemon: Daemon, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await daemon.ec2.send(new TerminateInstancesCommand({ InstanceIds: [...ids] }))
  await reach(daemon, ids, 'terminated')
}

export function sshArgs(key: Key, address: string): string[] {
  const set = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
  set.push('ConnectTimeout=3', 'BatchMode=yes', 'IdentitiesOnly=yes', 'ServerAliveInterval=5')
  return [
    ...['-F', 'none', '-i', key.path],
    ...set.flatMap((option) => ['-o', option]),
    `${key.user ?? 'ec2-user'}@${address}`,
  ]
}

/** One command in the guest by way of its own sh; its output. */
export async function ssh(
  key: Key,
  address: string,
  command: string,
  options: { timeoutMs?: number; input?: string } = {},
): Promise<string> {
  const { timeoutMs = 30_000, input = '' } = options
  const args = [...sshArgs(key, address), command]
  return (await exec('ssh', args, { env: { ...PATH_ENV }, timeoutMs, input })).stdout.trim()
}

/** Until the guest lets us in; what it failed with last, when it never does. */
export async function sshWhenReady(
  key: Key,
  address: string,
  command = 'true',
  timeoutMs = BOOT_TIMEOUT_MS,
): Promise<string> {
  const until = Date.now() + timeoutMs
  for (;;) {
    try {
      return await ssh(key, address, command, { timeoutMs: 20_000 })
    } catch (error) {
      // ssh itself failed (255) or hung; anything else is the command's own status.
      const isOwn =
        error instanceof ExecError && (error.exitCode === 255 || error.exitCode === null)
      if (!isOwn || Date.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

export async function uptimeOf(key: Key, address: string): Promise<number> {
  return Number((await ssh(key, address, 'cat /proc/uptime')).split(' ')[0])
}

/** Changes with every boot of the guest's kernel. */
export function bootIdOf(key: Key, address: string): Promise<string> {
  return ssh(key, address, 'cat /proc/sys/kernel/random/boot_id')
}

/** Waits until the guest answers from another boot than `bootId`. */
export async function rebooted(key: Key, address: string, bootId: string): Promise<void> {
  const look = (): Promise<string> => bootIdOf(key, address).catch(() => bootId)
  await eventually(look, (seen) => seen !== bootId, BOOT_TIMEOUT_MS)
}
