/** ModifySnapshotTier: into the archive. */
import { snapshotArchive, snapshotArchiveCheck } from '../../../app/snapshots/tier.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifySnapshotTier'>({
  check: async (ctx, input) => {
    await snapshotArchiveCheck(ctx, parseId('snapshot', input.SnapshotId!))
  },
  handle: async (ctx, input) => {
    const { id, tiering } = await snapshotArchive(ctx, parseId('snapshot', input.SnapshotId!))
    return { SnapshotId: id, TieringStartTime: new Date(tiering!.operation.startedAt) }
  },
})
