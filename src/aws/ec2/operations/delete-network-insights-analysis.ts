/** DeleteNetworkInsightsAnalysis. */
import { analysisDelete } from '../../../app/network/insights.ts'
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeleteNetworkInsightsAnalysis'>({
  check: async (ctx, input) => {
    const id = parseId('insightsAnalysis', input.NetworkInsightsAnalysisId!)
    await ownGet(ctx, ctx.app.store, 'insightsAnalysis', id)
  },
  handle: async (ctx, input) => {
    const id = parseId('insightsAnalysis', input.NetworkInsightsAnalysisId!)
    await analysisDelete(ctx, id)
    return { NetworkInsightsAnalysisId: id }
  },
})
