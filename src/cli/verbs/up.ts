/** `brume up`: sets up what is missing, starts the daemon and returns when it answers. */
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { daemonRunHere, daemonStart, requireRoot, type DaemonOptions } from '../daemon.ts'
import { findCloud, PORT_DEFAULT, readCredentials, resolveHome, type Cloud } from '../home.ts'
import { packagesEnsure } from '../packages.ts'
import { requirementsOf } from '../requirements.ts'
import { homeOption, parseCacheMiB } from '../options.ts'
import { during } from '../ui/progress.ts'
import type { VerbContext } from '../verb-context.ts'

interface Options {
  home?: string
  port: number
  auth: 'strict' | 'open'
  foreground?: boolean
  yes?: boolean
  passphraseFile?: string
  importFromPrivate?: boolean
  backupWebhook?: string
  standbys?: string
  translationCache?: number
  volumeModificationWait?: string
  bandwidthLimits: 'on' | 'off'
}

export function command(context: VerbContext): Command {
  return new Command('up')
    .description('Starts the cloud and returns when it answers. Does nothing when it is up.')
    .addOption(homeOption())
    .option('--port <port>', 'the one port of every service', parsePort, PORT_DEFAULT)
    .addOption(
      new Option('--auth <mode>', 'check signatures, or accept anybody (for CI)')
        .choices(['strict', 'open'])
        .default('strict'),
    )
    .option('--foreground', 'stay in this terminal until Ctrl-C')
    .option('--passphrase-file <file>', 'its first line locks the key of all keys, from now on')
    .option('--import-from-private', 'disks may be imported from private networks and this host')
    .option('--backup-webhook <url>', 'where notifications of backup vaults are posted')
    .addOption(
      new Option('--bandwidth-limits <on|off>', 'hold machines to the bandwidth of their types')
        .choices(['on', 'off'])
        .default('on'),
    )
    .option(
      '--standbys <count>',
      'of each kind launched lately, so many wait; 0: none (default: 1)',
    )
    .option(
      '--translation-cache <mib>',
      'in emulation, translated code a machine keeps; less is slower (default: a quarter of its memory, 128 to 512)',
      parseCacheMiB,
    )
    .option('--volume-modification-wait <seconds>', 'between two changes of a volume; AWS: 21600')
    .option('-y, --yes', 'install missing system packages without asking')
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume up
  $ sudo ./brume up --home /srv/test --port 4567    a second cloud beside the first
  $ sudo ./brume up --auth open                     for CI: any key works

Machines outlive the daemon: 'down' and 'up' again never touch them.`,
    )
    .action(async (options: Options) => {
      const { port, auth } = options
      const daemon = { home: resolveHome(options.home), port, auth, flags: flagsOf(options) }
      if (options.foreground) {
        await prepareHost(context, 'up --foreground', options.yes ?? false)
        context.exit(await daemonRunHere(daemon))
        return
      }
      const isFirst = (await readCredentials(daemon.home)) === undefined
      const found = await findCloud(daemon.home)
      const cloud = found ?? (await cloudStart(context, daemon, options.yes ?? false))
      const at = `http://localhost:${cloud.port}`
      process.stdout.write(`The cloud is ${found ? 'already ' : ''}up at ${at}\n`)
      if (found && found.port !== daemon.port && daemon.port !== PORT_DEFAULT) {
        process.stderr.write(`  Not on port ${daemon.port}: it was started with another.\n`)
      }
      if (isFirst) rootShow(cloud)
      if (process.stdout.isTTY) {
        process.stdout.write(`  A machine:   ${context.launcher} run\n`)
        process.stdout.write(`  A browser:   ${context.launcher} console\n`)
        process.stdout.write(`  Your tools:  eval "$(${context.launcher} env)"\n`)
      }
    })
}

/** What the daemon is told beyond where and how it listens. */
function flagsOf(options: Options): string[] {
  const { passphraseFile, volumeModificationWait: wait, bandwidthLimits } = options
  const { translationCache } = options
  return [
    ...(passphraseFile ? ['--passphrase-file', resolve(passphraseFile)] : []),
    ...(options.importFromPrivate ? ['--import-from-private'] : []),
    ...(options.backupWebhook ? ['--backup-webhook', options.backupWebhook] : []),
    ...(bandwidthLimits === 'off' ? ['--bandwidth-limits', 'off'] : []),
    ...(options.standbys === undefined ? [] : ['--standbys', options.standbys]),
    ...(translationCache ? ['--translation-cache', String(translationCache)] : []),
    ...(wait ? ['--volume-modification-wait', wait] : []),
  ]
}

/** Once, when the first account is made. Only to a person: logs of CI keep what they are told. */
function rootShow({ home, credentials }: Cloud): void {
  const { account, accessKeyId, secretAccessKey } = credentials
  const file = join(home, 'credentials.json')
  const lines = [`  Account ${account} is made. Its root key is in ${file}, for its owner only.`]
  if (process.stderr.isTTY) lines.push(`  Shown only now:  ${accessKeyId}  ${secretAccessKey}`)
  process.stderr.write(`${lines.join('\n')}\n`)
}

/** The same words with --yes, where it is an option of ours and not of a command after `--`. */
export function yesLine(launcher: string, words: string): string {
  return `${launcher} ${words.replace(/^\S+/, '$& --yes')}`
}

/** Root and packages. Shared with `run`. */
export async function prepareHost(
  context: VerbContext,
  words: string,
  isYes: boolean,
): Promise<void> {
  requireRoot(context.launcher, words)
  await packagesEnsure(requirementsOf(['machines', 'network', 'ssh']), {
    isYes,
    retryLine: yesLine(context.launcher, words),
  })
}

async function cloudStart(
  context: VerbContext,
  daemon: DaemonOptions,
  isYes: boolean,
): Promise<Cloud> {
  await prepareHost(context, 'up', isYes)
  return during('Starting the cloud', () => daemonStart(daemon))
}

export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) {
    throw new InvalidArgumentError('A port is a number from 1 to 65535.')
  }
  return port
}
