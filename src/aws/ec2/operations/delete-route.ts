/** DeleteRoute. */
import { routeDelete } from '../../../app/network/routes.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'
import { destinationOf } from '../route-request.ts'

export default changing<'DeleteRoute', void>({
  change: (ctx, input) =>
    routeDelete(ctx, parseId('routeTable', input.RouteTableId!), destinationOf(input)),
  answer: () => ({}),
})
