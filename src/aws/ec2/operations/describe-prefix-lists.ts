/**
 * DescribePrefixLists: the blocks of AWS's own services that gateway endpoints lead to. None of them (S3, DynamoDB) is
 * here, so there are none; lists of customers are in DescribeManagedPrefixLists.
 */
import { notFound } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribePrefixLists', never>({
  filters: { 'prefix-list-id': () => [], 'prefix-list-name': () => [] },
  tagsOf: () => ({}),
  handle: (_ctx, input) => {
    const [id] = input.PrefixListIds ?? []
    if (id !== undefined) throw notFound('prefixList', id)
    return { PrefixLists: [] }
  },
})
