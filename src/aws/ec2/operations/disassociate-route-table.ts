/** DisassociateRouteTable: the subnet goes back to the main table. */
import { routeTableDisassociate } from '../../../app/network/route-tables.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DisassociateRouteTable', void>({
  change: (ctx, input) =>
    routeTableDisassociate(ctx, parseId('routeTableAssociation', input.AssociationId!)),
  answer: () => ({}),
})
