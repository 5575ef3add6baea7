/**
 * `brume reset`: stops every machine and the daemon, then deletes the home. Only a folder that a daemon made is
 * deleted, and only after a yes. Machines whose daemon is down are stopped by starting it once more.
 */
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { removeDurable } from '../../lib/fs-durable.ts'
import { daemonStart, daemonStop, requireRoot } from '../daemon.ts'
import { CliError } from '../errors.ts'
import { exists, findCloud, PORT_DEFAULT, resolveHome } from '../home.ts'
import { homeOption } from '../options.ts'
import { confirm } from '../ui/ask.ts'
import { during } from '../ui/progress.ts'
import { isInteractive } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'
import { parsePort } from './up.ts'

interface Options {
  home?: string
  port: number
  keepImages?: boolean
  yes?: boolean
}

export function command(context: VerbContext): Command {
  return new Command('reset')
    .description(
      'Stops every machine and the cloud, and deletes all state: machines, volumes, keys.',
    )
    .addOption(homeOption())
    .option('--keep-images', 'keep built and downloaded images')
    .option('--port <port>', 'port if the daemon has to be started for it', parsePort, PORT_DEFAULT)
    .option('-y, --yes', 'do not ask')
    .action((options: Options) => reset(context, options))
}

async function reset(context: VerbContext, options: Options): Promise<void> {
  const home = resolveHome(options.home)
  if (!(await exists(home))) {
    process.stdout.write(`Nothing to delete: ${home} does not exist.\n`)
    return
  }
  await requireOurs(home)
  const words = `All machines, volumes and keys in ${home} will be deleted.`
  if (!options.yes) {
    if (!isInteractive()) throw new CliError(words, { hints: ['Say yes:  ./brume reset --yes'] })
    if (!(await confirm(`${words} Go on?`, false))) throw new CliError('Nothing deleted.')
  }
  if ((await hasInstances(home)) && !(await findCloud(home))) {
    requireRoot(context.launcher, 'reset')
    await during('Starting the cloud, to stop its machines', () =>
      daemonStart({ home, port: options.port, auth: 'strict' }),
    )
  }
  const isWithInstances = (await findCloud(home)) !== undefined
  await during('Stopping machines and the cloud', () => daemonStop(home, { isWithInstances }))
  const kept = options.keepImages ? new Set(['images']) : new Set<string>()
  await during('Deleting', async () => {
    for (const name of await readdir(home)) {
      if (!kept.has(name)) await removeDurable(join(home, name))
    }
    if (kept.size === 0) await removeDurable(home)
  })
  process.stdout.write(`${home} is empty again${options.keepImages ? ', but for images' : ''}.\n`)
}

/** A typing slip in --home must never delete something else. */
async function requireOurs(home: string): Promise<void> {
  const names = await readdir(home)
  if (names.length === 0) return
  const isForbidden = home === '/' || home === homedir()
  if (
    !isForbidden &&
    (names.includes('credentials.json') || isOnly(names, ['logs', 'images', 'keys']))
  ) {
    return
  }
  throw new CliError(
    `${home} does not look like a cloud's home (no credentials.json): not deleted.`,
  )
}

function isOnly(names: readonly string[], allowed: readonly string[]): boolean {
  return names.every((name) => allowed.includes(name))
}

async function hasInstances(home: string): Promise<boolean> {
  const names = await readdir(join(home, 'instances')).catch(() => [])
  return names.length > 0
}
