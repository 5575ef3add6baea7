/**
 * Connecting to machines: our own key pair, the arguments of `ssh`, and knowing when a machine answers. Host keys
 * are remembered per machine, not per address (addresses are used again), in a file of this cloud's home.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { EC2Client } from '@aws-sdk/client-ec2'
import { exec, runInTerminal } from '../lib/exec.ts'
import { ensureFolder } from '../lib/fs-durable.ts'
import { awsCode } from './client.ts'
import { CliError } from './errors.ts'
import { exists } from './home.ts'
import { shellJoin } from './quote.ts'

const BANNER_TIMEOUT_MS = 3000
const BANNER_BYTES_MAX = 512

export interface SshTarget {
  home: string
  instanceId: string
  address: string
  user: string
  identityPath: string
}

/** Our key's path; made once per home. */
export async function identityEnsure(home: string): Promise<string> {
  const path = identityPathOf(home)
  if (await exists(path)) return path
  await ensureFolder(join(home, 'keys'))
  await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'brume', '-f', path])
  return path
}

export function identityPathOf(home: string): string {
  return join(home, 'keys/brume-cli')
}

/** Imports our key into the cloud unless it is there; returns its name, which carries the key's own fingerprint. */
export async function keyPairEnsure(ec2: EC2Client, identityPath: string): Promise<string> {
  const { ImportKeyPairCommand } = await import('@aws-sdk/client-ec2')
  const publicKey = await readFile(`${identityPath}.pub`, 'utf8')
  const keyName = keyNameOf(publicKey)
  try {
    const PublicKeyMaterial = Buffer.from(publicKey.trim())
    await ec2.send(new ImportKeyPairCommand({ KeyName: keyName, PublicKeyMaterial }))
  } catch (error) {
    if (awsCode(error) !== 'InvalidKeyPair.Duplicate') throw error
  }
  return keyName
}

export function keyNameOf(publicKey: string): string {
  const blob = publicKey.split(' ')[1] ?? ''
  return `brume-cli-${createHash('sha256').update(blob).digest('hex').slice(0, 12)}`
}

/** Whether a machine was launched with our key pair. */
export async function hasOurKey(
  { KeyName }: { KeyName?: string },
  identityPath: string,
): Promise<boolean> {
  return KeyName === keyNameOf(await readFile(`${identityPath}.pub`, 'utf8'))
}

/** Arguments of ssh. The command is one string for the machine's shell, quoted so that it gets exactly our words. */
export function sshArguments(
  target: SshTarget,
  command: readonly string[],
  options: { hasTerminal: boolean },
): string[] {
  const isShell = command.length === 0
  const settings = {
    IdentitiesOnly: 'yes',
    HostKeyAlias: target.instanceId,
    UserKnownHostsFile: join(target.home, 'keys/known_hosts'),
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'accept-new',
    UpdateHostKeys: 'no',
    CheckHostIP: 'no',
    LogLevel: 'ERROR',
    ConnectTimeout: '20',
    ServerAliveInterval: '15',
    // Machines take keys only: a password prompt would just hide that the key was refused.
    PreferredAuthentications: 'publickey',
  }
  return [
    // Nothing of the user's own ssh configuration applies to these addresses.
    '-F',
    '/dev/null',
    '-i',
    target.identityPath,
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...(isShell ? [] : [options.hasTerminal ? '-t' : '-T']),
    `${target.user}@${target.address}`,
    ...(isShell ? [] : ['--', shellJoin(command)]),
  ]
}

/** Runs a shell or a command in the machine, with our terminal; resolves with its exit status. */
export function sshRun(target: SshTarget, command: readonly string[]): Promise<number> {
  const hasTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
  return runInTerminal('ssh', sshArguments(target, command, { hasTerminal }))
}

/** The first line of an SSH server at this address, or undefined when nothing answers as one. */
export function sshBanner(address: string, port = 22): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host: address, port })
    const end = (banner: string | undefined): void => {
      socket.destroy()
      resolve(banner)
    }
    socket.setTimeout(BANNER_TIMEOUT_MS, () => end(undefined))
    socket.on('error', () => end(undefined))
    socket.on('close', () => end(undefined))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const line = text.split(/\r?\n/).find((part) => part.startsWith('SSH-'))
      if (line && text.includes('\n')) end(line)
      else if (text.length > BANNER_BYTES_MAX) end(undefined)
    })
  })
}

/** @throws CliError when the machine has no address or cannot be reached that way. */
export function requireAddress(instance: {
  InstanceId?: string
  PublicIpAddress?: string
  State?: { Name?: string }
}): string {
  const state = instance.State?.Name ?? 'unknown'
  if (state !== 'running') {
    throw new CliError(`${instance.InstanceId} is ${state}, not running.`, {
      hints: [`Start it:  aws ec2 start-instances --instance-ids ${instance.InstanceId}`],
    })
  }
  if (instance.PublicIpAddress) return instance.PublicIpAddress
  throw new CliError(
    `${instance.InstanceId} has no public address, so this host has no way to it.`,
    {
      hints: [`Use its serial console:  ./brume console ${instance.InstanceId}`],
    },
  )
}
