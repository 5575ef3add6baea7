/** Export tasks: begun and found. Source: EC2 API reference, ExportImage; VM Import/Export user guide (limitations). */
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import type { ExportFormat, ExportTask } from '../../domain/export-task.ts'
import type { ImageId } from '../../domain/ids.ts'
import type { Image, Snapshot } from '../../domain/image.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { imageOwned } from '../images/attributes.ts'
import { baseOf, scopeOf } from '../network/scope.ts'

export interface ExportRequest {
  imageId: ImageId
  format: ExportFormat
  bucket: string
  prefix: string
  description: string
  clientToken: string | null
  tags: Tags
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const PREFIX = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)?$/
const PREFIX_MAX = 200

/** @throws Faults for images that are another's, encrypted, or of several disks, as AWS refuses them. */
export async function exportCheck(
  ctx: Ctx,
  request: ExportRequest,
  reader: StoreReader = ctx.app.store,
): Promise<void> {
  placeCheck(request)
  const image = await imageOwned(ctx, request.imageId, reader)
  await rootSnapshot(reader, image)
}

/** @throws Fault `InvalidValue`. */
export function placeCheck({ bucket, prefix }: { bucket: string; prefix: string }): void {
  if (!BUCKET.test(bucket)) throw invalidValue('S3Bucket', bucket, 'not the name of a bucket')
  if (prefix.length > PREFIX_MAX || !PREFIX.test(prefix)) {
    throw invalidValue('S3Prefix', prefix, 'letters, digits, ._- and / between them')
  }
}

/** The one disk of an image. */
export async function rootSnapshot(reader: StoreReader, image: Image): Promise<Snapshot> {
  const ids = image.blockDevices.flatMap(({ snapshotId }) => (snapshotId ? [snapshotId] : []))
  if (ids.length !== 1) {
    throw new FaultError({ type: 'Unsupported', feature: 'exporting an image of several disks' })
  }
  const snapshot = await reader.get('snapshot', ids[0]!)
  if (!snapshot) throw notFound('snapshot', ids[0]!)
  if (snapshot.isEncrypted) {
    throw new FaultError({ type: 'Unsupported', feature: 'exporting an encrypted image' })
  }
  return snapshot
}

export async function exportStart(ctx: Ctx, request: ExportRequest): Promise<ExportTask> {
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'ExportImage', request.clientToken, async () => {
      await exportCheck(ctx, request, tx)
      const { imageId, format, bucket, prefix, description } = request
      const digits = Buffer.from(ctx.app.random.bytes(9)).toString('hex').slice(0, 17)
      return tx.insert('exportTask', {
        ...baseOf(ctx, request.tags),
        id: `export-ami-${digits}`,
        ...{ imageId, format, bucket, prefix, description },
        state: 'active',
        statusMessage: 'validating',
      })
    }),
  )
  ctx.app.activate('exports')
  return result
}

/** @throws Fault `NotFound`. */
export async function exportsFind(
  ctx: Ctx,
  ids: readonly string[],
  of: 'image' | 'instance' = 'image',
): Promise<ExportTask[]> {
  const all = await ctx.app.store.list('exportTask', scopeOf(ctx))
  const tasks = all.filter((task) => Boolean(task.instance) === (of === 'instance'))
  const missing = ids.find((id) => !tasks.some((task) => task.id === id))
  if (missing !== undefined) throw notFound('exportTask', missing)
  return ids.length === 0 ? tasks : tasks.filter((task) => ids.includes(task.id))
}
