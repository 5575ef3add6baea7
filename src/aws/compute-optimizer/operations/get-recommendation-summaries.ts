/** GetRecommendationSummaries, of EC2 instances: how many of each finding, and what could be saved a month. */
import type { RecommendationSummary } from '@aws-sdk/client-compute-optimizer'
import { instancesRightsize, mustBeEnrolled } from '../../../app/metrics/optimizer.ts'
import type { Risk } from '../../../domain/recommend/rightsize.ts'
import { operation } from '../../operation.ts'

export default operation<'compute-optimizer', 'GetRecommendationSummaries'>({
  handle: async (ctx) => {
    await mustBeEnrolled(ctx)
    const { found } = await instancesRightsize(ctx, { architectures: 'current' })
    const results = found.map(({ result }) => result)
    const counted = (finding: string): number =>
      results.filter((one) => one.finding === finding).length
    const atRisk = (risk: Risk): number => results.filter((one) => one.risk === risk).length
    const saved = results
      .filter(({ finding }) => finding === 'Overprovisioned')
      .reduce((sum, { options }) => sum + Math.max(0, options[0]?.monthlySavingsUsd ?? 0), 0)
    const paid = found.reduce(
      (sum, { instance }) =>
        sum + (ctx.app.instanceTypes.get(instance.spec.instanceType)?.usdPerHour ?? 0) * 730,
      0,
    )
    const summary: RecommendationSummary = {
      recommendationResourceType: 'Ec2Instance',
      accountId: ctx.account,
      summaries: (['Underprovisioned', 'Overprovisioned', 'Optimized'] as const).map((name) => ({
        name,
        value: counted(name),
      })),
      savingsOpportunity: {
        savingsOpportunityPercentage: paid === 0 ? 0 : (saved / paid) * 100,
        estimatedMonthlySavings: { currency: 'USD', value: saved },
      },
      currentPerformanceRiskRatings: {
        high: atRisk('High'),
        medium: atRisk('Medium'),
        low: atRisk('Low'),
        veryLow: atRisk('VeryLow'),
      },
    }
    return { recommendationSummaries: [summary] }
  },
})
