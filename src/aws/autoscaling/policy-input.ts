/** PutScalingPolicy's parameters in our terms, and policies in AWS's words. Predictive scaling is not served. */
import type {
  PutScalingPolicyType,
  ScalingPolicy as PolicyOutput,
  TargetTrackingConfiguration,
} from '@aws-sdk/client-auto-scaling'
import { invalid } from '../../app/autoscaling/faults.ts'
import type { PolicyView } from '../../app/autoscaling/policies.ts'
import { policyArn } from '../../domain/autoscaling/arn.ts'
import {
  ADJUSTMENT_TYPES,
  PREDEFINED_METRICS,
  type AdjustmentType,
  type PolicyRule,
  type TrackedMetric,
} from '../../domain/autoscaling/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { alarmArn } from '../../domain/metrics/alarm.ts'

export function ruleOf(input: PutScalingPolicyType): PolicyRule {
  const type = input.PolicyType ?? 'SimpleScaling'
  switch (type) {
    case 'SimpleScaling': {
      if (input.ScalingAdjustment === undefined) throw invalid('ScalingAdjustment is required')
      return {
        type,
        adjustmentType: adjustmentOf(input),
        adjustment: input.ScalingAdjustment,
        minMagnitude: magnitudeOf(input),
        cooldownSeconds: input.Cooldown ?? null,
      }
    }
    case 'StepScaling':
      return {
        type,
        adjustmentType: adjustmentOf(input),
        steps: (input.StepAdjustments ?? []).map((step) => ({
          lower: step.MetricIntervalLowerBound ?? null,
          upper: step.MetricIntervalUpperBound ?? null,
          adjustment: step.ScalingAdjustment!,
        })),
        minMagnitude: magnitudeOf(input),
        warmupSeconds: input.EstimatedInstanceWarmup ?? null,
        aggregation: aggregationOf(input.MetricAggregationType ?? 'Average'),
      }
    case 'TargetTrackingScaling':
      return trackingOf(input)
    case 'PredictiveScaling':
      throw new FaultError({ type: 'Unsupported', feature: 'predictive scaling' })
    default:
      throw invalid(`Invalid policy type: ${type}`)
  }
}

function adjustmentOf({ AdjustmentType: type }: PutScalingPolicyType): AdjustmentType {
  if (type && (ADJUSTMENT_TYPES as readonly string[]).includes(type)) return type as AdjustmentType
  if (type === undefined) throw invalid('AdjustmentType is required')
  throw invalid(`Invalid adjustment type: ${type}. It is one of ${ADJUSTMENT_TYPES.join(', ')}`)
}

function magnitudeOf(input: PutScalingPolicyType): number | null {
  const value = input.MinAdjustmentMagnitude ?? input.MinAdjustmentStep ?? null
  if (value !== null && input.AdjustmentType !== 'PercentChangeInCapacity') {
    throw invalid('MinAdjustmentMagnitude is only for the adjustment type PercentChangeInCapacity')
  }
  return value
}

function aggregationOf(text: string): string {
  if (['Minimum', 'Maximum', 'Average'].includes(text)) return text
  throw invalid(`Invalid metric aggregation type: ${text}`)
}

function trackingOf(input: PutScalingPolicyType): PolicyRule {
  const { TargetTrackingConfiguration: tracking } = input
  if (!tracking) throw invalid('TargetTrackingConfiguration is required')
  const target = tracking.TargetValue
  if (target === undefined || !(target > 0)) throw invalid('TargetValue must be greater than 0')
  return {
    type: 'TargetTrackingScaling',
    metric: metricOf(tracking),
    target,
    isScaleInDisabled: tracking.DisableScaleIn ?? false,
    warmupSeconds: input.EstimatedInstanceWarmup ?? null,
  }
}

function metricOf(tracking: TargetTrackingConfiguration): TrackedMetric {
  const { PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: own } = tracking
  if ((predefined === undefined) === (own === undefined)) {
    throw invalid(
      'One of PredefinedMetricSpecification and CustomizedMetricSpecification is required',
    )
  }
  if (predefined) {
    const metric = PREDEFINED_METRICS.find((name) => name === predefined.PredefinedMetricType)
    if (metric) return { type: 'predefined', metric }
    const feature = `the metric ${predefined.PredefinedMetricType}`
    throw new FaultError({ type: 'Unsupported', feature })
  }
  const { Namespace, MetricName, Statistic, Dimensions, Unit, Metrics, Period } = own!
  if (Metrics?.length) throw new FaultError({ type: 'Unsupported', feature: 'metric math' })
  if (Period !== undefined && Period !== 60) {
    throw new FaultError({ type: 'Unsupported', feature: 'a period other than 60 seconds' })
  }
  if (!Namespace || !MetricName || !Statistic) {
    throw invalid('A customized metric has a Namespace, a MetricName and a Statistic')
  }
  return {
    type: 'customized',
    namespace: Namespace,
    metricName: MetricName,
    statistic: Statistic,
    dimensions: Object.fromEntries((Dimensions ?? []).map(({ Name, Value }) => [Name!, Value!])),
    unit: Unit ?? null,
  }
}

const unlessNull = <T>(value: T | null): T | undefined => value ?? undefined

export function policyPresent({ policy, alarms }: PolicyView): PolicyOutput {
  return {
    AutoScalingGroupName: policy.groupName,
    PolicyName: policy.name,
    PolicyARN: policyArn(policy),
    PolicyType: policy.rule.type,
    ...rulePresent(policy.rule),
    Alarms: alarms.map((alarm) => ({
      AlarmName: alarm.configuration.name,
      AlarmARN: alarmArn(alarm, alarm.configuration.name),
    })),
    Enabled: policy.isEnabled,
  }
}

function rulePresent(rule: PolicyRule): Partial<PolicyOutput> {
  if (rule.type === 'TargetTrackingScaling') {
    return {
      StepAdjustments: [],
      EstimatedInstanceWarmup: unlessNull(rule.warmupSeconds),
      TargetTrackingConfiguration: {
        ...metricPresent(rule.metric),
        TargetValue: rule.target,
        DisableScaleIn: rule.isScaleInDisabled,
      },
    }
  }
  const common = {
    AdjustmentType: rule.adjustmentType,
    MinAdjustmentMagnitude: unlessNull(rule.minMagnitude),
  }
  if (rule.type === 'SimpleScaling') {
    return {
      ...common,
      ScalingAdjustment: rule.adjustment,
      Cooldown: unlessNull(rule.cooldownSeconds),
      StepAdjustments: [],
    }
  }
  return {
    ...common,
    StepAdjustments: rule.steps.map(({ lower, upper, adjustment }) => ({
      MetricIntervalLowerBound: unlessNull(lower),
      MetricIntervalUpperBound: unlessNull(upper),
      ScalingAdjustment: adjustment,
    })),
    MetricAggregationType: rule.aggregation,
    EstimatedInstanceWarmup: unlessNull(rule.warmupSeconds),
  }
}

function metricPresent(metric: TrackedMetric): Partial<TargetTrackingConfiguration> {
  if (metric.type === 'predefined') {
    return { PredefinedMetricSpecification: { PredefinedMetricType: metric.metric } }
  }
  return {
    CustomizedMetricSpecification: {
      MetricName: metric.metricName,
      Namespace: metric.namespace,
      Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: metric.statistic,
      Unit: unlessNull(metric.unit),
    },
  }
}
