/** `brume backup`: machines backed up and restored, files fetched out of backups, vaults found again by a key. */
import { createWriteStream } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Command, Option } from 'commander'
import type { FileEntry } from '../../domain/backup.ts'
import {
  backupRun,
  pointChoose,
  pointIdOf,
  pointRestore,
  pointsAll,
  VAULT_DEFAULT,
  type PointRow,
} from '../backup.ts'
import { CliError, EXIT } from '../errors.ts'
import { requireCloud, resolveHome, type Cloud } from '../home.ts'
import { hostApi } from '../host-api.ts'
import { homeOption, jsonOption } from '../options.ts'
import { formatBytes, formatTable } from '../ui/format.ts'
import { during } from '../ui/progress.ts'
import { plainText } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'
import { locationCommand } from './backup-location.ts'

interface Options {
  home?: string
  json?: boolean
  vault?: string
  instant?: boolean
  output?: string
  format?: string
  file?: string
  key?: string
  location?: string
}

export function command(context: VerbContext): Command {
  const cloudOf = (options: Options): Promise<Cloud> =>
    requireCloud(resolveHome(options.home), context.launcher)
  const backup = new Command('backup')
    .description('Backups of machines, through the AWS Backup API (docs/backup.md).')
    .addHelpText(
      'after',
      `
A POINT is a recovery point's ARN, its id, or the beginning of its id.

Examples:
  $ sudo ./brume backup run web
  $ sudo ./brume backup list
  $ sudo ./brume backup ls 3f2a /xvda/etc
  $ sudo ./brume backup get 3f2a /xvda/etc/hosts
  $ sudo ./brume backup export 3f2a xvda --format vmdk
  $ sudo ./brume backup restore 3f2a --instant
  $ sudo ./brume backup key export brume --file brume.key    # keep it somewhere else
  $ sudo ./brume backup recover --vault /mnt/disk/vault --key brume.key`,
    )
  const verb = (usage: string, description: string): Command => {
    const made = new Command(usage.split(' ')[0]).description(description).addOption(homeOption())
    for (const word of usage.split(' ').slice(1)) made.argument(word)
    backup.addCommand(made)
    return made
  }
  machines(verb, cloudOf)
  files(verb, cloudOf)
  exports(verb, cloudOf)
  vaults(verb, cloudOf, context)
  const key = new Command('key').description('The keys of vaults.')
  key.addCommand(keyExport(cloudOf))
  backup.addCommand(key)
  backup.addCommand(locationCommand(context))
  return backup
}

type Verb = (usage: string, description: string) => Command
type CloudOf = (options: Options) => Promise<Cloud>

function machines(verb: Verb, cloudOf: CloudOf): void {
  verb('list', 'Lists recovery points, the youngest first.')
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const points = await pointsAll(await cloudOf(options))
      process.stdout.write(options.json ? `${JSON.stringify(points, null, 2)}\n` : tableOf(points))
    })
  verb('run [machine]', 'Backs up a machine now; without a name, the one that was launched last.')
    .option('--vault <name>', 'into this vault; it is made if there is none', VAULT_DEFAULT)
    .action(async (machine: string | undefined, options: Options) => {
      const cloud = await cloudOf(options)
      const vault = options.vault ?? VAULT_DEFAULT
      const arn = await during('Backing up', (step) => backupRun(cloud, machine, vault, step))
      process.stdout.write(`${arn}\n`)
    })
  verb('restore <point>', 'Makes a new machine (or volume) of a recovery point.')
    .option('--instant', 'it starts at once, and its disks are copied behind it')
    .action(async (word: string, options: Options) => {
      const cloud = await cloudOf(options)
      const point = await pointChoose(cloud, word)
      const isInstant = options.instant === true
      const arn = await during('Restoring', (step) =>
        pointRestore(cloud, point, { isInstant }, step),
      )
      process.stdout.write(`${arn}\n`)
    })
}

