/** DescribeAddressesAttribute: names of elastic addresses in reverse DNS. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentAddressAttribute } from '../address-attribute.ts'

export default operation<'ec2', 'DescribeAddressesAttribute'>({
  handle: async (ctx, input, call) => {
    const ids = (input.AllocationIds ?? []).map((id) => parseId('elasticAddress', id))
    const found = await ownList(ctx, 'elasticAddress', ids)
    const page = call.page(found, { key: (address) => address.id })
    return { Addresses: page.items.map(presentAddressAttribute), NextToken: page.nextToken }
  },
})
