/**
 * CopySnapshot: another snapshot of the same content, in the same region or another. Both name one frozen layer, so
 * the copy is there at once and takes no space; either can go without the other. One that is to be encrypted where its
 * source is not, or under another key, has a layer of its own, which takes its time.
 */
import { FaultError } from '../../domain/faults.ts'
import { newId } from '../../domain/ids.ts'
import { bootFolderOf, snapshotStateOf, type Snapshot } from '../../domain/image.ts'
import { kmsKeyArn, type KmsKey } from '../../domain/kms.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { snapshotGet } from './find.ts'
import { ebsKeyEnsure } from '../kms/keys.ts'
import {
  dataKeyMake,
  encryptionDefault,
  keyNamed,
  type EncryptionRequest,
} from '../volumes/encryption.ts'
import { layerWanted } from './layers.ts'
import { mustBeUsable } from './tier.ts'
import { descriptionCheck } from './take.ts'

/** What EBS shows as the volume of a copy. */
export const VOLUME_OF_COPIES = 'vol-ffffffff'

export interface SnapshotCopyRequest {
  sourceRegion: string
  sourceId: string
  description: string
  encryption: EncryptionRequest
  tags: Tags
}

/** The snapshot that would be made; no effects. */
export async function snapshotCopyPlan(
  ctx: Ctx,
  request: SnapshotCopyRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Snapshot> {
  descriptionCheck(request.description)
  const there = { ...ctx, region: request.sourceRegion }
  const source = await snapshotGet(there, request.sourceId, reader)
  const state = snapshotStateOf(source)
  if (state !== 'completed') {
    const fault = { type: 'IncorrectState', kind: 'snapshot', id: source.id, state } as const
    throw new FaultError({ ...fault, operation: 'CopySnapshot' })
  }
  mustBeUsable(source, 'CopySnapshot')
  await otherKey(ctx, source, request.encryption, reader)
  return snapshotCopyOf(ctx, source, request.sourceRegion, request)
}

/** The key that the copy is to be encrypted under, when its content must be another than its source's; else null. */
async function otherKey(
  ctx: Ctx,
  source: Snapshot,
  { isEncrypted, keyId }: EncryptionRequest,
  reader: StoreReader,
): Promise<KmsKey | 'default' | null> {
  const key = keyId === null ? null : await keyNamed(ctx, keyId, reader)
  const byDefault = await encryptionDefault(ctx, reader)
  if (source.encryption) {
    return key === null || kmsKeyArn(key) === source.encryption.keyArn ? null : key
  }
  if (isEncrypted !== true && !byDefault.isEncrypted) return null
  if (key) return key
  return byDefault.keyArn === null ? 'default' : keyNamed(ctx, byDefault.keyArn, reader)
}

/**
 * The copy with a layer and a data key of its own when it is to be encrypted otherwise: pending, until its host has
 * copied the content (reconcilers/copies.ts). Else the same again. In the transaction that inserts it.
 */
export async function snapshotCopyEncrypted(
  ctx: Ctx,
  tx: StoreTransaction,
  copy: Snapshot,
  request: EncryptionRequest,
): Promise<Snapshot> {
  const key = await otherKey(ctx, copy, request, tx)
  if (key === null) return tx.insert('snapshot', copy)
  const encryption = dataKeyMake(ctx.app, key === 'default' ? await ebsKeyEnsure(ctx, tx) : key)
  const layer = await tx.insert('layer', layerWanted(ctx, encryption))
  const { completedAt: _completedAt, ...rest } = copy
  return tx.insert('snapshot', {
    ...rest,
    state: 'pending',
    source: { layerId: layer.id },
    copiedFrom: copy.source,
    // Its content is another's; what it boots with is not.
    bootFolder: bootFolderOf(copy),
    isEncrypted: true,
    encryption,
  })
}

/** Of the caller, with the same content. @throws Fault `Unsupported` for another account's encrypted one. */
export function snapshotCopyOf(
  ctx: Ctx,
  source: Snapshot,
  sourceRegion: string,
  { description, tags }: { description: string; tags: Tags },
): Snapshot {
  // Its key is another account's to give away, and there are no grants.
  if (source.encryption && source.account !== ctx.account) {
    const feature = 'a copy of an encrypted snapshot of another account'
    throw new FaultError({ type: 'Unsupported', feature })
  }
  return {
    ...baseOf(ctx, tags),
    id: newId('snapshot', ctx.app.random),
    description,
    sizeGiB: source.sizeGiB,
    source: source.source,
    volumeId: VOLUME_OF_COPIES,
    ownerAlias: null,
    isPublic: false,
    state: 'completed',
    completedAt: ctx.app.clock.now(),
    bootFolder: source.bootFolder ?? null,
    isEncrypted: source.isEncrypted ?? false,
    encryption: source.encryption ?? null,
    copyOf: { snapshotId: source.id, region: sourceRegion },
  }
}

export async function snapshotCopy(ctx: Ctx, request: SnapshotCopyRequest): Promise<Snapshot> {
  const snapshot = await ctx.app.store.transact(async (tx) =>
    snapshotCopyEncrypted(ctx, tx, await snapshotCopyPlan(ctx, request, tx), request.encryption),
  )
  ctx.app.activate('copies')
  return snapshot
}
