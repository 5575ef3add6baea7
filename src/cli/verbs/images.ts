/** `brume images`: what machines can boot. Listing, building from packages, downloading official ones, adding files. */
import { basename, resolve } from 'node:path'
import { Command } from 'commander'
import { requirementsOf } from '../../images/requirements.ts'
import { CliError } from '../errors.ts'
import { exists, requireCloud, resolveHome } from '../home.ts'
import { hostApi, type ImageEntry, standbyWords, type TemplateEntry } from '../host-api.ts'
import { imageMake } from '../image-choice.ts'
import { homeOption, jsonOption } from '../options.ts'
import { packagesEnsure } from '../packages.ts'
import { formatBytes, formatTable } from '../ui/format.ts'
import { isColoured, paint } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'

interface Options {
  home?: string
  json?: boolean
  yes?: boolean
  name?: string
}

export function command(context: VerbContext): Command {
  const images = new Command('images')
    .description('What machines can boot: list, build, pull, add.')
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume images                         what there is
  $ sudo ./brume images build debian-12         from Debian's packages, on this host
  $ sudo ./brume images add disk.qcow2 --name mine
  $ sudo ./brume run mine`,
    )
  images.addCommand(
    new Command('list')
      .description('lists images; the default')
      .addOption(homeOption())
      .addOption(jsonOption())
      .action((options: Options) => list(context, options)),
    { isDefault: true },
  )
  images.addCommand(
    new Command('build')
      .description('builds an image from packages on this host')
      .argument('<name>', 'tiny or debian-12')
      .addOption(homeOption())
      .option('-y, --yes', 'install missing system packages without asking')
      .action((name: string, options: Options) => make(context, 'build', name, options)),
  )
  images.addCommand(
    new Command('pull')
      .description('downloads an official cloud image; its checksum is verified')
      .argument('<name>', "a name from './brume images'")
      .addOption(homeOption())
      .option('-y, --yes', 'install missing system packages without asking')
      .action((name: string, options: Options) => make(context, 'pull', name, options)),
  )
  images.addCommand(
    new Command('add')
      .description('adds a disk image of your own: qcow2, raw, vmdk or vhdx')
      .argument('<file>', 'the disk image')
      .option('-n, --name <name>', "its name (default: the file's)")
      .addOption(homeOption())
      .option('-y, --yes', 'install missing system packages without asking')
      .action((file: string, options: Options) => add(context, file, options)),
  )
  return images
}

async function list(context: VerbContext, options: Options): Promise<void> {
  const cloud = await requireCloud(resolveHome(options.home), context.launcher)
  const api = hostApi(cloud)
  const [entries, templates] = await Promise.all([api.images(), api.templates()])
  if (options.json) {
    process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`)
    return
  }
  const rows = entries.map((entry) => [
    entry.name,
    entry.status,
    entry.imageId ?? '-',
    entry.sizeBytes === null ? '-' : formatBytes(entry.sizeBytes),
    templateWord(entry, templates),
    entry.defaultUser,
    entry.description,
  ])
  const isOn = isColoured(process.stdout)
  const head = ['NAME', 'STATUS', 'IMAGE', 'SIZE', 'TEMPLATE', 'USER', 'DESCRIPTION']
  process.stdout.write(`${formatTable(head, rows, (text) => paint('bold', text, isOn))}\n`)
}

/** Whether its machines start in a blink, will soon, or boot; and what was made ahead. */
function templateWord(
  { status, fastLaunch, imageId }: ImageEntry,
  templates: readonly TemplateEntry[],
): string {
  if (status !== 'registered') return '-'
  const waiting = standbyWords(templates.filter((one) => one.imageId === imageId))
  return waiting ? `${fastLaunch ?? 'none'} (${waiting})` : (fastLaunch ?? 'none')
}

async function make(
  context: VerbContext,
  operation: 'build' | 'pull',
  name: string,
  options: Options,
): Promise<void> {
  const cloud = await requireCloud(resolveHome(options.home), context.launcher)
  const entries = await hostApi(cloud).images()
  if (!entries.some((entry) => entry.name === name)) {
    throw new CliError(`No image is called '${name}'.`, {
      hints: [`There are:  ${entries.map((entry) => entry.name).join(', ')}`],
    })
  }
  const kind = operation === 'build' && name === 'tiny' ? 'tiny' : operation
  await packagesEnsure(requirementsOf(kind === 'build' ? 'debian-12' : kind), {
    isYes: options.yes ?? false,
    retryLine: `${context.launcher} images ${operation} --yes ${name}`,
  })
  process.stdout.write(`${await imageMake(cloud, operation, name)}\n`)
}

async function add(context: VerbContext, file: string, options: Options): Promise<void> {
  const path = resolve(file)
  if (!(await exists(path))) throw new CliError(`There is no file ${path}.`)
  const cloud = await requireCloud(resolveHome(options.home), context.launcher)
  const name = options.name ?? basename(path).replace(/\.\w+$/, '')
  await packagesEnsure(requirementsOf('add'), {
    isYes: options.yes ?? false,
    retryLine: `${context.launcher} images add --yes ${file}`,
  })
  process.stdout.write(`${await imageMake(cloud, 'add', name, path)}\n`)
}
