/** ListKeys. */
import { keyList } from '../../../app/kms/keys.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'ListKeys'>({
  handle: async (ctx, _input, call) => {
    const keys = await keyList(ctx)
    const { items, nextToken } = call.page(keys, { key: (one) => one.id, defaultSize: 100 })
    return {
      Keys: items.map((key) => ({ KeyId: key.id, KeyArn: kmsKeyArn(key) })),
      NextMarker: nextToken,
      Truncated: nextToken !== undefined,
    }
  },
})
