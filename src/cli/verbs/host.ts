/**
 * `brume host`: what this host is (its hypervisor, layer by layer, and what that means), what it has promised, and what
 * each machine was promised and gets. `--picture` draws the same.
 */
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { requireCloud, resolveHome } from '../home.ts'
import { hostApi } from '../host-api.ts'
import { homeOption, jsonOption } from '../options.ts'
import { hostPicture } from '../ui/host-picture.ts'
import { hostText } from '../ui/host-words.ts'
import { columnsOf, isColoured } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return new Command('host')
    .description(
      'Says what this host is, what it has promised, and what each machine was promised and gets.',
    )
    .addOption(homeOption())
    .addOption(jsonOption())
    .option('--picture <file>', 'draw it, as SVG')
    .addHelpText('after', '\nWhat the words mean: docs/virtual-machines.md')
    .action(async (options: { home?: string; json?: boolean; picture?: string }) => {
      const cloud = await requireCloud(resolveHome(options.home), context.launcher)
      const api = hostApi(cloud)
      const [host, [allocation]] = await Promise.all([api.host(), api.allocation()])
      if (options.picture !== undefined) {
        await writeFile(options.picture, hostPicture(host, allocation!))
        process.stdout.write(`${options.picture}\n`)
      } else if (options.json) {
        process.stdout.write(`${JSON.stringify({ host, allocation }, null, 2)}\n`)
      } else {
        const look = {
          columns: columnsOf(process.stdout),
          isColoured: isColoured(process.stdout),
        }
        process.stdout.write(`${hostText(host, allocation!, look)}\n`)
      }
    })
}
