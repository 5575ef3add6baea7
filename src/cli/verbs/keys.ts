/** `brume keys`: a user's access keys, of which IAM allows two: the second is for rotating. */
import type { AccessKeyMetadata, IAMClient } from '@aws-sdk/client-iam'
import { Command } from 'commander'
import { iamOf } from '../client.ts'
import { CliError } from '../errors.ts'
import { requireCloud, resolveHome } from '../home.ts'
import { keysOfAnswer, keysShow } from '../keys-shown.ts'
import { homeOption, jsonOption } from '../options.ts'
import { formatTable } from '../ui/format.ts'
import { isColoured, paint } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'

interface Options {
  home?: string
  json?: boolean
}

const KEYS_MAX = 2

export function command(context: VerbContext): Command {
  const keys = new Command('keys')
    .description("A user's access keys: list, add, rotate, switch off and on, remove.")
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume keys list ada
  $ sudo ./brume keys rotate ada > ada.env   a new key; the old one works until 'off' or 'rm'
  $ sudo ./brume keys off ada AKIA…          refused from now on
  $ sudo ./brume keys rm ada AKIA…`,
    )
  const verb = (name: string, description: string): Command =>
    new Command(name).description(description).argument('<user>').addOption(homeOption())
  keys.addCommand(
    verb('list', 'lists the keys of a user')
      .addOption(jsonOption())
      .action((user: string, options: Options) => list(context, user, options)),
  )
  for (const [name, description] of [
    ['add', 'makes a key, which is shown once'],
    ['rotate', 'makes a second key beside the one in use, which is shown once'],
  ] as const) {
    keys.addCommand(
      verb(name, description)
        .addOption(jsonOption())
        .action((user: string, options: Options) => add(context, user, options, name)),
    )
  }
  for (const [name, description] of [
    ['off', 'switches a key off'],
    ['on', 'switches a key on again'],
    ['rm', 'removes a key'],
  ] as const) {
    keys.addCommand(
      verb(name, description)
        .argument('<key>', 'its id')
        .action((user: string, key: string, options: Options) =>
          change(context, name, user, key, options),
        ),
    )
  }
  return keys
}

async function iamHere(context: VerbContext, options: Options) {
  const cloud = await requireCloud(resolveHome(options.home), context.launcher)
  return { cloud, iam: await iamOf(cloud) }
}

async function keysOf(iam: IAMClient, UserName: string): Promise<AccessKeyMetadata[]> {
  const { ListAccessKeysCommand } = await import('@aws-sdk/client-iam')
  return (await iam.send(new ListAccessKeysCommand({ UserName }))).AccessKeyMetadata ?? []
}

async function list(context: VerbContext, user: string, options: Options): Promise<void> {
  const { iam } = await iamHere(context, options)
  const { GetAccessKeyLastUsedCommand } = await import('@aws-sdk/client-iam')
  const rows = await Promise.all(
    (await keysOf(iam, user)).map(async ({ AccessKeyId, Status, CreateDate }) => {
      const { AccessKeyLastUsed: used } = await iam.send(
        new GetAccessKeyLastUsedCommand({ AccessKeyId }),
      )
      const lastUsed = used?.LastUsedDate?.toISOString() ?? null
      const service = lastUsed === null ? null : (used?.ServiceName ?? null)
      return { id: AccessKeyId, status: Status, made: CreateDate?.toISOString(), lastUsed, service }
    }),
  )
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else if (rows.length === 0) process.stdout.write(`${user} has no keys.\n`)
  else {
    const cells = rows.map((row) => [
      row.id ?? '',
      row.status ?? '',
      row.made ?? '',
      row.lastUsed === null ? 'never' : `${row.lastUsed} (${row.service})`,
    ])
    const bold = (text: string): string => paint('bold', text, isColoured(process.stdout))
    const head = ['KEY', 'STATUS', 'MADE', 'LAST USED']
    process.stdout.write(`${formatTable(head, cells, bold)}\n`)
  }
}

async function add(
  context: VerbContext,
  user: string,
  options: Options,
  verb: 'add' | 'rotate',
): Promise<void> {
  const { cloud, iam } = await iamHere(context, options)
  const before = await keysOf(iam, user)
  if (before.length >= KEYS_MAX) {
    const ids = before.map(({ AccessKeyId, Status }) => `${AccessKeyId} (${Status})`).join(', ')
    throw new CliError(`${user} has two keys already, which is all IAM allows: ${ids}.`, {
      hints: [`Remove the older one:  ${context.launcher} keys rm ${user} KEY`],
    })
  }
  const { CreateAccessKeyCommand } = await import('@aws-sdk/client-iam')
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: user }))
  const [old] = before
  const next =
    verb === 'rotate' && old
      ? ` When the new one is in use:  ${context.launcher} keys rm ${user} ${old.AccessKeyId}`
      : ''
  const note = `A key of ${user}. The secret is shown only now.${next}`
  await keysShow(cloud, keysOfAnswer(AccessKey ?? {}), note, options)
}

async function change(
  context: VerbContext,
  verb: 'off' | 'on' | 'rm',
  UserName: string,
  AccessKeyId: string,
  options: Options,
): Promise<void> {
  const { iam } = await iamHere(context, options)
  const { DeleteAccessKeyCommand, UpdateAccessKeyCommand } = await import('@aws-sdk/client-iam')
  const key = { UserName, AccessKeyId }
  if (verb === 'rm') await iam.send(new DeleteAccessKeyCommand(key))
  else {
    const Status = verb === 'on' ? 'Active' : 'Inactive'
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status }))
  }
  const words = { rm: 'is gone', on: 'works again', off: 'is refused from now on' }
  process.stdout.write(`${AccessKeyId} ${words[verb]}.\n`)
}
