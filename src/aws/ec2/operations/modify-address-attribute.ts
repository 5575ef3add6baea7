/** ModifyAddressAttribute: what an elastic address is called in reverse DNS. */
import { elasticAddressName } from '../../../app/network/elastic-addresses.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { ElasticAddress } from '../../../domain/network.ts'
import { presentAddressAttribute } from '../address-attribute.ts'
import { changing } from '../changing.ts'

export default changing<'ModifyAddressAttribute', ElasticAddress>({
  change: (ctx, { AllocationId: id, DomainName: name }) => {
    if (!name) throw new FaultError({ type: 'MissingParameter', parameter: 'DomainName' })
    return elasticAddressName(ctx, parseId('elasticAddress', id!), name)
  },
  answer: (address) => ({ Address: presentAddressAttribute(address) }),
})
