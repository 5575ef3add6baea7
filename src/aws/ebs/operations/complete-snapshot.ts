/** CompleteSnapshot: from here on it is a snapshot like any other. */
import { invalid } from '../../../app/ebs/faults.ts'
import { snapshotComplete } from '../../../app/ebs/write.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ebs', 'CompleteSnapshot'>({
  handle: async (ctx, input) => {
    const { Checksum: checksum = null, ChecksumAggregationMethod: method } = input
    if (checksum !== null && method !== 'LINEAR') {
      throw invalid('A checksum needs ChecksumAggregationMethod=LINEAR')
    }
    await snapshotComplete(ctx, parseId('snapshot', input.SnapshotId!), {
      changedCount: input.ChangedBlocksCount!,
      checksum,
    })
    return { Status: 'completed' }
  },
})