function files(verb: Verb, cloudOf: CloudOf): void {
  verb('ls <point> [path]', 'Lists files in a recovery point: / has its disks.')
    .addOption(jsonOption())
    .action(async (word: string, path: string | undefined, options: Options) => {
      const cloud = await cloudOf(options)
      const { RecoveryPointArn: point } = await pointChoose(cloud, word)
      const { entries } = await during('Looking into the point', () =>
        hostApi(cloud).backup<{ entries: FileEntry[] }>('ls', { point, path: path ?? '/' }),
      )
      const text = options.json ? `${JSON.stringify(entries, null, 2)}\n` : listingOf(entries)
      process.stdout.write(text)
    })
  verb('get <point> <path>', 'Fetches a file out of a recovery point.')
    .option('-o, --output <file>', 'where to; - for the standard output (default: its own name)')
    .action(async (word: string, path: string, options: Options) => {
      const cloud = await cloudOf(options)
      const { RecoveryPointArn } = await pointChoose(cloud, word)
      const bytes = () => hostApi(cloud).backupFile(RecoveryPointArn!, path)
      if (options.output === '-') return pipeline(await bytes(), process.stdout, { end: false })
      const target = resolve(options.output ?? basename(path))
      const part = `${target}.part`
      try {
        await during(`Fetching ${plainText(path)}`, async () => {
          await pipeline(await bytes(), createWriteStream(part, { flags: 'wx', mode: 0o600 }))
          await rename(part, target)
        })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(part, { force: true })
        throw error
      }
      process.stdout.write(`${target}\n`)
    })
}

function exports(verb: Verb, cloudOf: CloudOf): void {
  verb('export <point> [disk]', 'Writes a disk of a recovery point to a file of this host.')
    .addOption(new Option('--format <format>').choices(['qcow2', 'raw', 'vmdk']).default('qcow2'))
    .action(async (word: string, disk: string | undefined, options: Options) => {
      const cloud = await cloudOf(options)
      const { RecoveryPointArn: point } = await pointChoose(cloud, word)
      const { format } = options
      const { path } = await during('Writing the disk', () =>
        hostApi(cloud).backup<{ path: string }>('export', { point, disk, format }),
      )
      process.stdout.write(`${path}\n`)
    })
}

function vaults(verb: Verb, cloudOf: CloudOf, context: VerbContext): void {
  verb('verify [point]', 'Reads and checks everything that a point, or all points, need.')
    .option('--vault <name>', 'only the points of this vault')
    .action(async (word: string | undefined, options: Options) => {
      const cloud = await cloudOf(options)
      let damagedCount = 0
      for (const [name, what] of await toVerify(cloud, word, options.vault)) {
        const { damaged, readBytes } = await during(`Verifying ${name}`, () =>
          hostApi(cloud).backup<Verified>('verify', what),
        )
        for (const { pointId, reason } of damaged) {
          process.stdout.write(plainText(`${pointId}: ${reason}\n`))
        }
        const outcome = damaged.length === 0 ? 'nothing is damaged' : `${damaged.length} damaged`
        process.stdout.write(`${name}: ${formatBytes(readBytes)} read, ${outcome}\n`)
        damagedCount += damaged.length
      }
      if (damagedCount > 0) context.exit(EXIT.failed)
    })
  verb('recover', 'Takes a vault that this cloud knows nothing of into it, by its key.')
    .option('--vault <folder>', 'the folder that is the vault')
    .option('--location <name>', 'or the registered location that it is in')
    .requiredOption('--key <file>', 'what `backup key export` wrote')
    .action(async (options: Options) => {
      if ((options.vault === undefined) === (options.location === undefined)) {
        throw new CliError('Either --vault or --location is needed.', { exitCode: EXIT.usage })
      }
      const cloud = await cloudOf(options)
      const key: unknown = JSON.parse(await readFile(options.key!, 'utf8'))
      const where = options.vault
        ? { folder: resolve(options.vault) }
        : { location: options.location }
      const found = await during('Reading the vault', () =>
        hostApi(cloud).backup<Recovered>('recover', { key, ...where }),
      )
      const { vaultName, pointCount, newPointCount } = found
      process.stdout.write(
        `${vaultName}: ${pointCount} recovery points, ${newPointCount} of them new here\n` +
          recoveredTable(found),
      )
    })
}

