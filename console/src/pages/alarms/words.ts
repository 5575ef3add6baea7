/** Alarms in words: comparisons, states, conditions, actions. */
import type { ComparisonOperator } from '@aws-sdk/client-cloudwatch'
import type { Alarm } from '../../aws/alarms.ts'
import { t } from '../../text/t.ts'
import type { Tone } from '../../ui/parts.tsx'

export const COMPARISONS: readonly [ComparisonOperator, string, string][] = [
  ['GreaterThanOrEqualToThreshold', '≥', t('at or above')],
  ['GreaterThanThreshold', '>', t('above')],
  ['LessThanOrEqualToThreshold', '≤', t('at or below')],
  ['LessThanThreshold', '<', t('below')],
]

export const STATES: Readonly<Record<string, { name: string; tone: Tone }>> = {
  OK: { name: t('OK'), tone: 'good' },
  ALARM: { name: t('In alarm'), tone: 'bad' },
  INSUFFICIENT_DATA: { name: t('Insufficient data'), tone: 'idle' },
}

export const TREATMENTS: readonly [string, string][] = [
  ['missing', t('as missing')],
  ['notBreaching', t('as good')],
  ['breaching', t('as bad')],
  ['ignore', t('as no news: the state stays')],
]

export function spanText(seconds: number): string {
  if (seconds % 3600 === 0) return t('{n} h', { n: seconds / 3600 })
  if (seconds % 60 === 0) return t('{n} min', { n: seconds / 60 })
  return t('{n} s', { n: seconds })
}

/** `CPUUtilization > 80 for 2 of 3 × 5 min`; of a composite alarm its rule. */
export function conditionOf(alarm: Alarm): string {
  if (alarm.AlarmRule) return alarm.AlarmRule
  const { MetricName, Threshold, ComparisonOperator, EvaluationPeriods = 1, Period } = alarm
  const sign = COMPARISONS.find(([one]) => one === ComparisonOperator)?.[1] ?? ComparisonOperator
  return t('{metric} {sign} {threshold} for {n} of {m} × {span}', {
    metric: MetricName ?? t('expression'),
    sign: sign ?? '',
    threshold: Threshold ?? '',
    n: alarm.DatapointsToAlarm ?? EvaluationPeriods,
    m: EvaluationPeriods,
    span: spanText(Period ?? 60),
  })
}

export const MACHINE_ACTIONS: readonly [string, string][] = [
  ['stop', t('Stop the instance')],
  ['reboot', t('Reboot the instance')],
  ['recover', t('Recover the instance')],
  ['terminate', t('Terminate the instance')],
]

/** An action's ARN in words where it is one of those, otherwise itself. */
export function actionText(arn: string): string {
  const word = /^arn:aws:automate:[^:]+:ec2:(\w+)$/.exec(arn)?.[1]
  return MACHINE_ACTIONS.find(([one]) => one === word)?.[1] ?? arn
}
