/**
 * Snapshots that their owner writes: StartSnapshot makes a file (upon the parent's layer, if there is one), blocks go
 * into it in any order, CompleteSnapshot freezes it. One that is not completed in time fails, and its file goes.
 */
import { createHash } from 'node:crypto'
import type { ContentRequest, HostAgent } from '../../agent/protocol.ts'
import { newId, type SnapshotId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import type { VolumeKeys, VolumeSource } from '../../domain/machine.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Volume } from '../../domain/volume.ts'
import { present } from '../../lib/assert.ts'
import type { App, Ctx } from '../context.ts'
import { onceByToken } from '../client-tokens.ts'
import { baseOf } from '../network/scope.ts'
import { VOLUME_OF_COPIES } from '../snapshots/copy.ts'
import { layerFrozen, layerWanted } from '../snapshots/layers.ts'
import { contentOf, sourceOf } from '../volumes/create.ts'
import { encryptionPlan, volumeEncrypted, volumeKeys } from '../volumes/encryption.ts'
import { BLOCK_BYTES, blockCount, snapshotReadable } from './blocks.ts'
import { conflict, invalid, snapshotMissing } from './faults.ts'

const SIZE_GIB_MAX = 65_536
const MINUTE_MS = 60_000

export interface StartRequest {
  sizeGiB: number
  parentId: SnapshotId | null
  description: string
  isEncrypted: boolean | null
  keyArn: string | null
  timeoutMinutes: number
  clientToken: string | null
  tags: Tags
}

export async function snapshotStart(ctx: Ctx, request: StartRequest): Promise<Snapshot> {
  const parent = request.parentId ? await snapshotReadable(ctx, request.parentId) : null
  if (request.sizeGiB < (parent?.sizeGiB ?? 1) || request.sizeGiB > SIZE_GIB_MAX) {
    const least = parent?.sizeGiB ?? 1
    throw invalid(`VolumeSize must be ${least} to ${SIZE_GIB_MAX} GiB`, 'INVALID_VOLUME_SIZE')
  }
  if (parent && (request.isEncrypted !== null || request.keyArn !== null)) {
    const message = 'A snapshot with a parent is encrypted as its parent is'
    throw invalid(message, 'INVALID_DEPENDENCY_REQUEST')
  }
  const encryption = { isEncrypted: request.isEncrypted, keyId: request.keyArn }
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'StartSnapshot', request.clientToken, async () => {
      const volume = await volumeEncrypted(
        ctx,
        tx,
        {
          ...stagingVolume(ctx, request.sizeGiB, parent),
          ...(await encryptionPlan(ctx, tx, encryption, parent)),
        },
        encryption,
      )
      const layer = layerWanted(ctx, volume.encryption ?? null)
      await tx.insert('layer', layer)
      return tx.insert('snapshot', {
        ...baseOf(ctx, request.tags),
        id: newId('snapshot', ctx.app.random),
        description: request.description,
        sizeGiB: request.sizeGiB,
        source: { layerId: layer.id },
        volumeId: VOLUME_OF_COPIES,
        ownerAlias: null,
        isPublic: false,
        state: 'pending',
        bootFolder: volume.bootFolder ?? null,
        isEncrypted: volume.isEncrypted,
        encryption: volume.encryption ?? null,
        staging: {
          volumeId: volume.id,
          parentLayerId: volume.layerId ?? null,
          expiresAt: ctx.app.clock.now() + request.timeoutMinutes * MINUTE_MS,
        },
      })
    }),
  )
  // A repeated request gets what has become of it: the file of one that is complete is gone for good.
  const snapshot = (await ctx.app.store.get('snapshot', result.id)) ?? result
  if (snapshot.state === 'pending') await stagingEnsure(ctx.app, snapshot, parent)
  return snapshot
}

/** Not a volume that anybody sees; its file is one. */
function stagingVolume(ctx: Ctx, sizeGiB: number, parent: Snapshot | null): Volume {
  return {
    ...baseOf(ctx),
    id: newId('volume', ctx.app.random),
    zone: '',
    sizeGiB,
    type: 'gp3',
    iops: null,
    throughputMiBps: null,
    isEncrypted: false,
    snapshotId: parent?.id ?? null,
    ...contentOf(parent),
    intended: 'present',
    isMaterialised: false,
    attachment: null,
  }
}

async function stagingEnsure(app: App, snapshot: Snapshot, parent: Snapshot | null): Promise<void> {
  const { staging, sizeGiB } = snapshot
  if (!staging) return
  const keys = await stagingKeys(app, snapshot)
  const source: VolumeSource | null = parent
    ? sourceOf({ source: parent.source, snapshotId: parent.id } as Volume)
    : null
  await hostAgent(app).volumeEnsure({ volumeId: staging.volumeId, sizeGiB, source, keys })
}

async function stagingKeys(app: App, snapshot: Snapshot): Promise<VolumeKeys | null> {
  const { isEncrypted = false, encryption = null, staging } = snapshot
  const [id, layerId] = [staging?.volumeId, staging?.parentLayerId ?? null]
  const keys = await volumeKeys(app, { id, isEncrypted, encryption, layerId } as Volume)
  if (typeof keys === 'string') throw invalid(keys, 'INVALID_CUSTOMER_KEY')
  return keys
}

