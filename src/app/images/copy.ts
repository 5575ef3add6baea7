/** CopyImage: an image of one's own from any that one may launch; its snapshots are copies that take no space. */
import { newId, type ImageId } from '../../domain/ids.ts'
import { imageStateOf, type BlockDevice, type Image, type Snapshot } from '../../domain/image.ts'
import { FaultError, notFound } from '../../domain/faults.ts'
import type { Tags } from '../../domain/resource.ts'
import { onceByToken } from '../client-tokens.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { snapshotCopyEncrypted, snapshotCopyOf } from '../snapshots/copy.ts'
import type { EncryptionRequest } from '../volumes/encryption.ts'
import { descriptionCheck } from '../snapshots/take.ts'
import { imageGet, imageNameFree } from './list.ts'

export interface ImageCopyRequest {
  sourceRegion: string
  sourceId: ImageId
  name: string
  description: string
  areTagsCopied: boolean
  encryption: EncryptionRequest
  clientToken: string | null
  tags: { image: Tags; snapshot: Tags }
}

export async function imageCopyPlan(
  ctx: Ctx,
  request: ImageCopyRequest,
  reader: StoreReader = ctx.app.store,
): Promise<{ image: Image; snapshots: Snapshot[] }> {
  descriptionCheck(request.description)
  const source = await imageGet({ ...ctx, region: request.sourceRegion }, request.sourceId, reader)
  const state = imageStateOf(source)
  if (state !== 'available') {
    const fault = { type: 'IncorrectState', kind: 'image', id: source.id, state } as const
    throw new FaultError({ ...fault, operation: 'CopyImage' })
  }
  await imageNameFree(ctx, reader, request.name)
  const id = newId('image', ctx.app.random)
  const snapshots: Snapshot[] = []
  const blockDevices: BlockDevice[] = []
  for (const device of source.blockDevices) {
    if (device.snapshotId === null) {
      blockDevices.push(device)
      continue
    }
    const snapshot = await reader.get('snapshot', device.snapshotId)
    if (!snapshot) throw notFound('snapshot', device.snapshotId)
    const copy = snapshotCopyOf(ctx, snapshot, request.sourceRegion, {
      description: `Copied for DestinationAmi ${id} from SourceAmi ${source.id}`,
      tags: request.tags.snapshot,
    })
    snapshots.push(copy)
    blockDevices.push({ ...device, snapshotId: copy.id })
  }
  const tags = request.areTagsCopied && source.account === ctx.account ? source.tags : {}
  const image: Image = {
    ...source,
    ...baseOf(ctx, { ...tags, ...request.tags.image }),
    id,
    name: request.name,
    description: request.description,
    blockDevices,
    ownerAlias: null,
    isPublic: false,
    launchPermissions: [],
    deprecatedAt: null,
    isProtected: false,
    fastLaunch: null,
    sourceInstanceId: null,
    sourceImage: { imageId: source.id, region: request.sourceRegion },
    family: '',
  }
  return { image, snapshots }
}

export async function imageCopy(ctx: Ctx, request: ImageCopyRequest): Promise<ImageId> {
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'CopyImage', request.clientToken, async () => {
      const { image, snapshots } = await imageCopyPlan(ctx, request, tx)
      const made: Snapshot[] = []
      for (const snapshot of snapshots) {
        made.push(await snapshotCopyEncrypted(ctx, tx, snapshot, request.encryption))
      }
      const isPending = made.some((one) => one.state === 'pending')
      const inserted = await tx.insert('image', {
        ...image,
        blockDevices: image.blockDevices.map((device) => {
          const snapshot = made.find((one) => one.id === device.snapshotId)
          return snapshot ? { ...device, isEncrypted: snapshot.isEncrypted ?? false } : device
        }),
        state: isPending ? 'pending' : 'available',
      })
      return inserted.id
    }),
  )
  ctx.app.activate('copies')
  return result
}
