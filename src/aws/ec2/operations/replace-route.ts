/** ReplaceRoute: another target for a destination. */
import { routeReplace } from '../../../app/network/routes.ts'
import { changing } from '../changing.ts'
import { routeRequestOf } from '../route-request.ts'

export default changing<'ReplaceRoute', void>({
  change: (ctx, input) => routeReplace(ctx, routeRequestOf('ReplaceRoute', input)),
  answer: () => ({}),
})
