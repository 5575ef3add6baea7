/**
 * CopySnapshot: another snapshot of the same content, in the same region or another. Both name one frozen layer, so
 * the copy is there at once and takes no space; either can go without the other.
 */
import { FaultError } from '../../domain/faults.ts'
import { newId } from '../../domain/ids.ts'
import { snapshotStateOf, type Snapshot } from '../../domain/image.ts'
import { kmsKeyArn } from '../../domain/kms.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { snapshotGet } from './find.ts'
import { encryptionDefault, keyNamed, type EncryptionRequest } from '../volumes/encryption.ts'
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
  await encryptionCheck(ctx, source, request.encryption, reader)
  return snapshotCopyOf(ctx, source, request.sourceRegion, request)
}

/** A copy has the content and the data key of its source: another key would mean another content. */
async function encryptionCheck(
  ctx: Ctx,
  source: Snapshot,
  { isEncrypted, keyId }: EncryptionRequest,
  reader: StoreReader,
): Promise<void> {
  const key = keyId === null ? null : kmsKeyArn(await keyNamed(ctx, keyId, reader))
  const isSame = key === null || key === source.encryption?.keyArn
  const isDefault = (await encryptionDefault(ctx, reader)).isEncrypted
  if (source.encryption ? isSame : isEncrypted !== true && !isDefault) return
  const feature = 'copying a snapshot with another encryption than its own'
  const hint = 'make an encrypted volume of it, and a snapshot of that'
  throw new FaultError({ type: 'Unsupported', feature, hint })
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
  return ctx.app.store.transact(async (tx) =>
    tx.insert('snapshot', await snapshotCopyPlan(ctx, request, tx)),
  )
}
