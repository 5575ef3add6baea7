/** ResetAddressAttribute: an elastic address has no name of its owner's any more. */
import { elasticAddressName } from '../../../app/network/elastic-addresses.ts'
import { parseId } from '../../../domain/ids.ts'
import type { ElasticAddress } from '../../../domain/network.ts'
import { presentAddressAttribute } from '../address-attribute.ts'
import { changing } from '../changing.ts'

export default changing<'ResetAddressAttribute', ElasticAddress>({
  change: (ctx, { AllocationId: id }) =>
    elasticAddressName(ctx, parseId('elasticAddress', id!), null),
  answer: (address) => ({ Address: presentAddressAttribute(address) }),
})
