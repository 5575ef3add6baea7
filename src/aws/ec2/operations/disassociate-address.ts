/** DisassociateAddress. */
import { elasticAddressDisassociate } from '../../../app/network/elastic-addresses.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DisassociateAddress', void>({
  change: (ctx, input) => {
    const { AssociationId: id, PublicIp: address } = input
    if (id) {
      const association = parseId('elasticAddressAssociation', id)
      return elasticAddressDisassociate(ctx, { type: 'association', id: association })
    }
    if (address) return elasticAddressDisassociate(ctx, { type: 'address', address })
    const hint = 'Either public IP or association id must be specified'
    throw new FaultError({ type: 'MissingParameter', parameter: 'associationId', hint })
  },
  answer: () => ({}),
})
