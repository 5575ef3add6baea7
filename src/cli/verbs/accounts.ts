/**
 * `brume accounts`: accounts apart from each other, by Organizations. A new account has no keys of its own: one enters
 * it by its role OrganizationAccountAccessRole, which root may not assume; so a user with a key that lives for a moment
 * does it, as an administrator would.
 */
import type { Account, OrganizationsClient } from '@aws-sdk/client-organizations'
import { Command } from 'commander'
import { awsCode, iamOf, organizationsOf, stsOf, type Keys } from '../client.ts'
import { CliError } from '../errors.ts'
import { requireCloud, resolveHome, type Cloud } from '../home.ts'
import { keysOfAnswer, keysShow } from '../keys-shown.ts'
import { homeOption, jsonOption } from '../options.ts'
import { formatTable } from '../ui/format.ts'
import { isColoured, paint } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'

interface Options {
  home?: string
  json?: boolean
  email?: string
}

const ROLE = 'OrganizationAccountAccessRole'
const OPERATOR = 'brume-accounts'

export function command(context: VerbContext): Command {
  const accounts = new Command('accounts')
    .description('Accounts that are apart from each other: list, add, enter, close.')
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume accounts add staging
  $ eval "$(sudo ./brume accounts env staging)"   be its administrator for an hour
  $ sudo ./brume accounts                         what there is
  $ sudo ./brume accounts close staging           nobody of it may do anything any more`,
    )
  accounts.addCommand(
    new Command('list')
      .description('lists accounts; the default')
      .addOption(homeOption())
      .addOption(jsonOption())
      .action((options: Options) => list(context, options)),
    { isDefault: true },
  )
  accounts.addCommand(
    new Command('add')
      .description('makes an account')
      .argument('<name>')
      .option('--email <address>', 'its address, which no other account has')
      .addOption(homeOption())
      .addOption(jsonOption())
      .action((name: string, options: Options) => add(context, name, options)),
  )
  accounts.addCommand(
    new Command('env')
      .description("prints the environment of an account's administrator, good for an hour")
      .argument('<account>', 'name or id')
      .addOption(homeOption())
      .addOption(jsonOption())
      .action((account: string, options: Options) => env(context, account, options)),
  )
  accounts.addCommand(
    new Command('close')
      .description('closes an account for good')
      .argument('<account>', 'name or id')
      .addOption(homeOption())
      .action((account: string, options: Options) => close(context, account, options)),
  )
  return accounts
}

async function here(context: VerbContext, options: Options) {
  const cloud = await requireCloud(resolveHome(options.home), context.launcher)
  return { cloud, organizations: await organizationsOf(cloud) }
}

/** Without an organisation there is the first account only. */
async function accountsOf(organizations: OrganizationsClient): Promise<Account[]> {
  const { paginateListAccounts } = await import('@aws-sdk/client-organizations')
  const accounts: Account[] = []
  try {
    for await (const page of paginateListAccounts({ client: organizations }, {})) {
      accounts.push(...(page.Accounts ?? []))
    }
  } catch (error) {
    if (awsCode(error) !== 'AWSOrganizationsNotInUseException') throw error
  }
  return accounts
}

async function list(context: VerbContext, options: Options): Promise<void> {
  const { cloud, organizations } = await here(context, options)
  const found = await accountsOf(organizations)
  const rows =
    found.length > 0
      ? found.map(({ Id, Name, Status }) => ({ id: Id, name: Name, status: Status }))
      : [{ id: cloud.credentials.account, name: 'the first', status: 'ACTIVE' }]
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else {
    const cells = rows.map((row) => [row.id ?? '', row.name ?? '', row.status ?? ''])
    const bold = (text: string): string => paint('bold', text, isColoured(process.stdout))
    process.stdout.write(`${formatTable(['ACCOUNT', 'NAME', 'STATUS'], cells, bold)}\n`)
  }
}

async function add(context: VerbContext, name: string, options: Options): Promise<void> {
  const { organizations } = await here(context, options)
  const { CreateAccountCommand, CreateOrganizationCommand } =
    await import('@aws-sdk/client-organizations')
  await organizations.send(new CreateOrganizationCommand({})).catch((error: unknown) => {
    if (awsCode(error) !== 'AlreadyInOrganizationException') throw error
  })
  if ((await accountsOf(organizations)).some((one) => one.Name === name)) {
    throw new CliError(`There is an account called '${name}' already.`)
  }
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const Email = options.email ?? `${slug}@account.invalid`
  const { CreateAccountStatus: status } = await organizations.send(
    new CreateAccountCommand({ AccountName: name, Email }),
  )
  if (status?.State !== 'SUCCEEDED') {
    throw new CliError(`The account was not made: ${status?.FailureReason ?? 'no reason given'}.`)
  }
  const made = { id: status.AccountId, name, email: Email }
  if (options.json) process.stdout.write(`${JSON.stringify(made, null, 2)}\n`)
  else {
    process.stdout.write(`${status.AccountId}\n`)
    process.stderr.write(
      `  Enter it:  eval "$(${context.launcher} accounts env ${slug === name ? name : made.id})"\n`,
    )
  }
}

async function accountFind(organizations: OrganizationsClient, word: string): Promise<Account> {
  const all = await accountsOf(organizations)
  const found = all.filter(({ Id, Name }) => Id === word || Name === word)
  if (found.length === 1) return found[0]!
  const names = all.map(({ Id, Name }) => `${Id} (${Name})`).join(', ')
  throw new CliError(`No one account has the id or the name '${word}'.`, {
    hints: names === '' ? [] : [`There are:  ${names}`],
  })
}

async function env(context: VerbContext, word: string, options: Options): Promise<void> {
  const { cloud, organizations } = await here(context, options)
  const account = await accountFind(organizations, word)
  const keys = await enter(cloud, account.Id ?? '')
  const note = `Administrator of ${account.Name} (${account.Id}) for an hour.`
  await keysShow(cloud, keys, note, options)
}

/** The operator may assume that role and nothing else; its key is gone when this returns. */
async function enter(cloud: Cloud, accountId: string): Promise<Keys> {
  const iam = await iamOf(cloud)
  const sdk = await import('@aws-sdk/client-iam')
  const { AssumeRoleCommand } = await import('@aws-sdk/client-sts')
  const UserName = OPERATOR
  await iam.send(new sdk.CreateUserCommand({ UserName })).catch((error: unknown) => {
    if (awsCode(error) !== 'EntityAlreadyExistsException') throw error
  })
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: `arn:aws:iam::*:role/${ROLE}` },
    ],
  })
  await iam.send(
    new sdk.PutUserPolicyCommand({ UserName, PolicyName: 'enter-accounts', PolicyDocument }),
  )
  const { AccessKey } = await iam.send(new sdk.CreateAccessKeyCommand({ UserName }))
  try {
    const sts = await stsOf(cloud, keysOfAnswer(AccessKey ?? {}))
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: `arn:aws:iam::${accountId}:role/${ROLE}`,
        RoleSessionName: 'brume',
      }),
    )
    return keysOfAnswer(Credentials ?? {})
  } finally {
    const AccessKeyId = AccessKey?.AccessKeyId
    await iam.send(new sdk.DeleteAccessKeyCommand({ UserName, AccessKeyId }))
  }
}

async function close(context: VerbContext, word: string, options: Options): Promise<void> {
  const { organizations } = await here(context, options)
  const { CloseAccountCommand } = await import('@aws-sdk/client-organizations')
  const { Id, Name } = await accountFind(organizations, word)
  await organizations.send(new CloseAccountCommand({ AccountId: Id }))
  process.stdout.write(`${Name} (${Id}) is closed.\n`)
}
