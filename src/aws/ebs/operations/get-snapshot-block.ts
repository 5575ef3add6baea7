/** GetSnapshotBlock: one block, with its checksum. */
import { createHash } from 'node:crypto'
import { blockRead, snapshotReadable } from '../../../app/ebs/blocks.ts'
import { operation } from '../../operation.ts'
import { blockTokenCheck } from '../blocks.ts'

export default operation<'ebs', 'GetSnapshotBlock'>({
  handle: async (ctx, input) => {
    const snapshot = await snapshotReadable(ctx, input.SnapshotId!)
    const index = input.BlockIndex!
    blockTokenCheck(ctx, snapshot, index, input.BlockToken!)
    const bytes = await blockRead(ctx, snapshot, index)
    return {
      // The SDK's type is that of a stream at its end of the line.
      BlockData: bytes as never,
      Checksum: createHash('sha256').update(bytes).digest('base64'),
      ChecksumAlgorithm: 'SHA256',
      DataLength: bytes.length,
    }
  },
})
