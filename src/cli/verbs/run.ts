/**
 * `brume run`: the whole way from a fresh machine to a shell in a virtual one. Sets up what is missing, starts the
 * cloud, makes the image, launches, waits, connects. Only the command's own output goes to stdout.
 */
import type { EC2Client } from '@aws-sdk/client-ec2'
import { Command } from 'commander'
import { requirementsOf as imageRequirementsOf } from '../../images/requirements.ts'
import { ec2Of } from '../client.ts'
import { daemonStart } from '../daemon.ts'
import { EXIT } from '../errors.ts'
import { findCloud, PORT_DEFAULT, resolveHome, type Cloud } from '../home.ts'
import { imageChoose, IMAGE_DEFAULT, isImageId, requireType } from '../image-choice.ts'
import { instanceLaunch, instanceTerminate, sshGroupEnsure, untilReachable } from '../launch.ts'
import { homeOption } from '../options.ts'
import { packagesEnsure } from '../packages.ts'
import { shellQuote } from '../quote.ts'
import { identityEnsure, keyPairEnsure, sshRun } from '../ssh.ts'
import { during } from '../ui/progress.ts'
import type { VerbContext } from '../verb-context.ts'
import { parsePort, prepareHost, yesLine } from './up.ts'

interface Options {
  home?: string
  port: number
  type: string
  name?: string
  user?: string
  rm?: boolean
  yes?: boolean
}

export function command(context: VerbContext): Command {
  return new Command('run')
    .description('Starts a new machine and opens a shell in it, or runs a command there.')
    .usage('[image] [options] [-- command…]')
    .argument('[image]', `a name, or an id (ami-…)`, IMAGE_DEFAULT)
    .addOption(homeOption())
    .option('-t, --type <type>', 'instance type: how many vCPUs, how much memory', 't3.micro')
    .option('-n, --name <name>', 'a name for the machine (its Name tag)')
    .option('-u, --user <user>', "who logs in (default: the image's own user)")
    .option('--rm', 'terminate the machine afterwards')
    .option('-y, --yes', 'install missing system packages without asking')
    .option('--port <port>', 'port of the cloud if it has to be started', parsePort, PORT_DEFAULT)
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume run                                    a small Linux machine and a shell in it
  $ sudo ./brume run debian-12 --type t3.medium --name web
  $ sudo ./brume run tiny -- uname -a                   prints it, exits with its status
  $ sudo ./brume run --rm tiny -- sh -c 'echo "$HOSTNAME"; exit 3'
  $ sudo ./brume run --yes debian-12 -- apt-get --version

The words after -- reach the machine exactly as they are. The machine keeps
running afterwards, unless --rm.
Exit status: the command's; 125 when it could not be started.`,
    )
    .action((image: string, options: Options) => run(context, image, options))
}

async function run(context: VerbContext, image: string, options: Options): Promise<void> {
  const home = resolveHome(options.home)
  const sdk = import('@aws-sdk/client-ec2') // Loads while the rest goes on.
  sdk.catch(() => {})
  const cloud = await cloudEnsure(context, home, image, options)
  const ec2 = await ec2Of(cloud)
  await requireType(ec2, options.type)
  const choice = await imageChoose(cloud, image)
  const identityPath = await identityEnsure(home)
  const [keyName, groupId] = await Promise.all([
    keyPairEnsure(ec2, identityPath),
    sshGroupEnsure(ec2),
  ])
  const instanceId = await instanceLaunch(ec2, {
    imageId: choice.imageId,
    instanceType: options.type,
    keyName,
    groupId,
    name: options.name ?? null,
  })
  await withInstance(
    ec2,
    instanceId,
    { context, isRemoved: options.rm ?? false },
    async (signal) => {
      const address = await untilReachable(ec2, instanceId, { signal })
      const user = options.user ?? choice.defaultUser
      const target = { home, instanceId, address, user, identityPath }
      context.exit(await sshRun(target, context.trailing))
    },
  )
}

/** Root, packages (also those the image is built with), and a cloud that answers. */
async function cloudEnsure(
  context: VerbContext,
  home: string,
  image: string,
  options: Options,
): Promise<Cloud> {
  const isYes = options.yes ?? false
  const found = await findCloud(home)
  const words = process.argv.slice(2).map(shellQuote).join(' ')
  if (!found) await prepareHost(context, words, isYes)
  const imageKind = image === 'tiny' || image === 'debian-12' ? image : 'pull'
  if (!isImageId(image)) {
    await packagesEnsure(imageRequirementsOf(imageKind), {
      isYes,
      retryLine: yesLine(context.launcher, words),
    })
  }
  if (found) return found
  const daemon = { home, port: options.port, auth: 'strict' as const }
  return during('Starting the cloud', () => daemonStart(daemon))
}

/** Ctrl-C while it starts leaves the machine (said), or terminates it with --rm; as does the end of the work. */
async function withInstance(
  ec2: EC2Client,
  instanceId: string,
  options: { context: VerbContext; isRemoved: boolean },
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { context, isRemoved } = options
  const interrupt = new AbortController()
  const onInterrupt = (): void => interrupt.abort()
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onInterrupt)
  try {
    await work(interrupt.signal)
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    context.exit(EXIT.interrupted)
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onInterrupt)
    if (isRemoved) {
      await during(`Terminating ${instanceId}`, () => instanceTerminate(ec2, instanceId))
    } else if (context.trailing.length === 0) {
      process.stderr.write(
        `${instanceId} keeps running.  Back in:  ${context.launcher} ssh ${instanceId}\n` +
          `  End it:  aws ec2 terminate-instances --instance-ids ${instanceId}\n`,
      )
    }
  }
}
