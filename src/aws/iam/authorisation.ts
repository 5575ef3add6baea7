/**
 * What IAM's operations need: the entity that the input names, by its real ARN; its tags; the keys of IAM's own.
 * Source: service authorization reference, "Actions, resources, and condition keys for AWS IAM".
 */
import type { Ctx } from '../../app/context.ts'
import { entityFind } from '../../app/iam/entities.ts'
import { oidcArn, samlArn } from '../../app/iam/providers.ts'
import { userOrSelf } from '../../app/iam/users.ts'
import { iamArn, type NamedKind } from '../../domain/iam/entities.ts'
import type { Tags } from '../../domain/resource.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'

type Input = Readonly<Record<string, unknown>>
interface Target {
  arn: string
  tags: Tags
  boundaryArn?: string | null
}

const BY_NAME: Readonly<Record<string, { kind: NamedKind; member: string }>> = {
  user: { kind: 'iamUser', member: 'UserName' },
  group: { kind: 'iamGroup', member: 'GroupName' },
  role: { kind: 'iamRole', member: 'RoleName' },
  'instance-profile': { kind: 'iamInstanceProfile', member: 'InstanceProfileName' },
  policy: { kind: 'iamPolicy', member: 'PolicyName' },
  'server-certificate': { kind: 'iamServerCertificate', member: 'ServerCertificateName' },
}
const BY_ARN: Readonly<Record<string, string>> = {
  policy: 'PolicyArn',
  'oidc-provider': 'OpenIDConnectProviderArn',
  'saml-provider': 'SAMLProviderArn',
  mfa: 'SerialNumber',
}

export const iamWanted: Deriver = async (ctx, operation, input) => {
  const action = `iam:${operation}`
  const keys = { ...requestTagKeys(input), ...ownKeys(operation, input) }
  const targets: Target[] = []
  // The simulator and its like: about somebody by ARN, not about the caller.
  const source =
    input.PolicySourceArn ??
    (/LastAccessed|GrantingServiceAccess/.test(operation) ? input.Arn : undefined)
  if (typeof source === 'string') return [{ action, resource: source, keys }]
  for (const type of resourceTypesOf('iam', operation)) {
    const target = await targetOf(ctx, operation, type, input)
    if (target) targets.push(target)
  }
  if (targets.length === 0) return [{ action, resource: '*', keys }]
  const wanted: Wanted[] = targets.map(({ arn, tags, boundaryArn }) => ({
    action,
    resource: arn,
    keys: {
      'iam:PermissionsBoundary': boundaryArn ?? undefined,
      ...keys,
      ...Object.fromEntries(
        Object.entries(tags).flatMap(([key, value]) => [
          [`aws:ResourceTag/${key}`, value],
          [`iam:ResourceTag/${key}`, value],
        ]),
      ),
    },
  }))
  if (operation === 'AddRoleToInstanceProfile') wanted.push(await passRole(ctx, input))
  return wanted
}

function ownKeys(operation: string, input: Input): Wanted['keys'] {
  const keys: Record<string, string> = {}
  const text = (member: string, key: string): void => {
    if (typeof input[member] === 'string') keys[key] = input[member]
  }
  if (/^(?:Attach|Detach)/.test(operation)) text('PolicyArn', 'iam:PolicyARN')
  text('PermissionsBoundary', 'iam:PermissionsBoundary')
  text('AWSServiceName', 'iam:AWSServiceName')
  return keys
}

/** A role goes into a profile: whoever puts it there passes it to EC2. */
async function passRole(ctx: Ctx, input: Input): Promise<Wanted> {
  const role = await targetOf(ctx, 'PassRole', 'role', input)
  const keys = { 'iam:PassedToService': 'ec2.amazonaws.com' }
  return { action: 'iam:PassRole', resource: role?.arn ?? '*', keys }
}

async function targetOf(
  ctx: Ctx,
  operation: string,
  type: string,
  input: Input,
): Promise<Target | undefined> {
  const arnMember = BY_ARN[type]
  const arn = arnMember === undefined ? undefined : input[arnMember]
  if (typeof arn === 'string') return { arn, tags: await tagsByArn(ctx, type, arn) }
  if (type === 'mfa' && typeof input.VirtualMFADeviceName === 'string') {
    const path = typeof input.Path === 'string' ? input.Path : '/'
    return { arn: `arn:aws:iam::${ctx.account}:mfa${path}${input.VirtualMFADeviceName}`, tags: {} }
  }
  if (type === 'oidc-provider' && typeof input.Url === 'string') {
    return { arn: oidcArn(ctx.account, input.Url), tags: {} }
  }
  if (type === 'saml-provider' && typeof input.Name === 'string') {
    return { arn: samlArn(ctx.account, input.Name), tags: {} }
  }
  const byName = BY_NAME[type]
  if (!byName) return undefined
  const name = input[byName.member]
  if (operation === 'CreateServiceLinkedRole') {
    const path = `/aws-service-role/${String(input.AWSServiceName)}/`
    return { arn: `arn:aws:iam::${ctx.account}:role${path}*`, tags: {} }
  }
  if (typeof name !== 'string') return type === 'user' ? selfOf(ctx) : undefined
  const found = await entityFind(ctx.account, ctx.app.store, byName.kind, name)
  if (found) return { ...found, arn: iamArn(byName.kind, found) }
  const path = typeof input.Path === 'string' ? input.Path : '/'
  return { arn: iamArn(byName.kind, { account: ctx.account, path, name }), tags: {} }
}

async function selfOf(ctx: Ctx): Promise<Target | undefined> {
  if (ctx.principal.type !== 'user') return undefined
  const user = await userOrSelf(ctx, undefined)
  return { ...user, arn: iamArn('iamUser', user) }
}

async function tagsByArn(ctx: Ctx, type: string, arn: string): Promise<Tags> {
  const { store } = ctx.app
  if (type === 'policy') {
    const reference = { name: 'arn', value: arn }
    const [policy] = await store.list('iamPolicy', { account: ctx.account, reference })
    return policy?.tags ?? {}
  }
  const found = await store.get(type === 'mfa' ? 'iamMfaDevice' : 'iamProvider', arn)
  return found?.account === ctx.account ? found.tags : {}
}
