/** `brume down`: stops the daemon. Machines keep running and are found again, unless `--instances` stops them too. */
import { Command } from 'commander'
import { daemonStop } from '../daemon.ts'
import { resolveHome } from '../home.ts'
import { homeOption } from '../options.ts'
import { during } from '../ui/progress.ts'
import type { VerbContext } from '../verbs.ts'

export function command(_context: VerbContext): Command {
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
    })
}
