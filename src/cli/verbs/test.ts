/** `brume test`: the same as `npm test`. */
import { join } from 'node:path'
import { Command } from 'commander'
import { runInTerminal } from '../../lib/exec.ts'
import { CHECKOUT } from '../version.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return (
    new Command('test')
      .description('Runs the tests: unit, store, api, console, host, vm, with their own set-up.')
      // Three dots: an ellipsis would be a part of the name, and one word all that is taken.
      .argument('[filter...]', 'only test files whose path contains one of these words')
      .option('--layer <names>', 'only these layers, for example unit,api')
      .addHelpText(
        'after',
        `
Examples:
  $ ./brume test                      all of these; needs root for host and vm
  $ ./brume test security-groups      files whose path contains it
  $ ./brume test --layer unit,api     without root
  $ ./brume test --layer long         guests that take minutes, only when asked for`,
      )
      .action(async (filters: readonly string[], options: { layer?: string }) => {
        const words = [...(options.layer ? ['--layer', options.layer] : []), ...filters]
        const script = join(CHECKOUT, 'scripts/test.ts')
        context.exit(await runInTerminal(process.execPath, [script, ...words, ...context.trailing]))
      })
  )
}
