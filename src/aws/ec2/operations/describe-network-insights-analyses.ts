/** DescribeNetworkInsightsAnalyses. */
import type { NetworkInsightsAnalysis } from '@aws-sdk/client-ec2'
import type { Analysis } from '../../../app/network/insights.ts'
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { insightsAnalysisShape } from '../present/insights.ts'
import { tagsOfAnswer } from '../tags.ts'

export default operation<'ec2', 'DescribeNetworkInsightsAnalyses', NetworkInsightsAnalysis>({
  filters: {
    'path-found': (each) => each.NetworkPathFound,
    status: (each) => each.Status,
  },
  tagsOf: (each) => tagsOfAnswer(each.Tags),
  handle: async (ctx, input, call) => {
    const ids = (input.NetworkInsightsAnalysisIds ?? []).map((id) =>
      parseId('insightsAnalysis', id),
    )
    const { NetworkInsightsPathId: pathId, AnalysisStartTime: from, AnalysisEndTime: to } = input
    const found = (await ownList(ctx, 'insightsAnalysis', ids)) as Analysis[]
    const wanted = found.filter(
      (each) =>
        (pathId === undefined || each.pathId === pathId) &&
        (from === undefined || each.startedAt >= from.getTime()) &&
        (to === undefined || each.startedAt <= to.getTime()),
    )
    const shown = wanted.map((each) => insightsAnalysisShape(each))
    const page = call.page(call.filter(shown), { key: (each) => each.NetworkInsightsAnalysisId! })
    return { NetworkInsightsAnalyses: page.items, NextToken: page.nextToken }
  },
})
