/** `brume down`: stops the daemon. Machines keep running and are found again, unless `--instances` stops them too. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { daemonStop } from '../daemon.ts'
import { CliError } from '../errors.ts'
import { resolveHome } from '../home.ts'
import { homeOption } from '../options.ts'
import { during } from '../ui/progress.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return new Command('down')
    .description('Stops the cloud. Machines keep running, and the next `up` finds them again.')
    .addOption(homeOption())
    .option('--instances', 'stop every machine first')
    .action(async (options: { home?: string; instances?: boolean }) => {
      const home = resolveHome(options.home)
      const isWithInstances = options.instances ?? false
      const title = isWithInstances ? 'Stopping machines and the cloud' : 'Stopping the cloud'
      const wasUp = await during(title, (step) =>
        daemonStop(home, { isWithInstances, onDetail: (detail) => step.update({ detail }) }),
      )
      if (wasUp) process.stdout.write('The cloud is down.\n')
      else process.stdout.write(`The cloud was not up (home ${home}).\n`)
      if (
        !wasUp &&
        isWithInstances &&
        (await readdir(join(home, 'instances')).catch(() => [])).length
      ) {
        throw new CliError('Machines may still be running: only the cloud can stop them.', {
          hints: [
            `Start it once more:  ${context.launcher} up && ${context.launcher} down --instances`,
          ],
        })
      }
    })
}
