/** DeleteRouteTable: one that no subnet uses. */
import { routeTableDelete } from '../../../app/network/route-tables.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DeleteRouteTable', void>({
  change: (ctx, input) => routeTableDelete(ctx, parseId('routeTable', input.RouteTableId!)),
  answer: () => ({}),
})
