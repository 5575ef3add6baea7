/**
 * What KMS's operations need: the key that the input names, by its ARN, and that key's own policy. A ciphertext names
 * its key too. Who names a key that does not exist needs the permission on every key; in another account it is refused
 * as one that is there and whose policy does not know the caller.
 */
import type { Ctx } from '../../app/context.ts'
import { keyIdOf } from '../../app/kms/crypto.ts'
import { keyFind } from '../../app/kms/find.ts'
import { keyPolicyCompiled } from '../../app/kms/keys.ts'
import { FaultError } from '../../domain/faults.ts'
import { kmsKeyArn, type KmsKey } from '../../domain/kms.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'

type Input = Readonly<Record<string, unknown>>

export const kmsWanted: Deriver = async (ctx, operation, input) => {
  const keys = { ...requestTagKeys(tagsOf(input)), ...contextKeys(input) }
  if (operation === 'ReEncrypt') {
    const source = await keyOfCiphertext(ctx, input)
    const target = await namedWanted(ctx, 'kms:ReEncryptTo', input.DestinationKeyId, keys)
    return [wantedOf('kms:ReEncryptFrom', source, keys), target]
  }
  const action = `kms:${operation}`
  if (!resourceTypesOf('kms', operation).includes('key')) return [{ action, resource: '*', keys }]
  const named = input.KeyId ?? input.TargetKeyId
  const wanted = [
    named === undefined
      ? wantedOf(
          action,
          (await keyOfCiphertext(ctx, input)) ?? (await keyOfAlias(ctx, input)),
          keys,
        )
      : await namedWanted(ctx, action, named, keys),
  ]
  if (typeof input.AliasName === 'string') {
    const resource = `arn:aws:kms:${ctx.region}:${ctx.account}:${input.AliasName}`
    wanted.push({ action, resource, keys })
  }
  return wanted
}

/** For services that use a key on behalf of the caller. */
export async function kmsKeyWanted(ctx: Ctx, action: string, text: string): Promise<Wanted> {
  return namedWanted(ctx, action, text, {})
}

const ARN = /^arn:aws:kms:[a-z0-9-]+:(\d{12}):(?:key|alias)\//

async function namedWanted(
  ctx: Ctx,
  action: string,
  text: unknown,
  keys: Wanted['keys'],
): Promise<Wanted> {
  const wanted = wantedOf(action, await keyNamed(ctx, text), keys)
  const account = typeof text === 'string' ? ARN.exec(text)?.[1] : undefined
  if (typeof text !== 'string' || account === undefined || account === ctx.account) return wanted
  // Whether another account has such a key or alias, and which key, is its policy's to tell.
  const { resource, resourcePolicy = { account, policy: { statements: [] }, ids: {} } } = wanted
  return { ...wanted, resource: resource === '*' ? text : resource, resourcePolicy, shown: text }
}

function wantedOf(action: string, key: KmsKey | undefined, keys: Wanted['keys']): Wanted {
  if (!key) return { action, resource: '*', keys }
  const tags = Object.entries(key.tags).map(([name, value]) => [`aws:ResourceTag/${name}`, value])
  return {
    action,
    resource: kmsKeyArn(key),
    keys: { ...keys, ...(Object.fromEntries(tags) as Record<string, string>) },
    resourcePolicy: { account: key.account, policy: keyPolicyCompiled(key), ids: {} },
  }
}

async function keyNamed(ctx: Ctx, text: unknown): Promise<KmsKey | undefined> {
  if (typeof text !== 'string') return undefined
  return keyFind(ctx, text).catch((error: unknown) => {
    if (error instanceof FaultError) return undefined
    throw error
  })
}

async function keyOfCiphertext(ctx: Ctx, input: Input): Promise<KmsKey | undefined> {
  const { CiphertextBlob: blob } = input
  const id = blob instanceof Uint8Array ? keyIdOf(blob) : undefined
  return id === undefined ? undefined : ctx.app.store.get('kmsKey', id)
}

async function keyOfAlias(ctx: Ctx, input: Input): Promise<KmsKey | undefined> {
  return keyNamed(ctx, input.AliasName)
}

/** KMS's tags have members of their own. */
function tagsOf(input: Input): Input {
  const tags = (input.Tags ?? []) as { TagKey?: string; TagValue?: string }[]
  if (!Array.isArray(tags)) return input
  return { ...input, Tags: tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })) }
}

function contextKeys(input: Input): Wanted['keys'] {
  const context = (input.EncryptionContext ?? {}) as Record<string, string>
  const pairs = Object.entries(context)
  if (pairs.length === 0) return {}
  return {
    ...Object.fromEntries(pairs.map(([key, value]) => [`kms:EncryptionContext:${key}`, value])),
    'kms:EncryptionContextKeys': pairs.map(([key]) => key),
  }
}
