/** DescribeKey. */
import { keyFind } from '../../../app/kms/find.ts'
import { presentKey } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'DescribeKey'>({
  handle: async (ctx, input) => ({ KeyMetadata: presentKey(await keyFind(ctx, input.KeyId!)) }),
})
