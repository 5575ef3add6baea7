/** Alarms in CloudWatch's words, both ways. What is not evaluated here (math, PromQL) is refused. */
import type { MetricAlarm, PutMetricAlarmInput } from '@aws-sdk/client-cloudwatch'
import { service } from '../../app/metrics/alarm-records.ts'
import { FaultError } from '../../domain/faults.ts'
import {
  alarmArn,
  COMPARISONS,
  MISSING_TREATMENTS,
  type Alarm,
  type AlarmConfiguration,
  type Comparison,
  type MissingTreatment,
} from '../../domain/metrics/alarm.ts'
import { extendedParse } from '../../domain/metrics/extended.ts'
import { isPeriod } from '../../domain/metrics/metric.ts'
import { dimensionsOf, dimensionsPresent } from './dimensions.ts'

/** @throws Faults in CloudWatch's words. */
export function configurationOf(input: PutMetricAlarmInput): AlarmConfiguration {
  refuse(input)
  const missing = (name: string): FaultError =>
    service('MissingParameter', `The parameter ${name} is required.`)
  const { Namespace, MetricName, Statistic, Period, EvaluationPeriods, Threshold } = input
  if (!Namespace) throw missing('Namespace')
  if (!MetricName) throw missing('MetricName')
  const extended = extendedStatisticOf(input)
  if (!Statistic && !input.ExtendedStatistic) throw missing('Statistic')
  if (Period === undefined) throw missing('Period')
  if (EvaluationPeriods === undefined) throw missing('EvaluationPeriods')
  if (Threshold === undefined) throw missing('Threshold')
  if (!isPeriod(Period)) {
    throw service('InvalidParameterValue', 'Period must be 10, 20, 30 or a multiple of 60.')
  }
  const treatment = input.TreatMissingData ?? 'missing'
  if (!(MISSING_TREATMENTS as readonly string[]).includes(treatment)) {
    const words = `Option ${treatment} is not valid. Options are: [${MISSING_TREATMENTS.join(', ')}]`
    throw service('InvalidParameterValue', words)
  }
  return {
    name: input.AlarmName!,
    description: input.AlarmDescription ?? null,
    areActionsEnabled: input.ActionsEnabled ?? true,
    okActions: input.OKActions ?? [],
    alarmActions: input.AlarmActions ?? [],
    insufficientDataActions: input.InsufficientDataActions ?? [],
    namespace: Namespace,
    metricName: MetricName,
    statistic: Statistic ?? null,
    ...extended,
    dimensions: dimensionsOf(input.Dimensions),
    periodSeconds: Period,
    unit: input.Unit ?? null,
    evaluationPeriods: EvaluationPeriods,
    datapointsToAlarm: input.DatapointsToAlarm ?? null,
    threshold: Threshold,
    comparison: input.ComparisonOperator as Comparison,
    missing: treatment as MissingTreatment,
  }
}

const LOW_SAMPLES = ['evaluate', 'ignore']

function extendedStatisticOf(
  input: PutMetricAlarmInput,
): Pick<AlarmConfiguration, 'extendedStatistic' | 'areFewValuesIgnored'> {
  const { Statistic, ExtendedStatistic: word, EvaluateLowSampleCountPercentile: few } = input
  if (few !== undefined && !LOW_SAMPLES.includes(few)) {
    const words = `Option ${few} is not valid. Options are: [${LOW_SAMPLES.join(', ')}]`
    throw service('InvalidParameterValue', words)
  }
  const statistic = word === undefined ? null : extendedParse(word)
  if (word !== undefined && Statistic !== undefined) {
    const words = 'Statistic and ExtendedStatistic cannot be given together.'
    throw service('InvalidParameterCombination', words)
  }
  if (word !== undefined && !statistic) throw statisticInvalid('ExtendedStatistic', word)
  if (few !== undefined && statistic?.kind !== 'p') {
    const words =
      'EvaluateLowSampleCountPercentile needs an ExtendedStatistic that is a percentile.'
    throw service('InvalidParameterCombination', words)
  }
  if (word === undefined) return {}
  return { extendedStatistic: word, ...(few === 'ignore' && { areFewValuesIgnored: true }) }
}

export function statisticInvalid(parameter: string, word: string): FaultError {
  const examples = 'p99, p99.9, tm90, TM(10%:90%), wm98, tc90, ts90, PR(:300), IQM'
  const words = `The value ${word} for parameter ${parameter} is not supported. Examples: ${examples}.`
  return service('InvalidParameterValue', words)
}

function refuse(input: PutMetricAlarmInput): void {
  const unserved: [unknown, string][] = [
    [input.Metrics?.length || undefined, 'alarms on metric math'],
    [input.ThresholdMetricId, 'alarms on anomaly detection'],
    [input.EvaluationCriteria, 'alarms on PromQL'],
    [input.EvaluationInterval, 'an evaluation interval of its own'],
  ]
  for (const [value, feature] of unserved) {
    if (value !== undefined) throw new FaultError({ type: 'Unsupported', feature })
  }
  const operator = input.ComparisonOperator
  if (operator === undefined || !(operator in COMPARISONS)) {
    throw new FaultError({ type: 'Unsupported', feature: `ComparisonOperator ${operator}` })
  }
}

export function alarmPresent(alarm: Alarm): MetricAlarm {
  const { configuration: c } = alarm
  return {
    AlarmName: c.name,
    AlarmArn: alarmArn(alarm, c.name),
    AlarmDescription: c.description ?? undefined,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
    ActionsEnabled: c.areActionsEnabled,
    OKActions: [...c.okActions],
    AlarmActions: [...c.alarmActions],
    InsufficientDataActions: [...c.insufficientDataActions],
    StateValue: alarm.state,
    StateReason: alarm.stateReason,
    StateReasonData: alarm.stateReasonData ?? undefined,
    StateUpdatedTimestamp: new Date(alarm.stateSince),
    StateTransitionedTimestamp: new Date(alarm.stateSince),
    MetricName: c.metricName,
    Namespace: c.namespace,
    Statistic: c.statistic ?? undefined,
    ExtendedStatistic: c.extendedStatistic,
    EvaluateLowSampleCountPercentile: c.areFewValuesIgnored ? 'ignore' : undefined,
    Dimensions: dimensionsPresent(c.dimensions),
    Period: c.periodSeconds,
    Unit: (c.unit ?? undefined) as MetricAlarm['Unit'],
    EvaluationPeriods: c.evaluationPeriods,
    DatapointsToAlarm: c.datapointsToAlarm ?? undefined,
    Threshold: c.threshold,
    ComparisonOperator: c.comparison,
    TreatMissingData: c.missing,
  }
}

const ARN = /^arn:aws:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)$/

/** The name of an alarm of this account and region. @throws the service's faults. */
export function alarmNameOf(ctx: { account: string; region: string }, arn: string): string {
  const [, region, account, name] = ARN.exec(arn) ?? []
  if (name === undefined) throw service('InvalidParameterValue', `Invalid ARN: ${arn}`)
  if (region !== ctx.region || account !== ctx.account) {
    throw service('ResourceNotFoundException', `The resource ${arn} does not exist.`)
  }
  return name
}
