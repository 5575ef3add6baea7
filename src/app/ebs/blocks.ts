/**
 * Blocks of snapshots, as the EBS direct APIs show them: which were written, which are others than in an earlier
 * snapshot, what is in one. Blocks have 512 KiB.
 */
import type { ContentRange } from '../../agent/protocol.ts'
import { snapshotStateOf, type Snapshot } from '../../domain/image.ts'
import type { LayerId } from '../../domain/layer.ts'
import type { VolumeKeys } from '../../domain/machine.ts'
import { FaultError } from '../../domain/faults.ts'
import { present } from '../../lib/assert.ts'
import type { App, Ctx } from '../context.ts'
import { isArchivedAway } from '../../domain/snapshot-tier.ts'
import { snapshotGet } from '../snapshots/find.ts'
import { layerKeys } from '../volumes/encryption.ts'
import { invalid, snapshotMissing } from './faults.ts'

export const BLOCK_BYTES = 512 * 1024
const GIB = 1024 ** 3

/** @throws ResourceNotFoundException, ValidationException while it is not complete. */
export async function snapshotReadable(ctx: Ctx, id: string): Promise<Snapshot> {
  const snapshot = await snapshotGet(ctx, id).catch((error: unknown) => {
    if (error instanceof FaultError && error.fault.type === 'NotFound') throw snapshotMissing(id)
    throw error
  })
  if (snapshot.encryption && snapshot.account !== ctx.account) {
    throw invalid(`${id} is encrypted with a key of another account`, 'INVALID_CUSTOMER_KEY')
  }
  if (isArchivedAway(snapshot)) {
    throw invalid(`The snapshot ${id} is archived: restore it first`, 'INVALID_SNAPSHOT_ID')
  }
  if (snapshotStateOf(snapshot) === 'completed') return snapshot
  throw invalid(`The snapshot ${id} is not complete`, 'INVALID_SNAPSHOT_ID')
}

export const blockCount = (snapshot: Snapshot): number => (snapshot.sizeGiB * GIB) / BLOCK_BYTES

/** Indices of the blocks that hold data, ascending. */
export async function blocksOf(ctx: Ctx, snapshot: Snapshot): Promise<number[]> {
  const ranges = await contentMap(ctx.app, snapshot)
  return indices(ranges.filter((range) => range.isData))
}

export interface ChangedBlock {
  index: number
  isInFirst: boolean
  isInSecond: boolean
}

/**
 * Blocks in which the second differs from the first. What lies in layers that came after the first is known to have
 * been written; where the second no longer lies on the first's layer (a long chain was copied up), all blocks of both
 * are named: more than have changed, never fewer. @throws ValidationException for snapshots of different volumes.
 */
export async function blocksChanged(
  ctx: Ctx,
  first: Snapshot,
  second: Snapshot,
): Promise<ChangedBlock[]> {
  const firstLayer = 'layerId' in first.source ? first.source.layerId : null
  const chain = 'layerId' in second.source ? await chainOf(ctx.app, second.source.layerId) : []
  const isUpon = firstLayer !== null && chain.includes(firstLayer)
  if (!isUpon && first.volumeId !== second.volumeId) {
    const message = `The snapshots ${first.id} and ${second.id} are of different volumes`
    throw invalid(message, 'UNRELATED_SNAPSHOTS')
  }
  const ranges = await contentMap(ctx.app, second)
  const before = new Set(await blocksOf(ctx, first))
  const now = new Set(indices(ranges.filter((range) => range.isData)))
  const younger = new Set(isUpon ? chain.slice(0, chain.indexOf(firstLayer)) : chain)
  const changed = isUpon
    ? indices(ranges.filter(({ layerId }) => layerId !== null && younger.has(layerId)))
    : [...new Set([...before, ...now])].sort((a, b) => a - b)
  return changed.map((index) => {
    return { index, isInFirst: before.has(index), isInSecond: now.has(index) }
  })
}

export async function blockRead(ctx: Ctx, snapshot: Snapshot, index: number): Promise<Uint8Array> {
  const { agent } = present(ctx.app.hosts[0], 'a host')
  return agent.contentRead(await contentOf(ctx.app, snapshot), index * BLOCK_BYTES, BLOCK_BYTES)
}

async function contentMap(app: App, snapshot: Snapshot): Promise<ContentRange[]> {
  return present(app.hosts[0], 'a host').agent.contentMap(await contentOf(app, snapshot))
}

async function contentOf(app: App, { id, source }: Snapshot) {
  if (!('layerId' in source)) return { source: { imageId: id, ...source }, keys: null }
  const keys = await layerKeys(app, source.layerId)
  if (typeof keys === 'string') throw invalid(keys, 'INVALID_CUSTOMER_KEY')
  return { source, keys: keys as VolumeKeys | null }
}

/** Layers from the top down. */
async function chainOf(app: App, top: LayerId): Promise<LayerId[]> {
  const chain: LayerId[] = []
  for (let id: LayerId | null = top; id !== null;) {
    chain.push(id)
    id = (await app.store.get('layer', id))?.parentId ?? null
  }
  return chain
}

function indices(ranges: readonly ContentRange[]): number[] {
  const found = new Set<number>()
  for (const { start, length } of ranges) {
    const last = Math.floor((start + length - 1) / BLOCK_BYTES)
    for (let index = Math.floor(start / BLOCK_BYTES); index <= last; index++) found.add(index)
  }
  return [...found].sort((a, b) => a - b)
}