export async function blockPut(
  ctx: Ctx,
  id: SnapshotId,
  index: number,
  bytes: Uint8Array,
): Promise<void> {
  const snapshot = await stagingOf(ctx, id)
  if (snapshot.staging!.isWhole) throw conflict(`The snapshot ${id} is being completed`)
  if (index >= blockCount(snapshot)) {
    throw invalid(`Block ${index} is beyond the end of the volume`, 'INVALID_BLOCK')
  }
  if (bytes.length !== BLOCK_BYTES) {
    throw invalid(`A block has ${BLOCK_BYTES} bytes, not ${bytes.length}`, 'INVALID_BLOCK')
  }
  const keys = await stagingKeys(ctx.app, snapshot)
  const { volumeId } = snapshot.staging!
  await hostAgent(ctx.app).volumeWrite(volumeId, keys, index * BLOCK_BYTES, bytes)
}

async function stagingOf(ctx: Ctx, id: SnapshotId): Promise<Snapshot> {
  const snapshot = await ctx.app.store.get('snapshot', id)
  const isOwn = snapshot && snapshot.account === ctx.account && snapshot.region === ctx.region
  if (!isOwn) throw snapshotMissing(id)
  if (snapshot.staging && snapshot.state === 'pending') return snapshot
  throw conflict(`The snapshot ${id} is not pending`)
}

export interface CompleteRequest {
  changedCount: number
  /** SHA-256 over the blocks' own, in their order. */
  checksum: string | null
}

export async function snapshotComplete(
  ctx: Ctx,
  id: SnapshotId,
  request: CompleteRequest,
): Promise<void> {
  const { app } = ctx
  const snapshot = await stagingOf(ctx, id)
  const { volumeId, isWhole } = snapshot.staging!
  // Looked at once: after a freeze of which we do not know, the blocks are not where they were put.
  if (!isWhole) {
    const keys = await stagingKeys(app, snapshot)
    await blocksCheck(hostAgent(app), { source: { volumeId }, keys }, request)
    await app.store.transact(async (tx) => {
      const now = await tx.get('snapshot', id)
      if (!now?.staging || now.state !== 'pending') throw conflict(`${id} is not pending`)
      await tx.update('snapshot', { ...now, staging: { ...now.staging, isWhole: true } })
    })
  }
  await stagingFreeze(app, id)
}

/** May be repeated after a crash at any line, as any freeze. */
async function stagingFreeze(app: App, id: SnapshotId): Promise<void> {
  const snapshot = await app.store.get('snapshot', id)
  if (!snapshot?.staging || snapshot.state !== 'pending') return
  const layerId = present('layerId' in snapshot.source ? snapshot.source.layerId : null, 'a layer')
  const key = (await stagingKeys(app, snapshot))?.head ?? null
  const volumes = [{ volumeId: snapshot.staging.volumeId, layerId, key }]
  const [outcome] = await hostAgent(app).volumesFreeze({ instanceId: null, volumes })
  if (!outcome || 'reason' in outcome) throw conflict(`It could not be frozen: ${outcome?.reason}`)
  await app.store.transact(async (tx) => {
    const now = await tx.get('snapshot', id)
    const layer = await tx.get('layer', layerId)
    if (!now?.staging || now.state !== 'pending' || !layer) return
    await layerFrozen(tx, layer, outcome)
    const completedAt = app.clock.now()
    // Its file is not needed any more, and goes.
    const staging = { ...now.staging, expiresAt: 0 }
    await tx.update('snapshot', { ...now, state: 'completed', completedAt, staging })
  })
  app.activate('stagings')
}

/** That all blocks came that the caller put. @throws ValidationException */
async function blocksCheck(
  agent: HostAgent,
  content: ContentRequest,
  { changedCount, checksum }: CompleteRequest,
): Promise<void> {
  const own = new Set<number>()
  for (const { start, length } of (await agent.contentMap(content)).filter((one) => one.isTop)) {
    const last = Math.floor((start + length - 1) / BLOCK_BYTES)
    for (let at = Math.floor(start / BLOCK_BYTES); at <= last; at++) own.add(at)
  }
  if (own.size !== changedCount) throw invalid(`${own.size} blocks were put, not ${changedCount}`)
  if (checksum === null) return
  const sum = createHash('sha256')
  for (const at of [...own].sort((a, b) => a - b)) {
    const block = await agent.contentRead(content, at * BLOCK_BYTES, BLOCK_BYTES)
    sum.update(createHash('sha256').update(block).digest())
  }
  if (sum.digest('base64') !== checksum) throw invalid('The checksum is not that of the blocks')
}

/** Those whose completion was interrupted; files of those that are complete, and of those that were not in time. */
export async function stagingsReconcile(app: App): Promise<void> {
  const reference = { name: 'staging', value: 'yes' }
  for (const { id } of await app.store.list('snapshot', { reference })) {
    const before = await app.store.get('snapshot', id)
    if (before?.staging?.isWhole) {
      await stagingFreeze(app, id).catch((err: unknown) => {
        app.log.warn({ err, snapshot: id }, 'snapshot not completed yet')
      })
    }
    const staging = (await app.store.get('snapshot', id))?.staging
    if (!staging || staging.expiresAt > app.clock.now()) continue
    await hostAgent(app).volumeDelete(staging.volumeId)
    await app.store.transact(async (tx) => {
      const now = await tx.get('snapshot', id)
      if (!now?.staging) return
      const stateMessage = 'It was not completed in time.'
      const late = now.state === 'pending' ? ({ state: 'error', stateMessage } as const) : {}
      await tx.update('snapshot', { ...now, ...late, staging: null })
    })
    app.activate('layers')
  }
}

const hostAgent = (app: App) => present(app.hosts[0], 'a host').agent
