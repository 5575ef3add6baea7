/**
 * Encrypted volumes: each has a data key of its own, wrapped under a key of KMS; what is made of it (snapshots, their
 * copies, volumes of them) has the same, so that nothing is deciphered to be shared. Whether a volume is encrypted:
 * as asked, as its snapshot, or as the account's default for the region. Source: EBS user guide, "Amazon EBS
 * encryption".
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { Snapshot } from '../../domain/image.ts'
import { kmsKeyArn, type DataKey, type KmsKey } from '../../domain/kms.ts'
import type { Layer, LayerId } from '../../domain/layer.ts'
import type { VolumeKeys } from '../../domain/machine.ts'
import type { Volume } from '../../domain/volume.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { decipher, encipher, keyIdOf } from '../kms/crypto.ts'
import { keyNotFound } from '../kms/faults.ts'
import { keyFind, usable } from '../kms/find.ts'
import { mayUseForeignKey } from '../kms/foreign.ts'
import { ebsKeyEnsure } from '../kms/keys.ts'

export interface EncryptionRequest {
  /** Null: not said. */
  isEncrypted: boolean | null
  keyId: string | null
}

export interface EncryptionDefault {
  isEncrypted: boolean
  /** Null: the account's own key for volumes. */
  keyArn: string | null
}

const DATA_KEY_BYTES = 32

const settingName = (ctx: Ctx): string => `ebs-encryption:${ctx.account}:${ctx.region}`

export async function encryptionDefault(
  ctx: Ctx,
  reader: StoreReader = ctx.app.store,
): Promise<EncryptionDefault> {
  const text = await reader.setting(settingName(ctx))
  return text ? (JSON.parse(text) as EncryptionDefault) : { isEncrypted: false, keyArn: null }
}

export async function encryptionDefaultSet(
  ctx: Ctx,
  change: Partial<EncryptionDefault>,
): Promise<EncryptionDefault> {
  return ctx.app.store.transact(async (tx) => {
    const next = { ...(await encryptionDefault(ctx, tx)), ...change }
    await tx.settingPut(settingName(ctx), JSON.stringify(next))
    return next
  })
}

/** The key that encrypts where none is named; made when the account has none yet. */
export async function encryptionDefaultKey(ctx: Ctx): Promise<string> {
  const { keyArn } = await encryptionDefault(ctx)
  if (keyArn !== null) return keyArn
  return kmsKeyArn(await ctx.app.store.transact((tx) => ebsKeyEnsure(ctx, tx)))
}

type Plan = Pick<Volume, 'isEncrypted' | 'encryption' | 'isCopied'>

/** Without effects; a key of its own comes with `volumeEncrypted`. @throws Faults for keys that cannot be used. */
export async function encryptionPlan(
  ctx: Ctx,
  reader: StoreReader,
  request: EncryptionRequest,
  snapshot: Snapshot | null,
): Promise<Plan> {
  const inherited = snapshot?.encryption ?? null
  if (inherited && snapshot!.account !== ctx.account) {
    const feature = 'a volume of an encrypted snapshot of another account'
    throw new FaultError({ type: 'Unsupported', feature })
  }
  if (inherited && request.isEncrypted === false) {
    throw invalidValue('Encrypted', false, 'a volume of an encrypted snapshot is encrypted')
  }
  const key = request.keyId === null ? null : await keyNamed(ctx, request.keyId, reader)
  const isOther = key !== null && inherited !== null && kmsKeyArn(key) !== inherited.keyArn
  if (inherited && !isOther) return { isEncrypted: true, encryption: inherited, isCopied: false }
  const isDefault = (await encryptionDefault(ctx, reader)).isEncrypted
  const isEncrypted = inherited !== null || isDefault || request.isEncrypted === true
  // An image of everybody is no secret; a layer in clear would be, beneath an encrypted volume.
  const isOfLayer = snapshot !== null && 'layerId' in snapshot.source
  return { isEncrypted, encryption: null, isCopied: isEncrypted && isOfLayer }
}

