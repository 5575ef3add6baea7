/**
 * Alarms on one metric: what is stored, and the state that measurements mean. Pure. Source: CloudWatch User Guide,
 * "Using Amazon CloudWatch alarms": M of N datapoints, and the four ways to treat missing ones.
 */
import type { ResourceBase } from '../resource.ts'
import type { Statistic } from './metric.ts'

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'

export const COMPARISONS = {
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
} as const
export type Comparison = keyof typeof COMPARISONS

export const MISSING_TREATMENTS = ['breaching', 'notBreaching', 'ignore', 'missing'] as const
export type MissingTreatment = (typeof MISSING_TREATMENTS)[number]

export interface AlarmHistoryItem {
  at: number
  type: 'ConfigurationUpdate' | 'StateUpdate' | 'Action'
  summary: string
  /** JSON, as AWS has it. */
  data: string
}

export interface AlarmConfiguration {
  name: string
  description: string | null
  areActionsEnabled: boolean
  okActions: readonly string[]
  alarmActions: readonly string[]
  insufficientDataActions: readonly string[]
  namespace: string
  metricName: string
  /** Null: it has an extended one. */
  statistic: Statistic | null
  /** Absent: none. */
  extendedStatistic?: string
  /** Of a percentile with too few values to mean something. Absent: it is evaluated all the same. */
  areFewValuesIgnored?: boolean
  dimensions: Readonly<Record<string, string>>
  periodSeconds: number
  unit: string | null
  evaluationPeriods: number
  datapointsToAlarm: number | null
  threshold: number
  comparison: Comparison
  missing: MissingTreatment
}

export interface Alarm extends ResourceBase<string> {
  configuration: AlarmConfiguration
  configuredAt: number
  state: AlarmState
  stateReason: string
  stateReasonData: string | null
  stateSince: number
  /** The newest last, at most `ALARM_HISTORY_MAX`. */
  history: readonly AlarmHistoryItem[]
}

export const ALARM_HISTORY_MAX = 100

export function alarmArn({ account, region }: { account: string; region: string }, name: string) {
  return `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`
}

/** With a piece of history; the oldest goes when there are too many. */
export function historyAdd(alarm: Alarm, item: AlarmHistoryItem): Alarm {
  return { ...alarm, history: [...alarm.history, item].slice(-ALARM_HISTORY_MAX) }
}

export interface Verdict {
  state: AlarmState
  reason: string
}

/**
 * What the datapoints of the last evaluation periods mean, oldest first; null: none. `null` as an answer: the state
 * stays as it is (missing data that is ignored).
 */
export function alarmVerdict(
  configuration: AlarmConfiguration,
  values: readonly (number | null)[],
): Verdict | null {
  const { evaluationPeriods: wanted, threshold, comparison, missing } = configuration
  const needed = configuration.datapointsToAlarm ?? wanted
  const window = values.slice(-wanted)
  const known = window.filter((value) => value !== null)
  const breaches = COMPARISONS[comparison]
  const breaching = known.filter((value) => breaches(value, threshold)).length
  const absent = wanted - known.length
  if (breaching + (missing === 'breaching' ? absent : 0) >= needed) {
    const shown = known.length > 0 ? known.filter((value) => breaches(value, threshold)) : []
    return { state: 'ALARM', reason: crossed(configuration, shown, absent, needed) }
  }
  // Were all that is missing breaching, would it be an alarm? If not, it is surely none.
  const isSurelyFine = breaching + absent < needed
  if (known.length === 0 || (absent > 0 && !isSurelyFine)) {
    if (missing === 'ignore') return null
    if (missing === 'missing' && known.length === 0) {
      const reason = `Insufficient Data: ${wanted} datapoints were unknown.`
      return { state: 'INSUFFICIENT_DATA', reason }
    }
    // Enough is missing that the alarm could be either: it stays what it is until it is known.
    if (missing === 'missing' && breaching > 0) return null
  }
  const fine = known.length - breaching
  const were = `${fine} out of the last ${wanted} datapoints [${known.map(shown).join(', ')}]`
  return {
    state: 'OK',
    reason:
      `Threshold Crossed: ${were} ${fine === 1 ? 'was' : 'were'} not ${WORDS[comparison]} the ` +
      `threshold (${shown(threshold)}).`,
  }
}

const WORDS: Readonly<Record<Comparison, string>> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
}

function crossed(
  { evaluationPeriods, threshold, comparison }: AlarmConfiguration,
  values: readonly number[],
  absent: number,
  needed: number,
): string {
  const count = values.length
  if (count === 0) {
    return (
      `Threshold Crossed: no datapoints were received for ${absent} ` +
      `period${absent === 1 ? '' : 's'} and missing datapoints were treated as [Breaching].`
    )
  }
  return (
    `Threshold Crossed: ${count} out of the last ${evaluationPeriods} datapoints ` +
    `[${values.map(shown).join(', ')}] ${count === 1 ? 'was' : 'were'} ${WORDS[comparison]} the ` +
    `threshold (${shown(threshold)}) (minimum ${needed} datapoint${needed === 1 ? '' : 's'} for ` +
    `OK -> ALARM transition).`
  )
}

function shown(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value)
}

/** What an action's ARN asks for. */
export type AlarmAction =
  | { type: 'ec2'; operation: 'stop' | 'terminate' | 'reboot' | 'recover' }
  | { type: 'scaling' }
  | { type: 'other' }

export function alarmActionOf(arn: string): AlarmAction {
  const automate = /^arn:aws:automate:[a-z0-9-]+:ec2:(stop|terminate|reboot|recover)$/.exec(arn)
  const workflow =
    /^arn:aws:swf:[a-z0-9-]+:\d{12}:action\/actions\/AWS_EC2\.InstanceId\.(Stop|Terminate|Reboot|Recover)\/1\.0$/.exec(
      arn,
    )
  if (/^arn:aws:autoscaling:[a-z0-9-]+:\d{12}:scalingPolicy:/.test(arn)) return { type: 'scaling' }
  const operation = (automate ?? workflow)?.[1]?.toLowerCase()
  if (operation === undefined) return { type: 'other' }
  return { type: 'ec2', operation: operation as 'stop' }
}
