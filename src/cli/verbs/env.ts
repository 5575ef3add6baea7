/** `brume env`: the environment that points AWS's tools at this cloud, for `eval "$(./brume env)"`. */
import { Command } from 'commander'
import { requireCloud, resolveHome, type Cloud } from '../home.ts'
import { hasOldAws } from '../aws-version.ts'
import { homeOption, jsonOption } from '../options.ts'
import { shellQuote } from '../quote.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return new Command('env')
    .description('Prints the environment for aws, boto3, Terraform and every other AWS tool.')
    .addOption(homeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ eval "$(./brume env)"
  $ aws ec2 describe-instances
  $ ./brume env > cloud.env        keys inside: keep the file to yourself`,
    )
    .action(async (options: { home?: string; json?: boolean }) => {
      const cloud = await requireCloud(resolveHome(options.home), context.launcher)
      const variables = environmentOf(cloud, process.env)
      if (options.json) process.stdout.write(`${JSON.stringify(variables, null, 2)}\n`)
      else {
        const isAwsOld = await hasOldAws()
        process.stdout.write(renderEnvironment(variables, process.env, { isAwsOld }))
      }
    })
}

export function environmentOf(
  cloud: Pick<Cloud, 'port' | 'credentials'>,
  now: NodeJS.ProcessEnv,
): Record<string, string> {
  const { accessKeyId, secretAccessKey, region } = cloud.credentials
  const { sessionToken } = cloud.credentials as { sessionToken?: string }
  return {
    AWS_ENDPOINT_URL: `http://localhost:${cloud.port}`,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken && { AWS_SESSION_TOKEN: sessionToken }),
    AWS_DEFAULT_REGION: region,
    // SDKs prefer AWS_REGION: one that is set to something else would win over ours.
    ...(now['AWS_REGION'] ? { AWS_REGION: region } : {}),
  }
}

/** Later words win, so a user's own --endpoint-url still does; without the variable it is the plain program. */
const AWS_FUNCTION =
  'aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} "$@"; };'

/**
 * Shell lines. Comments come last, and no line needs another: also an unquoted `eval $(…)`, which joins the lines,
 * does what it should.
 */
export function renderEnvironment(
  variables: Readonly<Record<string, string>>,
  now: NodeJS.ProcessEnv,
  options: { isAwsOld: boolean },
): string {
  const lines = Object.entries(variables).map(
    ([name, value]) => `export ${name}=${shellQuote(value)};`,
  )
  // A session token of other credentials would be sent along with our keys.
  if (now['AWS_SESSION_TOKEN'] && !variables['AWS_SESSION_TOKEN'])
    lines.push('unset AWS_SESSION_TOKEN;')
  if (options.isAwsOld) lines.push(AWS_FUNCTION)
  const endpoint = variables['AWS_ENDPOINT_URL'] ?? ''
  return [
    ...lines,
    ...(options.isAwsOld
      ? ['# The aws installed here does not read AWS_ENDPOINT_URL (2.13 does), hence the function.']
      : []),
    '# boto3 older than 1.28 (Debian 12 has 1.26) does not read AWS_ENDPOINT_URL either. There:',
    `#   boto3.client("ec2", endpoint_url="${endpoint}")`,
    '',
  ].join('\n')
}
