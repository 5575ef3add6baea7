/**
 * What SSM's operations need: parameters by name, with their tags. Public ones belong to no account. Whoever puts or
 * reads a secret needs the key that it is enciphered with too, unless it is the account's own for parameters.
 */
import type { Ctx } from '../../app/context.ts'
import { isPublicName, SSM_ALIAS, storedGet, storedList } from '../../app/parameter-store.ts'
import { parameterReferenceOf } from '../../app/parameters.ts'
import { parameterArnOf, type StoredParameter } from '../../domain/parameter.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'
import { kmsKeyWanted } from '../kms/authorisation.ts'

type Input = Readonly<Record<string, unknown>>

export function parameterArn(ctx: Ctx, name: string): string {
  const plain = plainName(name)
  const account = isPublicName(plain) ? '' : ctx.account
  return parameterArnOf({ account, region: ctx.region, name: plain })
}

/** Without the version, and not as an ARN. */
function plainName(text: string): string {
  const path = /^arn:[^/]*?:parameter(\/.*)$/.exec(text)?.[1]
  return parameterReferenceOf(path ?? text).name
}

export const ssmWanted: Deriver = async (ctx, operation, input) => {
  const action = `ssm:${operation}`
  const named = [input.Name, input.Path, ...((input.Names as string[] | undefined) ?? [])]
  const tagged = input.ResourceType === 'Parameter' ? [input.ResourceId] : []
  const names = [...named, ...tagged].filter((name): name is string => typeof name === 'string')
  const keys = requestTagKeys(input)
  const hasParameters = resourceTypesOf('ssm', operation).includes('parameter')
  if (!hasParameters || names.length === 0) return [{ action, resource: '*', keys }]
  const found = await Promise.all(names.map((name) => ownOf(ctx, name)))
  const wanted = names.map((name, n): Wanted => {
    const tags = Object.entries(found[n]?.tags ?? {}).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`ssm:resourceTag/${key}`, value],
    ])
    const resource = parameterArn(ctx, name)
    return { action, resource, keys: { ...keys, ...Object.fromEntries(tags) } }
  })
  return [...wanted, ...(await secretsWanted(ctx, operation, input, found))]
}

/** By its name, or by its ARN, in which a name without a path has a slash. */
async function ownOf(ctx: Ctx, text: string): Promise<StoredParameter | undefined> {
  const name = plainName(text)
  const found = await storedGet(ctx, name)
  return found ?? (text.startsWith('arn:') ? storedGet(ctx, name.slice(1)) : undefined)
}

async function secretsWanted(
  ctx: Ctx,
  operation: string,
  input: Input,
  found: readonly (StoredParameter | undefined)[],
): Promise<Wanted[]> {
  if (operation === 'PutParameter') {
    const key = input.KeyId ?? found[0]?.values.at(-1)?.keyId
    const isSecret = typeof key === 'string' && key !== SSM_ALIAS
    return isSecret ? [await kmsKeyWanted(ctx, 'kms:Encrypt', key)] : []
  }
  if (input.WithDecryption !== true) return []
  const path = typeof input.Path === 'string' ? input.Path : null
  const all =
    path === null ? found : (await storedList(ctx)).filter(({ name }) => name.startsWith(path))
  const keys = all.flatMap((one) => (one?.values ?? []).flatMap(({ keyId }) => keyId ?? []))
  const others = [...new Set(keys)].filter((key) => key !== SSM_ALIAS)
  return Promise.all(others.map((key) => kmsKeyWanted(ctx, 'kms:Decrypt', key)))
}
