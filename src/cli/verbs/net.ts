/** `brume net explain`: whether one machine can reach another, by which way, and if not, why and what would open it. */
import { Command } from 'commander'
import type { ReachAnswer } from '../../domain/reach.ts'
import { requireCloud, resolveHome } from '../home.ts'
import { hostApi } from '../host-api.ts'
import { homeOption, jsonOption } from '../options.ts'
import type { VerbContext } from '../verb-context.ts'

interface Options {
  home?: string
  json?: boolean
}

export function command(context: VerbContext): Command {
  const net = new Command('net').description('Questions about networks.')
  net.addCommand(
    new Command('explain')
      .description('Says whether a connection would come about, and if not, why.')
      .argument('<from>', 'a machine (id or name), eni-…, an address, or internet')
      .argument('<to>', 'the same')
      .argument('<port>', '80, tcp/80, udp/53, or icmp')
      .addOption(homeOption())
      .addOption(jsonOption())
      .addHelpText(
        'after',
        `
Ends with status 1 when there is no way.

Examples:
  $ sudo ./brume net explain web db 5432
  $ sudo ./brume net explain internet web tcp/443
  $ sudo ./brume net explain db 198.51.100.7 icmp`,
      )
      .action(async (from: string, to: string, port: string, options: Options) => {
        const cloud = await requireCloud(resolveHome(options.home), context.launcher)
        const answer = await hostApi(cloud).explain({ from, to, port })
        const text = options.json ? JSON.stringify(answer, null, 2) : explainText(answer)
        process.stdout.write(`${text}\n`)
        if (!answer.isReachable) context.exit(1)
      }),
  )
  return net
}

/** The way there when there is one; otherwise everything that stands in it. */
export function explainText({ isReachable, destination, forward, blocks }: ReachAnswer): string {
  if (isReachable) {
    const hops = forward.map(({ component, text }) => `  ${component.padEnd(24)} ${text}`)
    return [`yes, at ${destination}`, ...hops].join('\n')
  }
  const why = blocks.flatMap(({ text, remedy, isAnswer }) => [
    `  ${isAnswer ? 'answer: ' : ''}${text}`,
    ...(remedy === '' ? [] : [`    ${remedy}`]),
  ])
  return [destination === null ? 'no' : `no, not at ${destination}`, ...why].join('\n')
}
