/** DescribeKeyPairs. Does not page: AWS's model has no token here. */
import { keyPairList } from '../../../app/key-pairs.ts'
import { parseId } from '../../../domain/ids.ts'
import type { KeyPair } from '../../../domain/key-pair.ts'
import { operation } from '../../operation.ts'
import { keyPairPresent } from '../present/key-pair.ts'

export default operation<'ec2', 'DescribeKeyPairs', KeyPair>({
  filters: {
    fingerprint: (pair) => pair.fingerprint,
    'key-name': (pair) => pair.name,
    'key-pair-id': (pair) => pair.id,
  },
  tagsOf: (pair) => pair.tags,
  handle: async (ctx, input, call) => {
    const pairs = await keyPairList(ctx, {
      names: input.KeyNames ?? [],
      ids: (input.KeyPairIds ?? []).map((id) => parseId('keyPair', id)),
    })
    return {
      KeyPairs: call.filter(pairs).map((pair) => ({
        ...keyPairPresent(pair),
        KeyType: pair.type,
        CreateTime: new Date(pair.createdAt),
        ...(input.IncludePublicKey === true && { PublicKey: pair.publicKey }),
      })),
    }
  },
})