/** The volume with its data key, a new one unless its snapshot had one. */
export async function volumeEncrypted(
  ctx: Ctx,
  tx: StoreTransaction,
  volume: Volume,
  request: EncryptionRequest,
): Promise<Volume> {
  if (!volume.isEncrypted || volume.encryption) return volume
  const named = request.keyId ?? (await encryptionDefault(ctx, tx)).keyArn
  const key = named === null ? await ebsKeyEnsure(ctx, tx) : await keyNamed(ctx, named, tx)
  return { ...volume, encryption: dataKeyMake(ctx.app, key) }
}

export function dataKeyMake(app: App, key: KmsKey): DataKey {
  const secret = Buffer.from(app.random.bytes(DATA_KEY_BYTES)).toString('base64')
  const wrapped = encipher(app, usable(key), Buffer.from(secret), contextOf(key))
  return { keyArn: kmsKeyArn(key), wrapped: Buffer.from(wrapped).toString('base64') }
}

const contextOf = ({ account }: KmsKey) => ({ 'aws:ebs:account': account })

/** @throws EC2's words for a key that does not exist or cannot be used. */
export async function keyNamed(ctx: Ctx, text: string, reader: StoreReader): Promise<KmsKey> {
  try {
    const key = await keyFind(ctx, text, reader)
    // Nobody learns that there is one.
    if (key.account !== ctx.account && !(await mayUseForeignKey(ctx, key))) throw keyNotFound(text)
    return usable(key)
  } catch (error) {
    if (!(error instanceof FaultError) || error.fault.type !== 'Service') throw error
    throw invalidValue('KmsKeyId', text, error.fault.message)
  }
}

/**
 * What opens the volume's file and all that lies beneath; a text when a key cannot be had, for whoever wants to start
 * its machine to tell.
 */
export async function volumeKeys(app: App, volume: Volume): Promise<VolumeKeys | string | null> {
  if (!volume.isEncrypted) return null
  try {
    const head = volume.encryption ? await unwrapped(app, volume.encryption) : null
    const chain = await chainKeys(app, volume.layerId ?? null)
    return { head, layers: { ...(await pendingKeys(app, volume, head)), ...chain } }
  } catch (error) {
    if (error instanceof FaultError && error.fault.type === 'Service') return error.fault.message
    throw error
  }
}

/** The same for a frozen layer; null when nothing of it is encrypted. */
export async function layerKeys(app: App, layerId: LayerId): Promise<VolumeKeys | string | null> {
  const layer = await app.store.get('layer', layerId)
  if (!layer?.encryption) return null
  return volumeKeys(app, { isEncrypted: true, layerId } as Volume)
}

/** Layers that the volume's file may have become, of which its record does not know yet. */
async function pendingKeys(
  app: App,
  volume: Volume,
  head: string | null,
): Promise<Record<LayerId, string>> {
  const layers: Record<LayerId, string> = {}
  if (head === null) return layers
  const reference = { name: 'volume', value: volume.id }
  for (const { state, source } of await app.store.list('snapshot', { reference })) {
    if (state === 'pending' && 'layerId' in source) layers[source.layerId] = head
  }
  return layers
}

async function chainKeys(app: App, top: LayerId | null): Promise<Record<LayerId, string>> {
  const layers: Record<LayerId, string> = {}
  for (let id = top; id !== null;) {
    const layer: Layer | undefined = await app.store.get('layer', id)
    if (layer?.encryption) layers[id] = await unwrapped(app, layer.encryption)
    id = layer?.parentId ?? null
  }
  return layers
}

async function unwrapped(app: App, { keyArn, wrapped }: DataKey): Promise<string> {
  const bytes = Buffer.from(wrapped, 'base64')
  const key = await app.store.get('kmsKey', keyIdOf(bytes) ?? '')
  if (!key) {
    const message = `Key '${keyArn}' does not exist: what it encrypted is lost`
    throw new FaultError({ type: 'Service', code: 'NotFoundException', message })
  }
  return Buffer.from(decipher(app, usable(key), bytes, contextOf(key))).toString()
}
