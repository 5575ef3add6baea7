/** `brume bench`: the measurements of bench/, each a program of its own there. */
import { join } from 'node:path'
import type { Command } from 'commander'
import { runInTerminal } from '../../lib/exec.ts'
import { benchCommand } from '../bench-arguments.ts'
import { CHECKOUT } from '../version.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return benchCommand(async () => {
    // The words were checked here; the program reads the same ones.
    const words = process.argv.slice(process.argv.indexOf('bench') + 1)
    const script = join(CHECKOUT, 'bench/main.ts')
    // Ctrl-C is the program's: it ends what it started, and we wait for it.
    process.on('SIGINT', () => {})
    context.exit(await runInTerminal(process.execPath, [script, ...words]))
  })
}
