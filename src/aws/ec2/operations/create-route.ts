/** CreateRoute. */
import { routeCreate } from '../../../app/network/routes.ts'
import { changing } from '../changing.ts'
import { routeRequestOf } from '../route-request.ts'

export default changing<'CreateRoute', void>({
  change: (ctx, input) => routeCreate(ctx, routeRequestOf('CreateRoute', input)),
  answer: () => ({ Return: true }),
})
