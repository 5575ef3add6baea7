/** StartNetworkInsightsAnalysis: the answer is there when it is asked for. */
import { analysisStart } from '../../../app/network/insights.ts'
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { refuseFeatures } from '../absent-features.ts'
import { insightsAnalysisShape } from '../present/insights.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'StartNetworkInsightsAnalysis'>({
  check: async (ctx, input) => {
    refuseFeatures('StartNetworkInsightsAnalysis', {
      AdditionalAccounts: input.AdditionalAccounts,
      FilterInArns: input.FilterInArns,
      FilterOutArns: input.FilterOutArns,
    })
    const id = parseId('insightsPath', input.NetworkInsightsPathId!)
    await ownGet(ctx, ctx.app.store, 'insightsPath', id)
  },
  handle: async (ctx, input) => {
    const id = parseId('insightsPath', input.NetworkInsightsPathId!)
    const analysis = await analysisStart(ctx, id, {
      clientToken: input.ClientToken!,
      tags: tagsOfSpecifications(input.TagSpecifications, 'network-insights-analysis'),
    })
    return { NetworkInsightsAnalysis: insightsAnalysisShape(analysis, 'running') }
  },
})