interface Verified {
  damaged: { pointId: string; reason: string }[]
  readBytes: number
}

/** Its name and what to ask for: a point, a vault, or each vault that has points. */
async function toVerify(
  cloud: Cloud,
  word: string | undefined,
  vault: string | undefined,
): Promise<[string, { point?: string | undefined; vault?: string }][]> {
  if (word !== undefined) {
    const { RecoveryPointArn: point } = await pointChoose(cloud, word)
    return [[pointIdOf(point ?? ''), { point }]]
  }
  const points = vault === undefined ? await pointsAll(cloud) : []
  const names = vault === undefined ? points.map((point) => point.BackupVaultName) : [vault]
  if (names.length === 0) throw new CliError('There is no recovery point yet.')
  return [...new Set(names)].map((name) => [name, { vault: name }])
}

function keyExport(cloudOf: CloudOf): Command {
  return new Command('export')
    .description('Writes the key by which a vault can be read without this cloud.')
    .argument('<vault>')
    .option('--file <file>', 'into this file, which must not be there; otherwise it is printed')
    .addOption(homeOption())
    .action(async (vault: string, options: Options) => {
      const key = await hostApi(await cloudOf(options)).backup<object>('key', { vault })
      const text = `${JSON.stringify(key, null, 2)}\n`
      if (options.file === undefined) return void process.stdout.write(text)
      const handle = await open(options.file, 'wx', 0o600)
      try {
        await handle.writeFile(text)
        await handle.sync()
      } finally {
        await handle.close()
      }
      process.stderr.write('Whoever has this file and the vault has what was backed up into it.\n')
    })
}

interface Recovered {
  vaultName: string
  pointCount: number
  newPointCount: number
  points: {
    pointId: string
    createdAt: number
    resourceArn: string | null
    disks: { label: string; sizeBytes: number }[]
  }[]
}

/** What is in it, and how large the disks are that a restore makes. */
export function recoveredTable({ points }: Pick<Recovered, 'points'>): string {
  const rows = points
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .map(({ pointId, createdAt, resourceArn, disks }) => [
      pointId,
      new Date(createdAt).toISOString().slice(0, 19).replace('T', ' '),
      resourceArn?.split('/').at(-1) ?? '',
      disks.map(({ label, sizeBytes }) => `${label} ${formatBytes(sizeBytes)}`).join(', '),
    ])
  return `${formatTable(['POINT', 'TIME', 'OF', 'DISKS'], rows)}\n`
}

function tableOf(points: readonly PointRow[]): string {
  const rows = points.map((point) => [
    pointIdOf(point.RecoveryPointArn ?? ''),
    point.CreationDate?.toISOString().slice(0, 19) ?? '',
    point.ResourceType ?? '',
    plainText(point.ResourceName || (point.ResourceArn?.split('/').at(-1) ?? '')),
    point.BackupVaultName,
    formatBytes(point.BackupSizeInBytes ?? 0),
    point.Status ?? '',
  ])
  const table = formatTable(['POINT', 'TIME', 'TYPE', 'OF', 'VAULT', 'SIZE', 'STATUS'], rows)
  return table === '' ? '' : `${table.trimEnd()}\n`
}

const KINDS = { folder: 'd', file: '-', link: 'l', other: '?' } as const

function listingOf(entries: readonly FileEntry[]): string {
  const lines = entries.map(({ kind, mode, sizeBytes, modifiedAt, name }) => {
    const time = new Date(modifiedAt).toISOString().slice(0, 16).replace('T', ' ')
    const size = String(sizeBytes).padStart(12)
    return `${KINDS[kind]}${mode.toString(8).padStart(4, '0')} ${size} ${time} ${plainText(name)}\n`
  })
  return lines.join('')
}
