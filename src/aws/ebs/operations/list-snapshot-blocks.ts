/** ListSnapshotBlocks: those that hold data. */
import { blocksOf, snapshotReadable } from '../../../app/ebs/blocks.ts'
import { operation } from '../../operation.ts'
import { BLOCKS_DEFAULT, blockToken, listOf, pageKey } from '../blocks.ts'

export default operation<'ebs', 'ListSnapshotBlocks'>({
  handle: async (ctx, input, call) => {
    const snapshot = await snapshotReadable(ctx, input.SnapshotId!)
    const from = input.StartingBlockIndex ?? 0
    const indices = (await blocksOf(ctx, snapshot)).filter((index) => index >= from)
    const page = call.page(indices, { key: pageKey, defaultSize: BLOCKS_DEFAULT })
    return {
      ...listOf(ctx, snapshot),
      Blocks: page.items.map((index) => {
        return { BlockIndex: index, BlockToken: blockToken(ctx, snapshot, index) }
      }),
      NextToken: page.nextToken,
    }
  },
})
