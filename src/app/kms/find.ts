/** Keys by what a request calls them: id, ARN, alias, alias's ARN. Another account's only by an ARN. */
import { kmsAliasId, type KmsKey } from '../../domain/kms.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { aliasNotFound, invalidState, disabled, keyNotFound } from './faults.ts'

const ARN = /^arn:aws:kms:([a-z0-9-]+):(\d{12}):(key\/([\w-]+)|alias\/[\w/-]+)$/

/** @throws NotFoundException. Whether the caller may see it was decided before (aws/kms/authorisation.ts). */
export async function keyFind(
  ctx: Ctx,
  text: string,
  reader: StoreReader = ctx.app.store,
): Promise<KmsKey> {
  const arn = ARN.exec(text)
  const region = arn?.[1] ?? ctx.region
  const account = arn?.[2] ?? ctx.account
  const name = arn ? arn[3]! : text
  const isAlias = name.startsWith('alias/')
  const keyId = isAlias
    ? (await reader.get('kmsAlias', kmsAliasId(account, region, name)))?.keyId
    : (arn?.[4] ?? text)
  if (keyId === undefined) {
    throw aliasNotFound(arn ? text : `arn:aws:kms:${region}:${account}:${name}`)
  }
  const key = await reader.get('kmsKey', keyId)
  const isThere = key && key.account === account && key.region === region && region === ctx.region
  if (!isThere) throw keyNotFound(arn ? text : `arn:aws:kms:${region}:${account}:key/${keyId}`)
  return key
}

/** A key that can be used. @throws DisabledException, KMSInvalidStateException */
export function usable(key: KmsKey): KmsKey {
  if (key.state === 'Disabled') throw disabled(key)
  if (key.state === 'PendingDeletion') throw invalidState(key, 'is pending deletion.')
  return key
}
