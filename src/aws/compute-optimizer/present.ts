/** Recommendations in Compute Optimizer's words. */
import type {
  InstanceRecommendation,
  InstanceRecommendationOption,
  UtilizationMetric,
} from '@aws-sdk/client-compute-optimizer'
import { WINDOWS_MS, type Recommended } from '../../app/metrics/optimizer.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import type { Option, WindowUsage } from '../../domain/recommend/rightsize.ts'

const DAY_MS = 86_400_000

export function arnOf({ account, region, id }: { account: string; region: string; id: string }) {
  return `arn:aws:ec2:${region}:${account}:instance/${id}`
}

export function recommendationPresent(
  { instance, result, averages }: Recommended,
  now: number,
): InstanceRecommendation {
  const { spec } = instance
  return {
    instanceArn: arnOf(instance),
    accountId: instance.account,
    instanceName: instance.tags['Name'] ?? '',
    currentInstanceType: spec.instanceType,
    finding: result.finding,
    findingReasonCodes: [...result.reasons],
    utilizationMetrics: [...metrics(result.used, 'Maximum'), ...metrics(averages, 'Average')],
    lookBackPeriodInDays: Math.min(result.used.hours / 24, WINDOWS_MS[1] / DAY_MS),
    recommendationOptions: result.options.map((option, index) =>
      optionPresent(option, index + 1, spec.instanceType),
    ),
    recommendationSources: [
      { recommendationSourceArn: arnOf(instance), recommendationSourceType: 'Ec2Instance' },
    ],
    lastRefreshTimestamp: new Date(now),
    currentPerformanceRisk: result.risk,
    instanceState: instanceStateOf(instance),
    tags: Object.entries(instance.tags).map(([key, value]) => ({ key, value })),
    idle: result.isIdle ? 'True' : 'False',
  }
}

function metrics(used: WindowUsage, statistic: 'Maximum' | 'Average'): UtilizationMetric[] {
  const perSecond = (used.networkGbps * 1e9) / 8
  const list: [UtilizationMetric['name'], number | null][] = [
    ['Cpu', used.cpuPercent],
    ['Memory', used.memoryPercent],
    ['NETWORK_IN_BYTES_PER_SECOND', perSecond],
  ]
  return list.flatMap(([name, value]) => (value === null ? [] : [{ name, statistic, value }]))
}

function optionPresent(
  option: Option,
  rank: number,
  currentType: string,
): InstanceRecommendationOption {
  const { type, cpuPercent, memoryPercent, monthlySavingsUsd: saved } = option
  const isSame = type.name === currentType
  const before = saved === null ? 0 : saved + (type.usdPerHour ?? 0) * 730
  return {
    instanceType: type.name,
    rank,
    performanceRisk: option.risk,
    migrationEffort: isSame ? 'VeryLow' : option.isOtherArchitecture ? 'Medium' : 'VeryLow',
    platformDifferences: option.isOtherArchitecture ? ['Architecture'] : [],
    projectedUtilizationMetrics: [
      { name: 'Cpu', statistic: 'Maximum', value: Math.min(100, cpuPercent) },
      ...(memoryPercent === null
        ? []
        : [{ name: 'Memory' as const, statistic: 'Maximum' as const, value: memoryPercent }]),
    ],
    ...(saved !== null &&
      saved > 0 && {
        savingsOpportunity: {
          savingsOpportunityPercentage: (saved / before) * 100,
          estimatedMonthlySavings: { currency: 'USD', value: saved },
        },
      }),
  }
}
