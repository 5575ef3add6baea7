/**
 * CopySnapshot: another snapshot of the same content, in the same region or another. Both name one frozen layer, so
 * the copy is there at once and takes no space; either can go without the other.
 */
import { FaultError } from '../../domain/faults.ts'
import { newId } from '../../domain/ids.ts'
import { snapshotStateOf, type Snapshot } from '../../domain/image.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { snapshotGet } from './find.ts'
import { descriptionCheck } from './take.ts'

/** What EBS shows as the volume of a copy. */
export const VOLUME_OF_COPIES = 'vol-ffffffff'

export interface SnapshotCopyRequest {
  sourceRegion: string
  sourceId: string
  description: string
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
  return snapshotCopyOf(ctx, source, request.sourceRegion, request)
}

/** Of the caller, with the same content. */
export function snapshotCopyOf(
  ctx: Ctx,
  source: Snapshot,
  sourceRegion: string,
  { description, tags }: { description: string; tags: Tags },
): Snapshot {
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
