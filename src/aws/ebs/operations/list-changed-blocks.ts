/** ListChangedBlocks between two snapshots of a volume; without a first one, all of the second. */
import { blocksChanged, blocksOf, snapshotReadable } from '../../../app/ebs/blocks.ts'
import { operation } from '../../operation.ts'
import { BLOCKS_DEFAULT, blockToken, listOf, pageKey } from '../blocks.ts'

export default operation<'ebs', 'ListChangedBlocks'>({
  handle: async (ctx, input, call) => {
    const second = await snapshotReadable(ctx, input.SecondSnapshotId!)
    const { FirstSnapshotId: firstId, StartingBlockIndex: from = 0 } = input
    const first = firstId === undefined ? null : await snapshotReadable(ctx, firstId)
    const changed = first
      ? await blocksChanged(ctx, first, second)
      : (await blocksOf(ctx, second)).map((index) => {
          return { index, isInFirst: false, isInSecond: true }
        })
    const page = call.page(
      changed.filter((one) => one.index >= from),
      { key: (one) => pageKey(one.index), defaultSize: BLOCKS_DEFAULT },
    )
    return {
      ...listOf(ctx, second),
      ChangedBlocks: page.items.map(({ index, isInFirst, isInSecond }) => ({
        BlockIndex: index,
        FirstBlockToken: first && isInFirst ? blockToken(ctx, first, index) : undefined,
        SecondBlockToken: isInSecond ? blockToken(ctx, second, index) : undefined,
      })),
      NextToken: page.nextToken,
    }
  },
})
