/** ListKeyRotations. */
import { keyFind } from '../../../app/kms/find.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'ListKeyRotations'>({
  handle: async (ctx, input, call) => {
    const key = await keyFind(ctx, input.KeyId!)
    const rotations = key.materials.filter((one) => one.origin !== 'first')
    const { items, nextToken } = call.page(rotations, {
      key: (one) => `${one.createdAt} ${one.id}`,
    })
    return {
      Rotations: items.map(({ createdAt, origin }) => ({
        KeyId: key.id,
        RotationDate: new Date(createdAt),
        RotationType: origin === 'AUTOMATIC' ? ('AUTOMATIC' as const) : ('ON_DEMAND' as const),
      })),
      NextMarker: nextToken,
      Truncated: nextToken !== undefined,
    }
  },
})
