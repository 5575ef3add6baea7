/** RestoreSnapshotFromRecycleBin: it is as it was. */
import { binSnapshotCheck, binSnapshotRestore } from '../../../app/rbin/bin.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentSnapshot } from '../present/snapshot.ts'

export default operation<'ec2', 'RestoreSnapshotFromRecycleBin'>({
  check: async (ctx, input) => {
    await binSnapshotCheck(ctx, parseId('snapshot', input.SnapshotId!))
  },
  handle: async (ctx, input) => {
    const restored = await binSnapshotRestore(ctx, parseId('snapshot', input.SnapshotId!))
    const shown = presentSnapshot(restored)
    const { SnapshotId, Description, Encrypted, OwnerId, Progress, StartTime, State } = shown
    const { VolumeId, VolumeSize } = shown
    return {
      ...{ SnapshotId, Description, Encrypted, OwnerId, Progress, StartTime, State },
      ...{ VolumeId, VolumeSize },
    }
  },
})
