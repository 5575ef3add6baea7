/** DeleteNetworkInsightsPath, when it has no analysis. */
import { pathDelete } from '../../../app/network/insights.ts'
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeleteNetworkInsightsPath'>({
  check: async (ctx, input) => {
    const id = parseId('insightsPath', input.NetworkInsightsPathId!)
    await ownGet(ctx, ctx.app.store, 'insightsPath', id)
  },
  handle: async (ctx, input) => {
    const id = parseId('insightsPath', input.NetworkInsightsPathId!)
    await pathDelete(ctx, id)
    return { NetworkInsightsPathId: id }
  },
})
