/** PutSnapshotBlock: durable when it is answered. */
import { createHash } from 'node:crypto'
import { invalid } from '../../../app/ebs/faults.ts'
import { blockPut } from '../../../app/ebs/write.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ebs', 'PutSnapshotBlock'>({
  handle: async (ctx, input) => {
    const bytes = input.BlockData as unknown as Uint8Array
    const checksum = createHash('sha256').update(bytes).digest('base64')
    if (checksum !== input.Checksum) {
      throw invalid('The checksum is not that of the block', 'INVALID_BLOCK')
    }
    if (input.DataLength !== bytes.length) {
      const message = `DataLength is ${input.DataLength}, and ${bytes.length} bytes came`
      throw invalid(message, 'INVALID_BLOCK')
    }
    await blockPut(ctx, parseId('snapshot', input.SnapshotId!), input.BlockIndex!, bytes)
    return { Checksum: checksum, ChecksumAlgorithm: 'SHA256' }
  },
})
