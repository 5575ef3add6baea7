/** `brume whoami`: whose keys tools use at this cloud: those of the environment, else the root key. */
import { Command } from 'commander'
import { awsCode, stsOf, type Keys } from '../client.ts'
import { CliError } from '../errors.ts'
import { requireCloud, resolveHome } from '../home.ts'
import { homeOption, jsonOption } from '../options.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return new Command('whoami')
    .description(
      'Says whose keys your tools use here: those of the environment, else the root key.',
    )
    .addOption(homeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ ./brume whoami
  $ eval "$(./brume users add ada)" && ./brume whoami`,
    )
    .action(async (options: { home?: string; json?: boolean }) => {
      const cloud = await requireCloud(resolveHome(options.home), context.launcher)
      const own = keysOfEnvironment(process.env)
      const { GetCallerIdentityCommand } = await import('@aws-sdk/client-sts')
      const sts = await stsOf(cloud, own)
      const { Account, Arn, UserId } = await sts
        .send(new GetCallerIdentityCommand({}))
        .catch((error: unknown) => {
          throw own ? strangerError(error, own) : error
        })
      const from = own ? 'environment' : 'credentials.json'
      const found = { account: Account, arn: Arn, userId: UserId, keysFrom: from }
      if (options.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
      else process.stdout.write(`${Arn}\naccount ${Account}, by the keys of ${wordsOf(from)}\n`)
    })
}

function wordsOf(from: string): string {
  return from === 'environment' ? 'the environment' : "the cloud's credentials.json (root)"
}

function keysOfEnvironment(env: NodeJS.ProcessEnv): Keys | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env
  if (!id || !secret) return undefined
  return { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) }
}

/** Keys for somebody else's cloud, or ones that are gone. */
function strangerError(error: unknown, keys: Keys): unknown {
  const code = awsCode(error)
  if (code === undefined) return error
  return new CliError(
    `The keys in the environment (${keys.accessKeyId}) are not let in: ${code}.`,
    {
      hints: ['Use the root key:  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN'],
      cause: error,
    },
  )
}
