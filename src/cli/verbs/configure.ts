/** `brume configure`: writes a profile into AWS's config files, so that `aws --profile brume …` just works. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { ensureFolder, writeFileDurable } from '../../lib/fs-durable.ts'
import { iniSet } from '../aws-profile.ts'
import { requireCloud, resolveHome } from '../home.ts'
import { hasOldAws } from '../aws-version.ts'
import { homeOption } from '../options.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return new Command('configure')
    .description(
      'Writes a profile into ~/.aws/config and ~/.aws/credentials. Nothing else there changes.',
    )
    .addOption(homeOption())
    .option('--profile <name>', 'name of the profile', parseProfile, 'brume')
    .addHelpText(
      'after',
      `
AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE are respected.

Examples:
  $ ./brume configure
  $ aws --profile brume ec2 describe-instances

The profile's endpoint_url is read by aws 1.29 or 2.13 and by boto3 1.28, and by
newer ones. Older ones need --endpoint-url with every command; './brume env'
prints a shell function for that.`,
    )
    .action(async (options: { home?: string; profile: string }) => {
      const cloud = await requireCloud(resolveHome(options.home), context.launcher)
      const { accessKeyId, secretAccessKey, region } = cloud.credentials
      const { profile } = options
      const configPath = process.env['AWS_CONFIG_FILE'] ?? join(homedir(), '.aws/config')
      const credentialsPath =
        process.env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(homedir(), '.aws/credentials')
      await edit(credentialsPath, profile, {
        aws_access_key_id: accessKeyId,
        aws_secret_access_key: secretAccessKey,
      })
      await edit(configPath, profile === 'default' ? 'default' : `profile ${profile}`, {
        region,
        endpoint_url: `http://localhost:${cloud.port}`,
      })
      const isAwsOld = await hasOldAws()
      const endpoint = isAwsOld ? ` --endpoint-url http://localhost:${cloud.port}` : ''
      process.stdout.write(
        `Profile '${profile}' written to ${configPath} and ${credentialsPath}.\n` +
          `  Try:  aws --profile ${profile}${endpoint} ec2 describe-images --owners amazon\n`,
      )
      if (isAwsOld) {
        process.stderr.write(
          '  The aws installed here is older than 2.13 and does not read endpoint_url from a profile:\n' +
            '  without --endpoint-url it would call AWS itself.\n',
        )
      }
    })
}

/** Atomic; a symbolic link stays one, the file keeps its mode and owner. */
async function edit(
  path: string,
  section: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const target = await realpath(path).catch(() => path)
  await ensureFolder(dirname(target))
  const before = await stat(target).catch(() => undefined)
  const text = before ? await readFile(target, 'utf8') : ''
  const wanted = iniSet(text, section, values)
  if (wanted === text) return
  await writeFileDurable(target, wanted, {
    mode: before ? before.mode & 0o777 : 0o600,
    ...(before ? { owner: { uid: before.uid, gid: before.gid } } : {}),
  })
}

function parseProfile(text: string): string {
  if (/^[\w.@-]+$/.test(text)) return text
  throw new InvalidArgumentError('Letters, digits, dot, dash, underscore and @ only.')
}
