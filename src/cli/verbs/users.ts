/** `brume users`: people with keys of their own. An ordinary client of IAM, with the root key. */
import type { IAMClient } from '@aws-sdk/client-iam'
import { Command } from 'commander'
import { awsCode, iamOf } from '../client.ts'
import { CliError } from '../errors.ts'
import { requireCloud, resolveHome } from '../home.ts'
import { keysOfAnswer, keysShow } from '../keys-shown.ts'
import { homeOption, jsonOption } from '../options.ts'
import { formatTable } from '../ui/format.ts'
import { isColoured, paint } from '../ui/terminal.ts'
import { userEmpty } from '../user-empty.ts'
import type { VerbContext } from '../verb-context.ts'

interface Options {
  home?: string
  json?: boolean
  policy?: string[]
  admin?: boolean
}

const AWS_POLICIES = 'arn:aws:iam::aws:policy/'

export function command(context: VerbContext): Command {
  const users = new Command('users')
    .description('People with keys of their own: list, add, remove.')
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume users add ada --admin > ada.env        may do everything in this account
  $ sudo ./brume users add bob --policy AmazonEC2ReadOnlyAccess
  $ sudo ./brume users                                  who there is
  $ sudo ./brume users rm bob                           with the keys

What a user may do is for policies to say: aws iam put-user-policy …`,
    )
  users.addCommand(
    new Command('list')
      .description('lists users; the default')
      .addOption(homeOption())
      .addOption(jsonOption())
      .action((options: Options) => list(context, options)),
    { isDefault: true },
  )
  users.addCommand(
    new Command('add')
      .description('makes a user with an access key, which is shown once')
      .argument('<name>')
      .option('--policy <policy...>', "names of AWS's policies, or ARNs")
      .option('--admin', 'AdministratorAccess')
      .addOption(homeOption())
      .addOption(jsonOption())
      .action((name: string, options: Options) => add(context, name, options)),
  )
  users.addCommand(
    new Command('rm')
      .description('removes a user with keys, policies and memberships')
      .argument('<name>')
      .addOption(homeOption())
      .action((name: string, options: Options) => remove(context, name, options)),
  )
  return users
}

async function iamHere(context: VerbContext, options: Options) {
  const cloud = await requireCloud(resolveHome(options.home), context.launcher)
  return { cloud, iam: await iamOf(cloud) }
}

async function list(context: VerbContext, options: Options): Promise<void> {
  const { iam } = await iamHere(context, options)
  const { paginateListUsers } = await import('@aws-sdk/client-iam')
  const rows: { name: string; arn: string; policies: string[]; keys: string[] }[] = []
  for await (const page of paginateListUsers({ client: iam }, {})) {
    for (const { UserName = '', Arn = '' } of page.Users ?? []) {
      rows.push({ name: UserName, arn: Arn, ...(await detailsOf(iam, UserName)) })
    }
  }
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else if (rows.length === 0) process.stdout.write('No users yet: everything is done by root.\n')
  else {
    const cells = rows.map((row) => [row.name, row.keys.join(' '), row.policies.join(' ')])
    const bold = (text: string): string => paint('bold', text, isColoured(process.stdout))
    process.stdout.write(`${formatTable(['USER', 'KEYS', 'POLICIES'], cells, bold)}\n`)
  }
}

async function detailsOf(iam: IAMClient, UserName: string) {
  const { ListAccessKeysCommand, ListAttachedUserPoliciesCommand, ListUserPoliciesCommand } =
    await import('@aws-sdk/client-iam')
  const [keys, attached, inline] = await Promise.all([
    iam.send(new ListAccessKeysCommand({ UserName })),
    iam.send(new ListAttachedUserPoliciesCommand({ UserName })),
    iam.send(new ListUserPoliciesCommand({ UserName })),
  ])
  return {
    keys: (keys.AccessKeyMetadata ?? []).map(({ AccessKeyId = '', Status }) =>
      Status === 'Active' ? AccessKeyId : `${AccessKeyId}(off)`,
    ),
    policies: [
      ...(attached.AttachedPolicies ?? []).map(({ PolicyName = '' }) => PolicyName),
      ...(inline.PolicyNames ?? []),
    ],
  }
}

async function add(context: VerbContext, name: string, options: Options): Promise<void> {
  const { cloud, iam } = await iamHere(context, options)
  const { AttachUserPolicyCommand, CreateAccessKeyCommand, CreateUserCommand, GetPolicyCommand } =
    await import('@aws-sdk/client-iam')
  const wanted = [...(options.policy ?? []), ...(options.admin ? ['AdministratorAccess'] : [])]
  const arns = wanted.map((word) => (word.startsWith('arn:') ? word : AWS_POLICIES + word))
  // Before anything is made.
  for (const PolicyArn of arns) await iam.send(new GetPolicyCommand({ PolicyArn })).catch(unknown)
  await iam.send(new CreateUserCommand({ UserName: name }))
  for (const PolicyArn of arns) {
    await iam.send(new AttachUserPolicyCommand({ UserName: name, PolicyArn }))
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }))
  const may = wanted.length > 0 ? `may do what ${wanted.join(', ')} says` : 'may do nothing yet'
  const note = `${name} is made and ${may}. The secret is shown only now.`
  await keysShow(cloud, keysOfAnswer(AccessKey ?? {}), note, options)
}

function unknown(error: unknown): never {
  if (awsCode(error) !== 'NoSuchEntityException') throw error
  throw new CliError(`${(error as Error).message}`, {
    hints: ["Names of AWS's policies:  aws iam list-policies --scope AWS"],
    cause: error,
  })
}

async function remove(context: VerbContext, name: string, options: Options): Promise<void> {
  const { iam } = await iamHere(context, options)
  const { DeleteUserCommand } = await import('@aws-sdk/client-iam')
  await userEmpty(iam, name)
  await iam.send(new DeleteUserCommand({ UserName: name }))
  process.stdout.write(`${name} is gone.\n`)
}
