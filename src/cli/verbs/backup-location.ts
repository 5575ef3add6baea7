/** `brume backup location`: S3 buckets in which vaults may lie. The secret comes from a file or the environment. */
import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { CliError, EXIT } from '../errors.ts'
import { requireCloud, resolveHome } from '../home.ts'
import { hostApi } from '../host-api.ts'
import { homeOption, jsonOption } from '../options.ts'
import { formatTable } from '../ui/format.ts'
import type { VerbContext } from '../verb-context.ts'

interface Options {
  home?: string
  json?: boolean
  endpoint?: string
  region: string
  accessKeyId?: string
  secretFile?: string
}

interface Location {
  name: string
  endpoint: string | null
  region: string
  bucket: string
  prefix: string
  accessKeyId: string
}

export function locationCommand(context: VerbContext): Command {
  const location = new Command('location').description('Places outside of this host for vaults.')
  location.addCommand(
    new Command('add')
      .description('Registers a bucket; vaults made with the tag brume:location=NAME lie there.')
      .argument('<name>')
      .argument('<url>', 's3://bucket/prefix')
      .option('--endpoint <url>', 'of an S3 that is not AWS’s: https://s3.example.org')
      .option('--region <region>', 'of the bucket', 'us-east-1')
      .option('--access-key-id <id>', 'default: $AWS_ACCESS_KEY_ID')
      .option('--secret-file <file>', 'has the secret key; default: $AWS_SECRET_ACCESS_KEY')
      .addOption(homeOption())
      .action(async (name: string, url: string, options: Options) => {
        const cloud = await requireCloud(resolveHome(options.home), context.launcher)
        await hostApi(cloud).backup('location-add', {
          ...{ name, ...bucketOf(url), locationRegion: options.region },
          ...(options.endpoint ? { endpoint: options.endpoint } : {}),
          ...(await keysOf(options)),
        })
        process.stdout.write(`${name}\n`)
      }),
  )
  location.addCommand(
    new Command('list')
      .description('Lists them, without their secrets.')
      .addOption(homeOption())
      .addOption(jsonOption())
      .action(async (options: Options) => {
        const cloud = await requireCloud(resolveHome(options.home), context.launcher)
        const { locations } = await hostApi(cloud).backup<{ locations: Location[] }>(
          'locations',
          {},
        )
        if (options.json)
          return void process.stdout.write(`${JSON.stringify(locations, null, 2)}\n`)
        const rows = locations.map(({ name, bucket, prefix, endpoint, region, accessKeyId }) => {
          return [name, `s3://${bucket}/${prefix}`, endpoint ?? 'AWS', region, accessKeyId]
        })
        const table = formatTable(['NAME', 'PLACE', 'ENDPOINT', 'REGION', 'KEY'], rows)
        if (table !== '') process.stdout.write(`${table.trimEnd()}\n`)
      }),
  )
  return location
}

/** A prefix ends with `/`, or is empty. @throws CliError */
export function bucketOf(url: string): { bucket: string; prefix: string } {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w!.*'()/-]*))?$/.exec(url)
  if (!match) {
    throw new CliError(`${url} is no place in S3: s3://bucket/prefix`, { exitCode: EXIT.usage })
  }
  const [, bucket = '', path = ''] = match
  const prefix = path.replace(/^\/+|\/+$/g, '')
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

async function keysOf(options: Options) {
  const accessKeyId = options.accessKeyId ?? process.env['AWS_ACCESS_KEY_ID']
  const secretAccessKey = options.secretFile
    ? (await readFile(options.secretFile, 'utf8')).trim()
    : process.env['AWS_SECRET_ACCESS_KEY']
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey }
  throw new CliError('The keys of the bucket are missing.', {
    hints: ['--access-key-id ID --secret-file FILE, or AWS_ACCESS_KEY_ID and its secret'],
    exitCode: EXIT.usage,
  })
}
