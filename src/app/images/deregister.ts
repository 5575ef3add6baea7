/** DeregisterImage: nobody can launch it any more; what runs from it goes on. Its snapshots stay, or go with it. */
import { FaultError } from '../../domain/faults.ts'
import type { ImageId, SnapshotId } from '../../domain/ids.ts'
import type { Image } from '../../domain/image.ts'
import { recycledBy } from '../../domain/rbin.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { rulesOf } from '../rbin/rules.ts'
import { snapshotDeleteCheck, snapshotRemove } from '../snapshots/delete.ts'
import { imageOwned } from './attributes.ts'

export interface SnapshotResult {
  snapshotId: SnapshotId
  /** `skipped`: another image is made of it. */
  outcome: 'success' | 'skipped' | 'client-error'
}

export async function imageDeregisterCheck(
  ctx: Ctx,
  id: ImageId,
  reader: StoreReader = ctx.app.store,
): Promise<Image> {
  const image = await imageOwned(ctx, id, reader)
  if (!image.isProtected) return image
  const reason = `The AMI ${id} is protected from being deregistered: disable the protection first`
  throw new FaultError({ type: 'NotPermitted', kind: 'image', id, reason })
}

export async function imageDeregister(
  ctx: Ctx,
  id: ImageId,
  areSnapshotsDeleted: boolean,
): Promise<SnapshotResult[]> {
  const results = await ctx.app.store.transact(async (tx) => {
    const image = await imageDeregisterCheck(ctx, id, tx)
    const now = ctx.app.clock.now()
    const recycled = recycledBy(await rulesOf(ctx, 'EC2_IMAGE', tx), image.tags, now)
    await tx.update('image', { ...image, deregisteredAt: now, recycled })
    const results: SnapshotResult[] = []
    if (!areSnapshotsDeleted) return results
    for (const { snapshotId } of image.blockDevices) {
      if (snapshotId === null) continue
      results.push({ snapshotId, outcome: await remove(snapshotId) })
    }
    return results

    async function remove(snapshotId: SnapshotId): Promise<SnapshotResult['outcome']> {
      try {
        await snapshotRemove(ctx, tx, await snapshotDeleteCheck(ctx, snapshotId, tx))
        return 'success'
      } catch (error) {
        if (!(error instanceof FaultError)) throw error
        return error.fault.type === 'InUse' ? 'skipped' : 'client-error'
      }
    }
  })
  ctx.app.activate('layers')
  return results
}
