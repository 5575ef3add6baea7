/** DescribeAddressesAttribute: reverse DNS names of elastic addresses; none, since none can be set. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeAddressesAttribute'>({
  handle: async (ctx, input, call) => {
    const ids = (input.AllocationIds ?? []).map((id) => parseId('elasticAddress', id))
    const found = await ownList(ctx, 'elasticAddress', ids)
    const page = call.page(found, { key: (address) => address.id })
    return {
      Addresses: page.items.map((address) => {
        return { AllocationId: address.id, PublicIp: address.publicAddress }
      }),
      NextToken: page.nextToken,
    }
  },
})
