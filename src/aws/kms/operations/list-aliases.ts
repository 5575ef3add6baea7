/** ListAliases, of all keys or of one. */
import { aliasList } from '../../../app/kms/aliases.ts'
import { kmsAliasArn } from '../../../domain/kms.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'ListAliases'>({
  handle: async (ctx, input, call) => {
    const aliases = await aliasList(ctx, input.KeyId)
    const { items, nextToken } = call.page(aliases, { key: (one) => one.name, defaultSize: 50 })
    return {
      Aliases: items.map((alias) => ({
        AliasName: alias.name,
        AliasArn: kmsAliasArn(alias),
        TargetKeyId: alias.keyId,
        CreationDate: new Date(alias.createdAt),
        LastUpdatedDate: new Date(alias.updatedAt),
      })),
      NextMarker: nextToken,
      Truncated: nextToken !== undefined,
    }
  },
})
