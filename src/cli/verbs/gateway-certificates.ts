/** `brume gateway certificates`: by which hypervisors are reached over TLS. The key is in a file of its owner alone. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
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
}

interface Shown {
  host: string
  subject: string
  authority: string
  validTo: string
}

export function certificatesCommand(context: VerbContext): Command {
  const certificates = new Command('certificates').description(
    'By which hypervisors are reached with qemu+tls://, sealed in the store.',
  )
  certificates.addCommand(
    new Command('set')
      .description('For a host: cacert.pem, clientcert.pem and clientkey.pem of a folder.')
      .argument('<host>', 'as it stands in the URI: kvm1.example')
      .argument('<folder>')
      .addOption(homeOption())
      .addHelpText(
        'after',
        `
The key must be readable by its owner alone. Brume keeps all three sealed: the folder is not needed afterwards.

Example:
  $ sudo ./brume gateway certificates set kvm1.example /root/kvm1`,
      )
      .action(async (host: string, folder: string, options: Options) => {
        const cloud = await requireCloud(resolveHome(options.home), context.launcher)
        const shown = await hostApi(cloud).backup<Shown>('certificates-put', {
          host,
          authority: await fileOf(join(folder, 'cacert.pem')),
          certificate: await fileOf(join(folder, 'clientcert.pem')),
          key: await secretOf(join(folder, 'clientkey.pem')),
        })
        process.stdout.write(`${host}: ${shown.subject}, valid until ${shown.validTo}\n`)
      }),
  )
  certificates.addCommand(
    new Command('forget')
      .description('Removes those of a host.')
      .argument('<host>')
      .addOption(homeOption())
      .action(async (host: string, options: Options) => {
        const cloud = await requireCloud(resolveHome(options.home), context.launcher)
        await hostApi(cloud).backup('certificates-forget', { host })
      }),
  )
  certificates.addCommand(
    new Command('list')
      .description('Lists them, without their keys.')
      .addOption(homeOption())
      .addOption(jsonOption())
      .action(async (options: Options) => {
        const cloud = await requireCloud(resolveHome(options.home), context.launcher)
        const answer = await hostApi(cloud).backup<{ certificates: Shown[] }>('certificates', {})
        if (options.json) {
          return void process.stdout.write(`${JSON.stringify(answer.certificates, null, 2)}\n`)
        }
        const rows = answer.certificates.map((one) => {
          return [one.host, one.subject, one.authority, one.validTo]
        })
        const table = formatTable(['HOST', 'SUBJECT', 'AUTHORITY', 'UNTIL'], rows)
        if (table !== '') process.stdout.write(`${table.trimEnd()}\n`)
      }),
  )
  return certificates
}

async function fileOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CliError(`${file} cannot be read: ${(cause as Error).message}`, {
      exitCode: EXIT.usage,
    })
  })
}

async function secretOf(file: string): Promise<string> {
  const there = await stat(file).catch(() => null)
  if (there && (there.mode & 0o077) !== 0) {
    throw new CliError(`${file} can be read by others than its owner`, {
      exitCode: EXIT.usage,
      hints: [`chmod 600 ${file}`],
    })
  }
  return fileOf(file)
}
