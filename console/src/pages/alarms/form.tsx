/** Making and changing a metric alarm: the metric is chosen of those that there are, and drawn with the threshold. */
import type {
  ComparisonOperator,
  Metric,
  PutMetricAlarmInput,
  Statistic,
} from '@aws-sdk/client-cloudwatch'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { watchedOf, type Alarm } from '../../aws/alarms.ts'
import { cloudwatch, wordsOf } from '../../aws/clients.ts'
import { sessionNow } from '../../aws/session.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { InputField, Note, SelectField } from '../../ui/parts.tsx'
import { Graph } from './detail.tsx'
import { COMPARISONS, MACHINE_ACTIONS, spanText, TREATMENTS } from './words.ts'

const METRICS_MAX = 5_000
export const STATISTICS = ['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount', 'p90', 'p99']
const PERIODS_S = [60, 300, 900, 3_600, 21_600, 86_400]

interface Draft {
  name: string
  description: string
  metric: string
  statistic: string
  period: number
  comparison: string
  threshold: string
  periods: string
  needed: string
  missing: string
  /** Of the machine; '': none. */
  machine: string
  others: string
}

/** The metric as an option's value. */
const keyOf = ({ Namespace, MetricName, Dimensions }: Metric): string =>
  JSON.stringify([Namespace, MetricName, (Dimensions ?? []).map((one) => [one.Name, one.Value])])

export function metricOf(key: string): Metric & { Dimensions: { Name: string; Value: string }[] } {
  const [Namespace, MetricName, pairs] = JSON.parse(key) as [string, string, [string, string][]]
  return { Namespace, MetricName, Dimensions: pairs.map(([Name, Value]) => ({ Name, Value })) }
}

const nameOf = (key: string): string => {
  const { Namespace, MetricName, Dimensions } = metricOf(key)
  return [Namespace, MetricName, ...Dimensions.map(({ Value }) => Value)].join(' · ')
}

const MACHINE = /^arn:aws:automate:[^:]+:ec2:(\w+)$/

function draftOf(alarm: Alarm | undefined): Draft {
  const actions = alarm?.AlarmActions ?? []
  const machine = actions.find((arn) => MACHINE.test(arn))
  return {
    name: alarm?.AlarmName ?? '',
    description: alarm?.AlarmDescription ?? '',
    metric: alarm && watchedOf(alarm) ? keyOf(alarm) : '',
    statistic: alarm?.Statistic ?? alarm?.ExtendedStatistic ?? 'Average',
    period: alarm?.Period ?? 300,
    comparison: alarm?.ComparisonOperator ?? 'GreaterThanOrEqualToThreshold',
    threshold: String(alarm?.Threshold ?? 80),
    periods: String(alarm?.EvaluationPeriods ?? 1),
    needed: String(alarm?.DatapointsToAlarm ?? alarm?.EvaluationPeriods ?? 1),
    missing: alarm?.TreatMissingData ?? 'missing',
    machine: (machine && MACHINE.exec(machine)?.[1]) ?? '',
    others: actions.filter((arn) => arn !== machine).join('\n'),
  }
}

const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text))

function wrongOf(draft: Draft): string | undefined {
  const { name, metric, threshold, periods, needed } = draft
  if (name.trim() === '') return t('A name is needed')
  if (metric === '') return t('Choose a metric')
  if (!isNumber(threshold)) return t('The threshold is a number')
  const isCount = (text: string): boolean => /^[1-9]\d{0,3}$/.test(text)
  if (!isCount(periods) || !isCount(needed)) return t('Periods are whole numbers from 1')
  if (Number(needed) > Number(periods)) return t('Of so many periods no more can be bad')
  return undefined
}

/** What the form does not show of an alarm stays as it is. */
function inputOf(draft: Draft, old: Alarm | undefined): PutMetricAlarmInput {
  const { Namespace, MetricName, Dimensions } = metricOf(draft.metric)
  const isPlain = /^[A-Z]\w+$/.test(draft.statistic) && STATISTICS.includes(draft.statistic)
  const machine = draft.machine
    ? [`arn:aws:automate:${sessionNow()?.region}:ec2:${draft.machine}`]
    : []
  return {
    AlarmName: draft.name.trim(),
    AlarmDescription: draft.description,
    Namespace,
    MetricName,
    Dimensions,
    ...(isPlain
      ? { Statistic: draft.statistic as Statistic }
      : { ExtendedStatistic: draft.statistic }),
    Period: draft.period,
    EvaluationPeriods: Number(draft.periods),
    DatapointsToAlarm: Number(draft.needed),
    Threshold: Number(draft.threshold),
    ComparisonOperator: draft.comparison as ComparisonOperator,
    TreatMissingData: draft.missing,
    AlarmActions: [...machine, ...draft.others.split(/\s+/).filter(Boolean)],
    OKActions: old?.OKActions,
    InsufficientDataActions: old?.InsufficientDataActions,
    ActionsEnabled: old?.ActionsEnabled,
    Unit: old?.Unit,
    EvaluateLowSampleCountPercentile: isPlain ? undefined : old?.EvaluateLowSampleCountPercentile,
  }
}

async function metricsRead(): Promise<Metric[]> {
  const { ListMetricsCommand } = await import('@aws-sdk/client-cloudwatch')
  const client = await cloudwatch()
  const found: Metric[] = []
  let NextToken: string | undefined
  do {
    const page = await client.send(new ListMetricsCommand({ NextToken }))
    found.push(...(page.Metrics ?? []))
    NextToken = page.NextToken
  } while (NextToken && found.length < METRICS_MAX)
  return found
}

