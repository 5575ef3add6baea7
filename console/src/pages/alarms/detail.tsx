/** One alarm: why it is as it is, its metric with the threshold, what it does, and what was. */
import { useQuery } from '@tanstack/react-query'
import { alarmHistory, metricRead, watchedOf, type Alarm, type Watched } from '../../aws/alarms.ts'
import { wordsOf } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Chart } from '../../ui/chart.tsx'
import { Card, Fact, Note, State } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { sizeText, timeText } from '../../util/instance.ts'
import { actionText, conditionOf, STATES, TREATMENTS } from './words.ts'

const POLL_MS = 60_000

export function AlarmDetail({ alarm }: { alarm: Alarm }) {
  const state = STATES[alarm.StateValue ?? '']
  const watched = watchedOf(alarm)
  const treatment = TREATMENTS.find(([one]) => one === alarm.TreatMissingData)?.[1]
  const actions: [string, readonly string[] | undefined][] = [
    [t('In alarm'), alarm.AlarmActions],
    [t('OK'), alarm.OKActions],
    [t('Insufficient data'), alarm.InsufficientDataActions],
  ]
  return (
    <>
      <Card
        title={<bdi>{alarm.AlarmName}</bdi>}
        actions={<State name={state?.name} tone={state?.tone ?? 'idle'} />}
      >
        <p className="reason">{alarm.StateReason}</p>
        <dl className="facts">
          <Fact name={t('Description')}>{alarm.AlarmDescription}</Fact>
          <Fact name={t('Condition')}>{conditionOf(alarm)}</Fact>
          {watched && (
            <>
              <Fact name={t('Statistic')}>{watched.Stat}</Fact>
              <Fact name={t('Of what')}>
                {watched.Dimensions.map(({ Name, Value }) => `${Name} ${Value}`).join(', ')}
              </Fact>
            </>
          )}
          {!alarm.AlarmRule && <Fact name={t('Missing values count')}>{treatment}</Fact>}
          <Fact name={t('In this state since')}>{timeText(alarm.StateUpdatedTimestamp)}</Fact>
          <Fact name={t('Actions')}>{alarm.ActionsEnabled ? t('enabled') : t('disabled')}</Fact>
          {actions.map(([name, arns]) =>
            arns?.length ? (
              <Fact key={name} name={t('{state}: does', { state: name })}>
                <span className="breaks">{arns.map(actionText).join(', ')}</span>
              </Fact>
            ) : null,
          )}
        </dl>
      </Card>
      {watched && <Graph watched={watched} threshold={alarm.Threshold} />}
      <Past name={alarm.AlarmName ?? ''} since={alarm.StateUpdatedTimestamp} />
    </>
  )
}

/** By the metric's name: bytes are read as sizes, percents as such. */
export function formatOf(metric: string): (value: number) => string {
  if (/Bytes|^Network(?:In|Out)$/.test(metric)) return sizeText
  const sign = /Utilization|Percent/.test(metric) ? ' %' : ''
  return (value) => `${value.toLocaleString('en', { maximumFractionDigits: 2 })}${sign}`
}

export function Graph({ watched, threshold }: { watched: Watched; threshold: number | undefined }) {
  const { data, error } = useQuery({
    queryKey: ['alarm metric', watched],
    queryFn: () => metricRead(watched),
    refetchInterval: POLL_MS,
    retry: false,
  })
  return (
    <Card title={`${watched.Namespace} ${watched.MetricName}`}>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      {data?.length === 0 && <p className="muted small">{t('There are no values of it yet.')}</p>}
      {data !== undefined && data.length > 0 && (
        <Chart
          label={watched.MetricName}
          times={data.map(([at]) => at)}
          lines={[{ name: watched.Stat, values: data.map(([, value]) => value) }]}
          {...(threshold === undefined ? {} : { threshold })}
          format={formatOf(watched.MetricName)}
        />
      )}
    </Card>
  )
}

/** Read anew when the state changed. */
function Past({ name, since }: { name: string; since: Date | undefined }) {
  const { data, error } = useQuery({
    queryKey: ['alarm history', name, since?.getTime()],
    queryFn: () => alarmHistory(name),
    refetchInterval: POLL_MS,
    retry: false,
  })
  const kinds: Readonly<Record<string, string>> = {
    ConfigurationUpdate: t('configuration'),
    StateUpdate: t('state'),
    Action: t('action'),
  }
  return (
    <Card title={t('History')} isPlain>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      {data?.length === 0 && <div className="empty">{t('None yet.')}</div>}
      <PlainTable label={t('History')} head={[t('When'), t('Kind'), t('What')]}>
        {data?.map((item, n) => (
          <tr key={`${item.Timestamp?.getTime()} ${n}`}>
            <td className="nowrap">{timeText(item.Timestamp)}</td>
            <td>{kinds[item.HistoryItemType ?? ''] ?? item.HistoryItemType}</td>
            <td className="breaks">{item.HistorySummary}</td>
          </tr>
        ))}
      </PlainTable>
    </Card>
  )
}
