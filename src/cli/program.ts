/**
 * Builds the overview, hands the words to one verb, turns errors into words and exit codes. No verb's code is
 * loaded for `--help`, so that it answers at once.
 */
import { Command, CommanderError } from 'commander'
import { CliError, EXIT, messageOf } from './errors.ts'
import { version } from './version.ts'
import { VERBS } from './verbs.ts'
import type { VerbContext } from './verb-context.ts'
import { isColoured, paint, plainText } from './ui/terminal.ts'

const EXAMPLES = `
Examples:
  $ ./brume run                         a small Linux machine and a shell in it
  $ ./brume run debian-12 -- uname -a   run a command in a new Debian machine
  $ eval "$(./brume env)"               then: aws ec2 describe-instances
  $ ./brume doctor                      what can this host do?

'./brume VERB --help' says more of each verb. Words after -- go to the machine untouched.`

/** Words that other tools have for what is called otherwise here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  logs: "what a machine said: 'console MACHINE --log'; the cloud itself: logs/daemon.log in its home",
  ps: "'status'",
  ls: "'status'",
  list: "'status'",
  launch: "'run'",
  start: "'up' (the cloud), or aws ec2 start-instances",
  stop: "'down' (the cloud), or aws ec2 stop-instances",
  rm: 'aws ec2 terminate-instances',
  terminate: 'aws ec2 terminate-instances',
  exec: "'ssh MACHINE -- COMMAND'",
}

export async function runProgram(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok
  const split = argv.indexOf('--')
  const words = helpFirst(split < 0 ? [...argv] : argv.slice(0, split))
  const context: VerbContext = {
    trailing: split < 0 ? [] : argv.slice(split + 1),
    hasTrailing: split >= 0,
    launcher: process.env['BRUME_LAUNCHER'] ?? './brume',
    exit: (code) => {
      exitCode = code
    },
  }
  try {
    const program = await createProgram(words, context)
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, words, context)
  }
}

/** `help` and `help VERB…` are `--help` and `VERB… --help`. */
function helpFirst(words: string[]): string[] {
  if (words[0] !== 'help') return words
  const [, verb] = words
  return verb === undefined || isVerb(verb) ? [...words.slice(1), '--help'] : words.slice(1)
}

function isVerb(word: string): boolean {
  return VERBS.some(({ name }) => name === word)
}

async function createProgram(words: readonly string[], context: VerbContext): Promise<Command> {
  const [name] = words
  const program = new Command('brume')
    .description('A cloud on your own machine: the EC2 API, and virtual machines that really boot.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'this help')
    .usage('VERB [options]')
    .addHelpText('after', EXAMPLES)
  program.configureHelp({
    styleTitle: (text) => paint('bold', text, isColoured(process.stdout)),
    styleSubcommandTerm: (text) => paint('cyan', text, isColoured(process.stdout)),
    styleOptionTerm: (text) => paint('cyan', text, isColoured(process.stdout)),
    showGlobalOptions: false,
  })
  // Every command that follows inherits it: errors come to us instead of ending the process.
  program.exitOverride()
  for (const verb of VERBS) {
    if (verb.name === name) {
      const command = (await verb.load()).command(context)
      command.copyInheritedSettings(program)
      for (const child of command.commands) child.copyInheritedSettings(command)
      if (command.commands.length > 0) command.helpCommand('help [command]', 'help of one of these')
      program.addCommand(command.summary(verb.summary).helpGroup(`${verb.group}:`))
    } else {
      const usage = verb.usage ? ` ${verb.usage}` : ''
      const placeholder = new Command(verb.name).summary(verb.summary).usage(usage.trim())
      program.addCommand(placeholder.helpOption(false).helpGroup(`${verb.group}:`))
    }
  }
  return program.helpCommand(false)
}

function report(error: unknown, words: readonly string[], context: VerbContext): number {
  const verb = words[0] ?? ''
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok
    if (error.code === 'commander.help') return EXIT.usage
    if (!isVerb(verb) && Object.hasOwn(ELSEWHERE, verb)) say(`Here that is ${ELSEWHERE[verb]}.`)
    say(`Try '${context.launcher} ${isVerb(verb) ? `${verb} ` : ''}--help'.`)
    return EXIT.usage
  }
  const isForCommand = context.trailing.length > 0 && (verb === 'run' || verb === 'ssh')
  if (error instanceof CliError) {
    sayError(error.message)
    for (const hint of error.hints) say(`  ${hint}`)
    return isForCommand ? EXIT.beforeCommand : error.exitCode
  }
  sayError(messageOf(error))
  if (process.env['BRUME_DEBUG'] && error instanceof Error) say(error.stack ?? '')
  else if (!isAwsError(error)) say('  BRUME_DEBUG=1 shows where this comes from.')
  return isForCommand ? EXIT.beforeCommand : EXIT.failed
}

function isAwsError(error: unknown): boolean {
  return error instanceof Error && '$metadata' in error
}

/** Words of hypervisors, guests and file systems may be among it. */
function sayError(message: string): void {
  say(`${paint('red', 'error:', isColoured(process.stderr))} ${plainText(message)}`)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