export function AlarmForm({ alarm, onClose }: { alarm?: Alarm; onClose(): void }) {
  const [draft, setDraft] = useState(() => draftOf(alarm))
  const set = (name: keyof Draft) => (value: string) =>
    setDraft({ ...draft, [name]: name === 'period' ? Number(value) : value })
  const wrong = wrongOf(draft)
  const run = async (): Promise<void> => {
    const { PutMetricAlarmCommand } = await import('@aws-sdk/client-cloudwatch')
    await (await cloudwatch()).send(new PutMetricAlarmCommand(inputOf(draft, alarm)))
    onClose()
  }
  const label = alarm ? t('Save') : t('Create alarm')
  return (
    <Modal
      title={alarm ? t('Change {name}', { name: alarm.AlarmName ?? '' }) : t('Create alarm')}
      isWide
      onClose={onClose}
      submit={{ label, run, whyNot: wrong }}
    >
      <div className="fields">
        <InputField
          label={t('Name')}
          value={draft.name}
          maxLength={255}
          readOnly={alarm !== undefined}
          onChange={set('name')}
        />
        <InputField
          label={t('Description')}
          value={draft.description}
          maxLength={1024}
          onChange={set('description')}
        />
      </div>
      <MetricField value={draft.metric} onChange={set('metric')} />
      <Condition draft={draft} set={set} />
      {draft.metric !== '' && (
        <Graph
          watched={{
            ...(metricOf(draft.metric) as { Namespace: string; MetricName: string }),
            Dimensions: metricOf(draft.metric).Dimensions,
            Stat: draft.statistic,
            Period: draft.period,
          }}
          threshold={isNumber(draft.threshold) ? Number(draft.threshold) : undefined}
        />
      )}
      <Does draft={draft} set={set} />
    </Modal>
  )
}

interface Part {
  draft: Draft
  set(name: keyof Draft): (value: string) => void
}

export function MetricField({ value, onChange }: { value: string; onChange(key: string): void }) {
  const [words, setWords] = useState('')
  const { data, error } = useQuery({ queryKey: ['metrics'], queryFn: metricsRead, retry: false })
  const options = useMemo(() => {
    const keys = (data ?? []).map(keyOf)
    const all = value === '' || keys.includes(value) ? keys : [value, ...keys]
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
    return all
      .map((key) => [key, nameOf(key)] as const)
      .filter(
        ([key, name]) => key === value || wanted.every((word) => name.toLowerCase().includes(word)),
      )
      .toSorted((a, b) => a[1].localeCompare(b[1]))
  }, [data, value, words])
  return (
    <>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      <div className="fields">
        <InputField
          label={t('Find a metric')}
          type="search"
          placeholder="CPU i-…"
          value={words}
          onChange={setWords}
        />
        <SelectField
          label={t('Metric')}
          hint={
            data?.length === 0
              ? t('Nothing was measured yet: values come every five minutes.')
              : undefined
          }
          value={value}
          onChange={onChange}
        >
          <option value="">{t('{n} metrics', { n: options.length.toLocaleString('en') })}</option>
          {options.map(([key, name]) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </SelectField>
      </div>
    </>
  )
}

function Condition({ draft, set }: Part) {
  const choices: [keyof Draft, string, readonly (readonly [string, string])[]][] = [
    ['statistic', t('Statistic'), withOwn(STATISTICS, draft.statistic)],
    [
      'period',
      t('Each value is of'),
      withOwn(PERIODS_S.map(String), String(draft.period)).map(([one]) => [one, spanText(+one)]),
    ],
    ['comparison', t('Bad is'), COMPARISONS.map(([one, , name]) => [one, name])],
    ['missing', t('Missing values count'), TREATMENTS],
  ]
  const [statistic, period, comparison, missing] = choices.map(([name, label, options]) => (
    <SelectField key={name} label={label} value={String(draft[name])} onChange={set(name)}>
      {options.map(([one, words]) => (
        <option key={one} value={one}>
          {words}
        </option>
      ))}
    </SelectField>
  ))
  return (
    <div className="fields">
      {statistic}
      {period}
      {comparison}
      <InputField label={t('Threshold')} value={draft.threshold} onChange={set('threshold')} />
      <InputField label={t('Bad values needed')} value={draft.needed} onChange={set('needed')} />
      <InputField label={t('of the last')} value={draft.periods} onChange={set('periods')} />
      {missing}
    </div>
  )
}

const withOwn = (all: readonly string[], own: string): [string, string][] =>
  (all.includes(own) ? all : [own, ...all]).map((one) => [one, one])

function Does({ draft, set }: Part) {
  const isOfMachine =
    draft.metric !== '' &&
    metricOf(draft.metric).Dimensions.some(({ Name }) => Name === 'InstanceId')
  return (
    <div className="fields">
      <SelectField
        label={t('In alarm, it does')}
        hint={isOfMachine ? undefined : t('Only a metric of an instance can act on it.')}
        value={draft.machine}
        onChange={set('machine')}
      >
        <option value="">{t('nothing to the instance')}</option>
        {MACHINE_ACTIONS.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </SelectField>
      <InputField
        label={t('and calls (ARNs, optional)')}
        placeholder="arn:aws:autoscaling:…"
        value={draft.others}
        onChange={set('others')}
      />
    </div>
  )
}
