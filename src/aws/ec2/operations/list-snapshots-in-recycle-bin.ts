/** ListSnapshotsInRecycleBin. */
import { binSnapshots } from '../../../app/rbin/bin.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ListSnapshotsInRecycleBin'>({
  handle: async (ctx, input, call) => {
    const ids = (input.SnapshotIds ?? []).map((id) => parseId('snapshot', id))
    const page = call.page(await binSnapshots(ctx, ids), { key: (one) => one.id })
    return {
      Snapshots: page.items.map((one) => ({
        Description: one.description,
        VolumeId: one.volumeId,
        RecycleBinEnterTime: new Date(one.recycled!.at),
        RecycleBinExitTime: new Date(one.recycled!.until),
        SnapshotId: one.id,
      })),
      NextToken: page.nextToken,
    }
  },
})
